"""Who calls during the exploration, and the things that are there to be called about."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.routes import GATEWAY, SERVICES, find
from ops.callers import Caller, Callers
from ops.credentials import STAFF_ROLES
from tests import story

PARTS = (*SERVICES, GATEWAY)
BUYER = "explorer-buyer"
Form = dict[str, str]
Known = dict[str, list[str | int]]
_FAR = "2150-01-01T00:00:00+08:00"
_TEMPLATE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Cast:
    """How everybody signs in, what the logins are made of, and by part what is there."""

    staff: Form
    program: Form
    buyer: Form
    untouchable: list[str]
    known: dict[str, Known]


async def arrive(people: Callers, document: Mapping[str, Any]) -> Cast:
    """Tell the story a few times, so that there is something in every room, and look at what there is then."""
    admin = people.staff("admin")
    staff, staff_id = await _everybody(people, admin)
    program = await _program(people, admin)
    for _ in range(2):
        told = await story.tell(people)
        await _flagged(people, told.problem_order["order_no"])
    await story.put_order(people.storefront, f"B-{secrets.token_hex(4)}", buyer=BUYER, paid="10.00")
    for number in range(3):
        file = {
            "name": f"李小{'一二三'[number]}",
            "phones": [f"1381234{secrets.randbelow(10_000):04}"],
            "tags": ["茶"],
        }
        await staff.call("POST", "/v1/customers", file)
        await staff.call("POST", "/v1/staff", {"name": "王芳", "role": "agent"})
        ticket = {"subject": "包裹三天没有更新", "customer_id": None, "description": "买家来问"}
        await staff.call("POST", "/v1/tickets", ticket)
    for service in SERVICES:
        await _scheduled(staff, service)
    own = [staff_id, told.agent["staff_id"], *await _ids(admin, "/v1/accounts"), *await _ids(admin, "/v1/clients")]
    await _disposable(admin)
    return Cast(staff.form, program.form, {**people.storefront.form, "shop": "main", "buyer": BUYER}, own,
                await _look_around(staff, document))  # fmt: skip


def part_of(path: str) -> str:
    """The service that answers at this path, or the gateway."""
    route = find(_TEMPLATE.sub("x", path).encode())
    assert route is not None, f"{path} is documented and leads nowhere"
    return route.service


async def _everybody(people: Callers, admin: Caller) -> tuple[Caller, str]:
    """One login with every role that staff can have."""
    born = {"name": "赵敏", "role": "supervisor", "hired_on": "2024-03-01"}
    person = await admin.expect(201, "POST", "/v1/staff", born)
    username, password = f"explorer-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    login = {"username": username, "password": password, "roles": list(STAFF_ROLES), "staff_id": person["staff_id"]}
    await admin.expect(201, "POST", "/v1/accounts", login)
    return people.person(username, password), person["staff_id"]


async def _program(people: Callers, admin: Caller) -> Caller:
    """One program with every role that programs can have."""
    asked = {"client_id": f"explorer-{secrets.token_hex(4)}", "name": "Explorer", "roles": ["storefront", "service"]}
    made = await admin.expect(201, "POST", "/v1/clients", asked)
    form = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    return Caller(people.http, people.gateway, form)


async def _disposable(admin: Caller) -> None:
    """Logins, clients and keys that may be ended."""
    for _ in range(3):
        name = f"passer-by-{secrets.token_hex(4)}"
        login = {"username": name, "password": secrets.token_urlsafe(16), "roles": ["agent"]}
        await admin.expect(201, "POST", "/v1/accounts", login)
        await admin.expect(201, "POST", "/v1/clients", {"client_id": name, "name": "Passer-by", "roles": ["service"]})
        await admin.call("POST", "/v1/api-keys", {"client_id": name, "scopes": ["service"], "expires_at": _FAR})


async def _flagged(people: Callers, like: str) -> None:
    """Two more orders with a problem: their inquiries stay open."""
    for number in range(2):
        order = await story.put_order(people.storefront, f"{like}-{number}", buyer=BUYER, paid="25.00")
        path, body = f"/v1/orders/main/{order['order_no']}/flags", {"colour": "green", "remark": story.REMARK}
        await people.staff("agent").expect(201, "POST", path, body)


async def _scheduled(staff: Caller, service: str) -> None:
    """A version far in the future, to be withdrawn."""
    listed = await staff.expect(200, "GET", f"/v1/policies/{service}")
    for policy in listed["items"]:
        body = {"document": policy["in_force"]["document"], "effective_from": _FAR, "reason": "exploration"}
        await staff.call("POST", f"/v1/policies/{service}/{policy['name']}/versions", body)


async def _ids(admin: Caller, path: str) -> list[str]:
    return [one["id"] for one in (await admin.expect(200, "GET", f"{path}?limit=200"))["items"]]


async def _look_around(staff: Caller, document: Mapping[str, Any]) -> dict[str, Known]:
    """What the lists show, by the names that paths, queries and bodies have for it."""
    everywhere: Known = {}
    found: dict[str, Known] = {part: {} for part in PARTS}
    paths = [path for path, item in document["paths"].items() if "get" in item and "{" not in path]
    answers = await asyncio.gather(*(staff.call("GET", path) for path in paths))
    for path, (status, body) in zip(paths, answers, strict=True):
        items = body.get("items", ()) if status == 200 and isinstance(body, dict) else ()
        for name, value in _named(path, items, document):
            for known in (found[part_of(path)], everywhere):
                values = known.setdefault(name, [])
                if value not in values and len(values) < 40:
                    values.append(value)
    return {part: {**everywhere, **known} for part, known in found.items()}


def _named(path: str, items: list[Any], document: Mapping[str, Any]) -> list[tuple[str, str | int]]:
    below = [other for other in document["paths"] if other.startswith(f"{path}/{{")]
    keys = {one.removeprefix(f"{path}/{{").partition("}")[0] for one in below}
    named = []
    for item in items:
        known = {name: value for name, value in item.items() if name.endswith("_id") or name in _SPOKEN}
        known |= {key: item["id"] for key in keys if key not in item and "id" in item}
        named += [(name, value) for name, value in known.items() if isinstance(value, str | int)]
    return named


_SPOKEN = frozenset({"shop", "order_no", "name", "version", "slug", "number", "noun", "actor"})
