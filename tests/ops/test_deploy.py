"""What is deployed: the container files keep their schemas and name every variable and user there is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.broker import USERS
from kit.testing.databases import SERVICES

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANIFESTS = sorted(path for path in (DEPLOY / "k8s").glob("*.yaml") if path.name != "kustomization.yaml")


def run(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *words], capture_output=True, text=True, check=False)


def documents() -> list[dict[str, Any]]:
    return [found for path in MANIFESTS for found in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in documents() if found["kind"] == kind}


def test_the_compose_file_keeps_its_schema() -> None:
    told = run("check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "docker-compose.yml"))
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_keeps_its_schema(manifest: Path) -> None:
    told = run("kubernetes_validate", "--strict", str(manifest))
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_manifest_that_breaks_its_schema_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text((DEPLOY / "k8s" / "ticket.yaml").read_text().replace("replicas: 2", "replicas: two"))
    assert run("kubernetes_validate", "--strict", str(broken)).returncode != 0


@pytest.mark.parametrize("service", SERVICES)
def test_every_process_is_probed_bounded_and_nobody(service: str) -> None:
    pod = of_kind("Deployment")[service]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["terminationGracePeriodSeconds"] > 10
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert {"PodDisruptionBudget", "HorizontalPodAutoscaler", "Service"} <= {
        found["kind"] for found in documents() if found["metadata"]["name"] == service
    }


def test_all_manifests_are_in_the_kustomization() -> None:
    listed = yaml.safe_load((DEPLOY / "k8s" / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == [path.name for path in MANIFESTS]


def test_the_composition_runs_every_process_and_knows_every_user_of_the_broker() -> None:
    composed = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]
    assert set(SERVICES) < set(composed)
    named = {name for name in composed["nats"]["environment"] if name.startswith("KEFU_BROKER_")}
    assert named == {f"KEFU_BROKER_{user.upper()}" for user in USERS}
    example = (DEPLOY / "env.example").read_text()
    assert all(f"{name}=" in example for name in named)
