"""The OpenAPI 3.1 document of a service: operation ids, security, and a problem schema on every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from kit.http.edge import Permission

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_ALWAYS = ("401", "403", "413", "429", "500", "503")
_DESCRIPTIONS = {
    "400": "Malformed JSON.", "401": "No valid token.", "403": "The permission is missing.", "404": "Not found.",
    "409": "The present state refuses this.", "412": "Stale version.", "413": "Body too large.",
    "428": "If-Match is needed.",
    "415": "Not JSON.", "422": "Invalid request.", "429": "Too many requests.", "500": "Internal error.",
    "503": "A dependency is away.",
}  # fmt: skip


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name: a verb and a noun, unique in its service."""
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The document with our problems in place of the framework's validation errors."""
    spec: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = spec.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    spec["security"] = [{"bearer": []}]
    spec["servers"] = [{"url": "/", "description": "This gateway"}]
    needed = permissions(app)
    for path, operations in spec.get("paths", {}).items():
        for method, operation in operations.items():
            _add_problems(path, method, operation)
            if (path, method) in needed:
                operation["x-permission"] = needed[path, method]
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


def _add_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {*_ALWAYS, "422"}
    if "{" in path or method == "post":
        statuses.add("404")
    if method in ("post", "put", "patch"):
        statuses |= {"400", "409", "412", "415", "428"}
    for status in sorted(statuses):
        operation["responses"][status] = {
            "description": _DESCRIPTIONS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
