"""The API's documents as files: `python -m tests.outside.documents FOLDER` writes one per service, and the merged one.

They are made without a running stack: no document depends on what is in a database.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from gateway.openapi import merge
from gateway.own import create_gateway
from gateway.routes import GATEWAY, SERVICES
from gateway.settings import GatewaySettings
from kit.service import VERSION
from kit.settings import Profile, ServiceSettings

_NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def all_documents(home: Path) -> dict[str, Any]:
    """Every service's own document, the gateway's, and `merged`."""
    documents = {service: _application(service, home).openapi() for service in SERVICES}
    documents[GATEWAY] = create_gateway(_settings(home)).own.openapi()  # type: ignore[attr-defined]
    return {**documents, "merged": merge({GATEWAY: documents[GATEWAY], **documents}, version=VERSION)}


def _application(service: str, home: Path) -> Any:
    settings = ServiceSettings(
        service=service,
        database_url=SecretStr(_NOWHERE),
        profile=Profile.TEST,
        jwks_url="/none",
        audit_dir=home / "audit",
    )
    return import_module(f"services.{service}.app").application(settings)


def _settings(home: Path) -> GatewaySettings:
    upstreams = dict.fromkeys(SERVICES, "http://127.0.0.1:1")
    return GatewaySettings(
        database_url=SecretStr(_NOWHERE), profile=Profile.TEST, upstreams=upstreams, home=home, keys_dir=home / "keys"
    )


def write(folder: Path) -> list[Path]:
    """Every document as a JSON file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kefu-documents-") as home:
        documents = all_documents(Path(home))
    paths = [folder / f"{name}.json" for name in documents]
    for path, document in zip(paths, documents.values(), strict=True):
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return paths


if __name__ == "__main__":
    write(Path(sys.argv[1]))
