"""What every operation promises beside its own words: headers, preconditions, the ways it may refuse.

The document would be long and often wrong if each route repeated it; so it is told once, as components, and each
operation refers to what holds for it.
"""

from collections.abc import Mapping
from typing import Any

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
_REFUSALS = {
    "400": ("Malformed", "Malformed JSON, or a key or token in the address."),
    "401": ("Unauthenticated", "No valid token."),
    "403": ("Forbidden", "The permission is missing."),
    "404": ("NotFound", "Not found."),
    "408": ("RequestTimeout", "The request took too long to arrive."),
    "409": ("Conflict", "The present state refuses this."),
    "412": ("StaleVersion", "Stale version."),
    "413": ("BodyTooLarge", "Body too large."),
    "415": ("UnsupportedMediaType", "Not JSON."),
    "422": ("InvalidRequest", "Invalid request; `errors` tells where."),
    "428": ("PreconditionRequired", "If-Match is needed."),
    "429": ("TooManyRequests", "Too many requests."),
    "500": ("InternalError", "Internal error."),
    "502": ("UpstreamFailed", "A service behind the gateway answered badly."),
    "503": ("DependencyUnavailable", "A dependency is away; nothing was changed."),
    "504": ("UpstreamTimeout", "A service behind the gateway took too long."),
}
_RETRIED = ("429", "503")
_EVERYWHERE = frozenset({"400", "408", "413", "429", "500", "502", "503", "504"})
_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The request's own, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "ETag": {
        "description": "The version of what is answered, for If-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string", "pattern": "^/v1/"}},
    "Link": {
        "description": 'The next page (`rel="next"`) under the same filters; absent on the last one.',
        "schema": {"type": "string", "pattern": '^</v1/[^>]*>; rel="next"$'},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "RateLimit": {"description": "What is left of the quota; from the gateway.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The caller's quota; from the gateway.", "schema": {"type": "string"}},
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "One key, one effect: the same request under it is given its first answer again, for 7 days.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The ETag that was read; with another version meanwhile the answer is 412. "
            "What decides for good needs it and answers 428 without."
        ),
        "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}")$'},
    },
    "IfMatchRequired": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag that was read; with another version meanwhile the answer is 412, without it 428.",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
    },
}


def components() -> dict[str, dict[str, Any]]:
    """What operations refer to."""
    return {
        "schemas": {"Problem": _PROBLEM},
        "headers": dict(_HEADERS),
        "parameters": dict(_PARAMETERS),
        "responses": {name: _refusal(status, text) for status, (name, text) in _REFUSALS.items()},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    }


def promise(path: str, method: str, operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Write into one operation what holds for it."""
    preconditions = _preconditions(path, method, operation)
    if preconditions:
        named = {parameter.get("name") for parameter in operation.get("parameters", ())}
        missing = [name for name in preconditions if _PARAMETERS[name]["name"] not in named]
        operation["parameters"] = [*operation.get("parameters", ()), *(_refer("parameters", one) for one in missing)]
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response["headers"] = {
                **{name: _refer("headers", name) for name in _headers_of(status, response, schemas)},
                **response.get("headers", {}),
            }
    for status in sorted(_statuses(path, method, operation, preconditions)):
        operation["responses"][status] = _refer("responses", _REFUSALS[status][0])


def answered(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON schema of what a response holds, references followed; empty when it holds no JSON."""
    schema: Mapping[str, Any] = response.get("content", {}).get("application/json", {}).get("schema", {})
    while "$ref" in schema:
        schema = schemas[str(schema["$ref"]).rpartition("/")[2]]
    return schema


def _preconditions(path: str, method: str, operation: Mapping[str, Any]) -> list[str]:
    if operation.get("security") == []:
        return []
    if method == "patch":
        return ["IfMatchRequired"]
    one_thing = "{" in path and method in ("post", "put", "delete")
    return ["IdempotencyKey"] * (method == "post") + ["IfMatch"] * one_thing


def _headers_of(status: str, response: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    properties = answered(response, schemas).get("properties", {})
    is_versioned = "version" in properties and any(name == "id" or name.endswith("_id") for name in properties)
    return [
        "X-Request-Id", "RateLimit", "RateLimit-Policy",
        *["ETag"] * is_versioned, *["Location"] * (status == "201"), *["Link"] * ("next_cursor" in properties),
    ]  # fmt: skip


def _statuses(path: str, method: str, operation: Mapping[str, Any], preconditions: list[str]) -> set[str]:
    statuses = {*_EVERYWHERE, *(_REFUSALS.keys() & operation["responses"].keys())}
    is_public, writes = operation.get("security") == [], method in ("post", "put", "patch", "delete")
    if writes or not is_public:
        statuses |= {"401", "422"}
    if not is_public:
        statuses |= {"403"}
    if writes or "{" in path:
        statuses |= {"404"}
    if writes:
        statuses |= {"409"}
    if "requestBody" in operation:
        statuses |= {"415"}
    if any(name.startswith("IfMatch") for name in preconditions):
        statuses |= {"412", "428"}
    return statuses


def _refusal(status: str, text: str) -> dict[str, Any]:
    names = ["X-Request-Id", *["Retry-After"] * (status in _RETRIED)]
    return {
        "description": text,
        "headers": {name: _refer("headers", name) for name in names},
        "content": {"application/problem+json": {"schema": _refer("schemas", "Problem")}},
    }


def _refer(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
