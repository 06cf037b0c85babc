"""Routes that are looked up are the routes that the framework would have found."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Match

from kit.http import lookup


def app_of(*, looked_up: bool) -> FastAPI:
    app, orders, tickets, anything = (
        FastAPI(),
        APIRouter(prefix="/v1/orders"),
        APIRouter(prefix="/v1/tickets"),
        APIRouter(),
    )

    def route(router: APIRouter, method: str, path: str) -> None:
        name = f"{method} {router.prefix}{path}"
        router.add_api_route(path, lambda name=name: {"route": name}, methods=[method])

    for router, method, path in (
        (tickets, "GET", "/search"),
        (tickets, "POST", ""),
        (tickets, "GET", ""),
        (tickets, "GET", "/{ticket_id}"),
        (tickets, "POST", "/{ticket_id}/solve"),
        (orders, "PUT", "/{shop}/{order_no}"),
        (anything, "GET", "/files/{path:path}"),
        (anything, "GET", "/{head}/{tail}"),
        (anything, "GET", "/livez"),
    ):
        route(router, method, path)
    for router in (tickets, orders, anything):
        app.include_router(router)
    if looked_up:
        lookup.look_up(app)
    return app


async def asked(app: FastAPI, method: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method in ("GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS")
        for path in (
            "/", "/livez", "/livez/", "/v1/tickets", "/v1/tickets/", "/v1/tickets/search", "/v1/tickets/1",
            "/v1/tickets/1/solve", "/v1/tickets/1/sell", "/v1/orders/a/b", "/v1/orders/a", "/files/a/b/c/d",
            "/files/a", "/one/two", "/v1/nothing/at/all", "//v1/tickets", "/openapi.json",
        )
    ],
)  # fmt: skip
async def test_the_answer_is_the_framework_s_own(method: str, path: str) -> None:
    """Refusals with their Allow, too."""
    plain, quick = [await asked(app_of(looked_up=one), method, path) for one in (False, True)]
    assert (quick.status_code, quick.content) == (plain.status_code, plain.content)
    assert quick.headers.get("allow") == plain.headers.get("allow")


def test_few_routes_are_compared() -> None:
    first = app_of(looked_up=True).router.routes[0]
    assert isinstance(first, lookup.Lookup)
    scope = {"type": "http", "path": "/v1/tickets/1/solve", "method": "POST", "headers": [], "root_path": ""}
    match, child = first.matches(scope)
    assert match is Match.FULL
    assert len(first._near["/v1/tickets", 4]) == 2  # the router of tickets, and the one that may be anything
    assert child
