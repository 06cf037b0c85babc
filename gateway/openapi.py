"""One OpenAPI document out of five: pure merging.

Paths are taken from the service they are routed to. A component that means the same everywhere is kept once; one
whose name means different things gets its service's name in front, and so does whatever refers to it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.routes import GATEWAY, find

Document = Mapping[str, Any]
_TEMPLATE = re.compile(r"\{[^}]*\}")
_REFERENCE = "#/components/"
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_INFO = {
    "title": "Kefu",
    "description": "客服系统接口 · The API of a customer-service department.",
    "contact": {"name": "Kefu"},
    "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
}
_API_KEY = {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "Exchanged inside the gateway."}
_Names = dict[tuple[str, str], str]


def merge(documents: Mapping[str, Document], *, version: str, missing: Iterable[str] = ()) -> dict[str, Any]:
    """The documents of several services, by service name, as one; `missing` services are named in `x-missing`."""
    clashing = _clashes(documents)
    taken: set[str] = set()
    paths: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {"securitySchemes": {"api_key": _API_KEY}}
    tags: dict[str, Any] = {}
    for service, document in documents.items():
        names = {key: f"{service.capitalize()}{key[1]}" for key in clashing}
        for kind, found in document.get("components", {}).items():
            merged = components.setdefault(kind, {})
            merged |= {names.get((kind, name), name): _renamed(value, names) for name, value in found.items()}
        routed = {path: _renamed(item, names) for path, item in _routed(service, document)}
        operations = [item[method] for item in routed.values() for method in sorted(_METHODS & item.keys())]
        identities = {one.get("operationId"): _identify(service, one, taken) for one in operations}
        for operation in operations:
            _relink(operation, identities)
        paths |= routed
        tags |= {tag["name"]: tag for tag in document.get("tags", ())}
    return {
        "openapi": "3.1.0",
        "info": {**_INFO, "version": version},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"api_key": []}],
        "tags": sorted(tags.values(), key=lambda tag: str(tag["name"])),
        "paths": dict(sorted(paths.items())),
        "components": components,
        "x-missing": sorted(missing),
    }


def _routed(service: str, document: Document) -> Iterable[tuple[str, Any]]:
    """The paths that reach this service through the gateway; the gateway's own all do."""
    for path, item in document.get("paths", {}).items():
        route = find(_TEMPLATE.sub("x", path).encode())
        if service == GATEWAY or (route is not None and route.service == service):
            yield path, item


def _identify(service: str, operation: dict[str, Any], taken: set[str]) -> str | None:
    """Give the operation an id that nobody else has, and its service as tag if it has none; the id."""
    operation_id: str | None = operation.get("operationId")
    if operation_id in taken:
        operation["operationId"] = operation_id = f"{service}_{operation_id}"
    if operation_id:
        taken.add(operation_id)
    operation.setdefault("tags", [service])
    return operation_id


def _relink(operation: dict[str, Any], identities: Mapping[str | None, str | None]) -> None:
    """Let links lead to operations by their new ids; those to operations that nobody is routed to go."""
    for response in operation["responses"].values():
        if "links" in response:
            links = {name: link for name, link in response["links"].items() if link["operationId"] in identities}
            response["links"] = {
                name: {**link, "operationId": identities[link["operationId"]]} for name, link in links.items()
            }


def _clashes(documents: Mapping[str, Document]) -> set[tuple[str, str]]:
    """Components whose name means different things, and those that differ only in what they refer to."""
    meanings: dict[tuple[str, str], list[Any]] = {}
    for document in documents.values():
        for kind, found in document.get("components", {}).items():
            for name, value in found.items():
                meanings.setdefault((kind, name), []).append(value)
    shared = {key: values for key, values in meanings.items() if len(values) > 1}
    clashing = {key for key, values in shared.items() if any(value != values[0] for value in values)}
    while True:
        agreed = shared.keys() - clashing
        affected = {key for key in agreed if not clashing.isdisjoint(_references(shared[key]))}
        if not affected:
            return clashing
        clashing |= affected


def _references(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, Mapping):
        found = {key for one in value.values() for key in _references(one)}
        key = _key(value.get("$ref"))
        return found | {key} if key else found
    if isinstance(value, list):
        return {key for one in value for key in _references(one)}
    return set()


def _renamed(value: Any, names: _Names) -> Any:
    """A copy in which references follow the new names, be it as `$ref` or in a discriminator's mapping."""
    if isinstance(value, Mapping):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    key = _key(value)
    return f"{_REFERENCE}{key[0]}/{names[key]}" if key in names else value


def _key(reference: Any) -> tuple[str, str] | None:
    if not isinstance(reference, str) or not reference.startswith(_REFERENCE):
        return None
    kind, _, name = reference[len(_REFERENCE) :].partition("/")
    return kind, name
