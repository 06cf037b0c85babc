"""Asking for all of something, and putting a shop's own policy in force."""

import secrets
from typing import Any

from ops.callers import Caller


async def every(caller: Caller, path: str) -> list[dict[str, Any]]:
    """All things of a list, page by page."""
    found: list[dict[str, Any]] = []
    joint = "&" if "?" in path else "?"
    cursor = ""
    while True:
        page = await caller.expect(200, "GET", f"{path}{joint}limit=200{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def put_in_force(caller: Caller, shop: str, policy: str, document: object, reason: str) -> None:
    """A shop's own version of one of the ticket service's policies, unless it has one (X3)."""
    path = f"/v1/policies/ticket/{policy}"
    known = await caller.expect(200, "GET", f"{path}?shop={shop}")
    if known["in_force"]["shop"] == shop:
        return
    version = {"shop": shop, "document": document, "reason": reason}
    await caller.expect(201, "POST", f"{path}/versions", version, Idempotency_Key=secrets.token_hex(8))
