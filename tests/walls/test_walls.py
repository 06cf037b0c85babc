"""The walls hold, and they would notice: every planted violation is caught (I8)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "kit", "services", "gateway", "ops")
# File to append to, line to plant, what the report must name.
PLANTED = [
    ("services/customer/app.py", "import services.ticket.app", "services.customer.app -> services.ticket.app"),
    ("services/ticket/flag/routes.py", "import services.ticket.order.store", "services.ticket.order.store"),
    ("services/ticket/flag/service.py", "import services.ticket.ticket.models", "services.ticket.ticket.models"),
    ("services/ticket/ticket/lifecycle.py", "import sqlalchemy", "services.ticket.ticket.lifecycle -> sqlalchemy"),
    ("services/ticket/flag/policy.py", "import kit.work", "services.ticket.flag.policy -> kit.work"),
    ("services/ticket/order/store.py", "import services.ticket.order.routes", "store -> services.ticket.order.routes"),
    ("kit/outbox.py", "import nats", "kit.outbox -> nats"),
    ("kit/clock.py", "import services.ticket.app", "kit.clock -> services.ticket.app"),
    ("kit/money.py", "import sqlalchemy", "kit.money -> sqlalchemy"),
    ("contracts/price.py", "import kit.money", "contracts.price -> kit.money"),
    ("contracts/fields.py", "import orjson", "contracts.fields -> orjson"),
    ("gateway/routes.py", "import services.notify.app", "gateway.routes -> services.notify.app"),
]  # fmt: skip


def lint(tree: Path) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "500"}
    run = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    return run.returncode, " ".join((run.stdout + run.stderr).split())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = Path(tmp_path_factory.mktemp("tree"))
    for package in (*PACKAGES, "tests/walls"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture(scope="module")
def report_of_planted_tree(tree: Path) -> str:
    code, report = lint(tree)
    assert code == 0, report
    for name, line, _ in PLANTED:
        with (tree / name).open("a") as file:
            file.write(f"\n{line}\n")
    code, report = lint(tree)
    assert code != 0
    return report


@pytest.mark.parametrize(("name", "line", "named"), PLANTED, ids=[f"{plant[0]}: {plant[1]}" for plant in PLANTED])
def test_a_planted_violation_is_caught(name: str, line: str, named: str, report_of_planted_tree: str) -> None:
    assert named in report_of_planted_tree
