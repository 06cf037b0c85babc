"""Somebody new at the desk of a running stack: their file, their alias in a shop, and their login."""

import secrets
from typing import Any

from ops.callers import Caller, Callers


async def hire(
    people: Callers, alias: str, *, name: str = "林菲", role: str = "agent", shop: str = "main"
) -> tuple[dict[str, Any], Caller]:
    """A member of staff with that alias in the shop, and a login for them; used again when both are there."""
    admin = people.staff("admin")
    page = await admin.expect(200, "GET", "/v1/staff?limit=200")
    known = [one for one in page["items"] if {"shop": shop, "alias": alias} in one["aliases"]]
    if known:
        person = known[0]
    else:
        born = {
            "name": name,
            "role": role,
            "aliases": [{"shop": shop, "alias": alias}],
            "hired_on": "2024-03-01",
        }
        person = await admin.expect(201, "POST", "/v1/staff", born, Idempotency_Key=secrets.token_hex(8))
    username, password = f"{role}-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    login = {"username": username, "password": password, "roles": [role], "staff_id": person["staff_id"]}
    await admin.expect(201, "POST", "/v1/accounts", login)
    return person, people.person(username, password)
