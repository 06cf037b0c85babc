"""The OpenAPI 3.1 document of a service: operation ids, security, links, and a problem schema on every error."""

import sys
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from kit.http.edge import Permission
from kit.http.links import add_links
from kit.http.promises import components, promise

_CONTACT = {"name": "Kefu"}
_LICENCE = {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"}


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name: a verb and a noun, unique in its service."""
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The document with our problems in place of the framework's validation errors."""
    spec: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        contact=_CONTACT,
        license_info=_LICENCE,
        routes=app.routes,
        tags=_tags(app),
    )
    known = spec.setdefault("components", {})
    schemas = known.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for kind, named in components().items():
        known[kind] = {**known.get(kind, {}), **named}
    spec["security"] = [{"bearer": []}]
    spec["servers"] = [{"url": "/", "description": "This gateway"}]
    needed = permissions(app)
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            promise(path, method, operation, known["schemas"])
            if (path, method) in needed:
                operation["x-permission"] = needed[path, method]
    add_links(spec.get("paths", {}), known["schemas"])
    for schema in known["schemas"].values():
        _as_it_is(schema)
    _drop_unused(spec)
    return spec


def permissions(app: FastAPI) -> dict[tuple[str, str], str]:
    """The permission of every endpoint that asks for one, by path and lower-case method."""
    found = {}
    for route in iter_route_contexts(app.router.routes):
        for depends in getattr(route.original_route, "dependencies", ()):
            if isinstance(depends.dependency, Permission):
                for method in route.methods or ():
                    found[str(route.path), method.lower()] = depends.dependency.name
    return found


def _as_it_is(schema: Any) -> None:
    """A default that its own schema forbids stands for "not given" and is none; a tuple is a list of its length."""
    if isinstance(schema, dict):
        if schema.get("default") == "" and schema.get("minLength", 0) > 0:
            del schema["default"]
        if "prefixItems" in schema:
            first, *others = schema.pop("prefixItems")
            different = [first, *(one for one in others if one != first)]
            schema["items"] = first if len(different) == 1 else {"anyOf": different}
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _as_it_is(one)


def _drop_unused(spec: dict[str, Any]) -> None:
    """Leave out the components that nothing refers to, for as long as there are any."""
    known = spec["components"]
    kinds = known.keys() - {"securitySchemes"}
    while True:
        used = set(_references(spec))
        unused = [(kind, name) for kind in kinds for name in known[kind] if f"#/components/{kind}/{name}" not in used]
        if not unused:
            return
        for kind, name in unused:
            del known[kind][name]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _tags(app: FastAPI) -> list[dict[str, Any]]:
    """Every tag, described by the first line of the module whose routes bear it."""
    found: dict[str, str] = {}
    for route in iter_route_contexts(app.router.routes):
        original = route.original_route
        if isinstance(original, APIRoute) and original.include_in_schema:
            for tag in route.tags or original.tags:
                module = sys.modules[original.endpoint.__module__]
                found.setdefault(str(tag), (module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " "))
    return [{"name": tag, "description": text} for tag, text in sorted(found.items())]
