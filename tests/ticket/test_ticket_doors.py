"""The doors of orders, flags and tickets ask who comes: the matrix role × permission, route by route (G2, X6). Every
door of every room is walked in `tests/stories`; here are those that all rooms stand on, with bodies they can read."""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from ticket_desk import Desk

from contracts.permissions import ROLES, roles_with
from kit.http.edge import Permission
from kit.http.of_every_service import routers_of
from kit.ids import new_id
from services.ticket.flag import routes as flag
from services.ticket.intake import routes as intake
from services.ticket.order import routes as order
from services.ticket.ticket import around
from services.ticket.ticket import routes as ticket

OURS = (intake.router, order.router, flag.router, ticket.router, around.router, *routers_of("ticket"))

# The doors and what they ask for, written out by hand: a new route must be entered here.
DOORS = {
    "PUT /v1/orders/{shop}/{order_no}": "order:write",
    "POST /v1/orders/batches": "order:write",
    "GET /v1/orders/{shop}/{order_no}": "order:read",
    "GET /v1/orders": "order:read",
    "POST /v1/orders/{shop}/{order_no}/flags": "order:flag",
    "GET /v1/orders/{shop}/{order_no}/flags": "order:read",
    "POST /v1/tickets": "ticket:open",
    "GET /v1/tickets": "ticket:read",
    "GET /v1/tickets/{ticket_id}": "ticket:read",
    "POST /v1/tickets/{ticket_id}/start": "ticket:work",
    "POST /v1/tickets/{ticket_id}/wait": "ticket:work",
    "POST /v1/tickets/{ticket_id}/resume": "ticket:work",
    "POST /v1/tickets/{ticket_id}/solve": "ticket:work",
    "POST /v1/tickets/{ticket_id}/close": "ticket:work",
    "POST /v1/tickets/{ticket_id}/reopen": "ticket:reopen",
    "POST /v1/tickets/{ticket_id}/cancel": "ticket:cancel",
    "POST /v1/tickets/{ticket_id}/assign": "ticket:assign",
    "POST /v1/tickets/{ticket_id}/take": "ticket:work",
    "POST /v1/tickets/{ticket_id}/release": "ticket:work",
    "POST /v1/tickets/{ticket_id}/escalate": "ticket:work",
    "PATCH /v1/tickets/{ticket_id}": "ticket:edit",
    "POST /v1/tickets/{ticket_id}/messages": "ticket:reply",
    "GET /v1/tickets/{ticket_id}/messages": "ticket:read",
    "POST /v1/tickets/{ticket_id}/watchers": "ticket:edit",
    "DELETE /v1/tickets/{ticket_id}/watchers/{staff_id}": "ticket:edit",
    "PUT /v1/tickets/{ticket_id}/deadline": "ticket:deadline",
    "GET /v1/tickets/{ticket_id}/clocks": "clock:read",
    "GET /v1/tickets/{ticket_id}/history": "ticket:history",
    "GET /v1/policies/ticket": "policy:read",
    "GET /v1/policies/ticket/{name}": "policy:read",
    "GET /v1/policies/ticket/{name}/versions": "policy:read",
    "GET /v1/policies/ticket/{name}/versions/{version}": "policy:read",
    "POST /v1/policies/ticket/{name}/validate": "policy:write",
    "POST /v1/policies/ticket/{name}/versions": "policy:write",
    "POST /v1/policies/ticket/{name}/versions/{version}/withdraw": "policy:write",
    "GET /v1/audit/ticket": "audit:read",
    "GET /v1/events/ticket": "event:read",
}
OPEN = {"/livez", "/readyz", "/openapi.json"}
BODIES: dict[str, Any] = {
    "wait": {"waiting_on": "courier", "reason": "等"}, "solve": {"solution": "好"}, "reopen": {"reason": "又坏了"},
    "cancel": {"reason": "误开"}, "assign": {"staff_id": str(new_id())}, "flags": {"colour": "red"},
    "batches": {"orders": [{}]}, "tickets": {"subject": "催发货"}, "validate": {"document": {"reopen_days": 30}},
    "release": {"reason": "忙不过来"}, "escalate": {"staff_id": str(new_id()), "reason": "要赔偿"},
    "messages": {"text": "您好"}, "watchers": {"staff_id": str(new_id())},
    "deadline": {"deadline_at": None, "version_stamp": 1}, "{ticket_id}": {"subject": "催发货"},
    "versions": {"document": {"reopen_days": 60}, "reason": "试行"}, "withdraw": {"reason": "不试行"},
}  # fmt: skip


def routes() -> Iterator[tuple[str, str, APIRoute]]:
    """Method, path and route of every endpoint."""
    for router in OURS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods:
                yield method, route.path, route


def permissions(dependant: Dependant) -> set[str]:
    """Every permission that a route's dependencies ask for."""
    found = {dependant.call.name} if isinstance(dependant.call, Permission) else set()
    return found.union(*(permissions(one) for one in dependant.dependencies)) if dependant.dependencies else found


def asked(method: str, path: str) -> tuple[str, Any]:
    """An address and a body that the route can read, about things that don't exist."""
    address = path.format(
        shop="main", order_no="A-1", ticket_id=new_id(), staff_id=new_id(), name="ticket-life", version=99
    )
    body = None if method == "GET" else BODIES.get(path.rpartition("/")[2])
    if method == "PUT" and "orders" in path:
        line = {"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "1.00"}
        body = {"buyer_ref": "ming", "lines": [line], "placed_at": "2026-11-20T10:00:00Z"}
    return address, body


def test_every_route_asks_for_the_permission_written_here() -> None:
    """G2: exactly one, by the dependency that refuses; no route without."""
    found = {f"{method} {path}": permissions(route.dependant) for method, path, route in routes()}
    assert found == {door: {permission} for door, permission in DOORS.items()}


async def test_the_document_names_the_same_doors(desk: Desk) -> None:
    """G4: nothing is served beside them, and the document leaves none out."""
    document = (await desk.client.http.get("/openapi.json")).json()
    documented = {
        f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations
    }  # fmt: skip
    assert documented >= set(DOORS)


async def test_without_a_token_every_door_is_closed(desk: Desk) -> None:
    """G2: 401, also with a token that isn't one."""
    for method, path, _ in routes():
        address, body = asked(method, path)
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic YTpi"}):
            answer = await desk.client.http.request(method, address, json=body, headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated"), (method, path)


async def test_every_role_at_every_door(desk: Desk) -> None:
    """G2: 403 naming the permission for whoever doesn't hold it, anything else for whoever does."""
    for method, path, route in routes():
        (permission,) = permissions(route.dependant)
        address, body = asked(method, path)
        for role in ROLES:
            answer = await desk.call(method, address, role, json=body)
            if role in roles_with(permission):
                assert answer.status_code in (200, 201, 404, 409, 428), (method, path, role, answer.text)
            else:
                refused = (answer.status_code, answer.json().get("permission"))
                assert refused == (403, permission), (method, path, role)


async def test_a_role_nobody_knows_opens_nothing(desk: Desk) -> None:
    """G2: neither does a token without roles."""
    for method, path, _ in routes():
        address, body = asked(method, path)
        answer = await desk.call(method, address, "owner", json=body)
        assert answer.status_code in (401, 403), (method, path)


async def test_liveness_needs_no_token(desk: Desk) -> None:
    """The machines that ask whether the service lives have none."""
    for path in OPEN:
        assert (await desk.client.http.get(path)).status_code in (200, 503)
