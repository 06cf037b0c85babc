"""A path that is written out is no value of a neighbour's parameter: `/v1/things/others` is never the thing "others".

OpenAPI says so (concrete paths come before templated ones), the framework only for methods that both paths have. Here
it holds for all: the other methods of such a path are not allowed, and Allow names its own and no neighbour's.
"""

from collections.abc import Iterable

from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

_REFUSAL = "not-a-parameter"


def keep_exact(app: FastAPI) -> None:
    """Refuse, at every path that is written out, the methods that only a neighbour with a parameter there takes."""
    methods: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.router.routes):
        methods.setdefault(str(route.path), set()).update(route.methods or ())
    for path, own in methods.items():
        taken = set().union(*(methods[other] for other in methods if _is_closer(path, other))) - own
        if taken:
            app.router.routes.insert(0, Route(path, _refuse, methods=sorted(taken), name=_REFUSAL))


def allowed_methods(request: Request) -> list[str]:
    """Every method of the path as it is written; Starlette by itself names only the first route's."""
    methods: dict[str, set[str]] = {}
    for route in iter_route_contexts(request.app.router.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE and route.name != _REFUSAL:
            methods.setdefault(str(route.path), set()).update(route.methods or ())
    return sorted(set().union(*(methods[path] for path in _closest(methods))))


async def _refuse(_: Request) -> Response:
    raise HTTPException(405)


def _closest(paths: Iterable[str]) -> list[str]:
    known = list(paths)
    return [path for path in known if not any(_is_closer(other, path) for other in known)]


def _is_closer(path: str, other: str) -> bool:
    """Whether the path writes out what the other leaves to parameters."""
    ours, theirs = path.split("/"), other.split("/")
    if len(ours) != len(theirs) or path == other:
        return False
    pairs = list(zip(ours, theirs, strict=True))
    fits = all(one == two or two.startswith("{") for one, two in pairs)
    return fits and any(two.startswith("{") and not one.startswith("{") for one, two in pairs)
