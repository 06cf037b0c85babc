"""The story that runs through all five processes; the tests tell it and look at what came of it.

Imported orders become customers → an agent flags a *problem* with a remark → an inquiry is opened, worked, solved and
closed → the agent finds a message in the inbox; another order is *cleared* with the agent's alias → the sale is
credited to that agent. Everything goes through the gateway.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.callers import Caller, Callers, settled
from ops.environment import StackError
from ops.hiring import hire

REMARK = "【菲菲】(中通)8/10"


@dataclass(frozen=True)
class Told:
    """The ids of the story's things, and the last words each service said about them."""

    agent: dict[str, Any]
    problem_order: dict[str, Any]
    inquiry: dict[str, Any]
    messages: list[dict[str, Any]]
    cleared_order: dict[str, Any]
    credit: dict[str, Any]
    customer: dict[str, Any]


async def tell(people: Callers, *, within: float = 20.0) -> Told:
    """The whole story with orders of its own. Raises `StackError` at the first thing that isn't as it should be."""
    mark = secrets.token_hex(4)
    person, agent = await hire(people, "菲菲")
    storefront = people.storefront
    problem = await put_order(storefront, f"P-{mark}", buyer=f"buyer-{mark}", paid="88.00")
    await _alias_known(agent, person, mark, storefront, within)
    flag = await _flag(agent, problem["order_no"], "green")
    inquiry = await work_off(agent, flag["ticket_id"], key=mark)
    cleared = await put_order(storefront, f"C-{mark}", buyer=f"buyer-{mark}", paid="120.50")
    await _confirm(agent, cleared["order_no"])
    await _flag(agent, cleared["order_no"], "red")
    messages = await settled(lambda: _messages(agent, inquiry["number"]), lambda seen: len(seen) > 0, within=within)
    credit = await _eventually(agent, f"/v1/ledger/sale-credits/{cleared['order_id']}", within)
    found = f"/v1/customers?account_id={problem['account_id']}"
    page = await settled(lambda: agent.expect(200, "GET", found), lambda seen: bool(seen["items"]), within=within)
    if not messages or not page["items"]:
        raise StackError("The story stopped: no message in the inbox, or no customer file.")
    return Told(person, problem, inquiry, messages, cleared, credit, page["items"][0])


async def put_order(storefront: Caller, order_no: str, *, buyer: str, paid: str) -> dict[str, Any]:
    """One paid order of shop `main`."""
    now = datetime.now(UTC).isoformat()
    order = {
        "buyer_ref": buyer,
        "lines": [{"line_no": 1, "sku": "TEA-250", "product_name": "龙井 250g", "quantity": 1, "paid_total": paid}],
        "paid": paid,
        "placed_at": now,
        "paid_at": now,
    }
    answer: dict[str, Any] = await storefront.expect(201, "PUT", f"/v1/orders/main/{order_no}", order)
    return answer


async def work_off(agent: Caller, ticket_id: str, *, key: str) -> dict[str, Any]:
    """Start, solve and close a ticket; the closed ticket."""
    path = f"/v1/tickets/{ticket_id}"
    await agent.expect(200, "POST", f"{path}/start", Idempotency_Key=f"start-{key}")
    done = {"solution": "已联系仓库补发"}
    await agent.expect(200, "POST", f"{path}/solve", done, Idempotency_Key=f"solve-{key}")
    closed: dict[str, Any] = await agent.expect(200, "POST", f"{path}/close", Idempotency_Key=f"close-{key}")
    return closed


async def _confirm(agent: Caller, order_no: str) -> None:
    """Tick off everything that is checked with the buyer before an order may be cleared (T34)."""
    path = f"/v1/orders/main/{order_no}/confirmation"
    found = await agent.expect(200, "GET", path)
    steps = [step["code"] for step in found["steps"]]
    await agent.expect(200, "POST", path, {"steps": steps}, Idempotency_Key=f"{order_no}-confirmation")


async def _flag(agent: Caller, order_no: str, colour: str) -> dict[str, Any]:
    body = {"colour": colour, "remark": REMARK}
    path = f"/v1/orders/main/{order_no}/flags"
    answer: dict[str, Any] = await agent.expect(201, "POST", path, body, Idempotency_Key=f"{order_no}-{colour}")
    return answer


async def _alias_known(agent: Caller, person: dict[str, Any], mark: str, storefront: Caller, within: float) -> None:
    """Wait until the ticket service's copy of the staff knows the alias: a flag that names it is matched then."""
    order = await put_order(storefront, f"A-{mark}", buyer=f"buyer-{mark}", paid="1.00")
    path, body = f"/v1/orders/main/{order['order_no']}/flags", {"colour": "purple", "remark": REMARK}
    await settled(
        lambda: agent.expect(201, "POST", path, body),
        lambda flag: flag["staff_id"] == person["staff_id"],
        within=within,
    )


async def _messages(agent: Caller, number: str) -> list[dict[str, Any]]:
    page = await agent.expect(200, "GET", "/v1/inbox?limit=200")
    return [message for message in page["items"] if number in str(message)]


async def _eventually(agent: Caller, path: str, within: float) -> dict[str, Any]:
    status, body = await settled(lambda: agent.call("GET", path), lambda seen: seen[0] == 200, within=within)
    if status != 200:
        raise StackError(f"GET {path} still answers {status}.")
    found: dict[str, Any] = body
    return found
