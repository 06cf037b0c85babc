"""OpenAPI links: from the operation that makes or lists things to those on one of them.

They are read off the paths. What answers a thing with its id leads to every operation below it whose path asks for
that id; people see what to do next, and tools that explore the API walk along.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kit.http.promises import answered

_METHODS = ("get", "put", "post", "patch", "delete")
_PARAMETER = re.compile(r"\{(\w+)\}")


def add_links(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Write the links into every response that some operation can go on from."""
    operations = [(path, item[method]) for path, item in paths.items() for method in _METHODS if method in item]
    for path, item in paths.items():
        for method in _METHODS & item.keys():
            for status, response in item[method]["responses"].items():
                links = dict(_links(path, method, status, response, schemas, operations))
                links.pop(item[method]["operationId"], None)
                if links:
                    response["links"] = links


def _links(
    path: str, method: str, status: str, response: Mapping[str, Any], schemas: Mapping[str, Any],
    operations: list[tuple[str, Any]],
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    """Operation id and link of each operation at or below the path whose parameters this answer gives."""
    known, place = _known(method, status, answered(response, schemas), schemas)
    if place is None:
        return
    for other, operation in operations:
        wanted = _PARAMETER.findall(other)
        if not wanted or not (other == path or other.startswith(f"{path}/")):
            continue
        own = next((name for name in _PARAMETER.findall(other.removeprefix(path))), None)
        given = {name: _expression(name, path, known, place, is_own=name == own) for name in wanted}
        if all(given.values()):
            yield operation["operationId"], {"operationId": operation["operationId"], "parameters": given}


def _known(
    method: str, status: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]
) -> tuple[Mapping[str, Any], str | None]:
    """The fields of the thing that is answered and where it lies in the body; no place when there is none."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    if status == "201" or (method == "put" and status == "200"):
        return properties, ""
    if method == "get" and status == "200" and "items" in properties:
        item = properties["items"].get("items", {})
        return answered({"content": {"application/json": {"schema": item}}}, schemas).get(
            "properties", {}
        ), "/items/0"
    return {}, None


def _expression(name: str, path: str, known: Mapping[str, Any], place: str, *, is_own: bool) -> str | None:
    """Where the value of a path's parameter comes from (OpenAPI runtime expression)."""
    if name in known:
        return f"$response.body#{place}/{name}"
    if name in _PARAMETER.findall(path):
        return f"$request.path.{name}"
    if is_own and "id" in known:
        return f"$response.body#{place}/id"
    return None
