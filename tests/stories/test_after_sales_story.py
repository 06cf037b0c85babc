"""A refund through the gateway, from the wish to the money, and everybody who has to know of it (T20–T28, A6, C13, N3);
the demo's after-sales, with books that balance (T55); and the clients of the guide, as anybody would copy them."""

import re
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import story
from local_stack import ROOT, Running
from story import Told

from kit.testing.poll import eventually
from ops.callers import Caller, Callers
from ops.credentials import Secrets
from ops.demo import aftersales, cdnow, figures
from ops.demo.asking import every
from ops.demo.paymentside import payment_side
from ops.demo.wishes import deal, each_once
from ops.environment import Home, broker_url, last_ports
from ops.hiring import hire

WITHIN = 30.0


async def test_a_full_refund_is_paid_and_everybody_who_has_to_know_of_it_does(
    running: Running, known: Secrets, people: Callers
) -> None:
    told = await story.tell(people)
    agent = await told_agent(people)
    customer_id, address = await complete_the_file(people, told)
    refund = await asked_and_taken(people, agent, told)
    approved = await approved_by_two_hands(people, agent, refund)
    async with payment_side(
        broker_url("storefront", known, last_ports(Home(running.home))), people.storefront
    ) as side:
        await side.answer(approved, paid=False, by_event=False)
        await by(people.staff("finance"), "retry", refund)
        await side.answer(await look(people, refund), paid=True, by_event=True)
        await eventually(lambda: has_status(people, refund, "paid"), within=WITHIN)
    await eventually(lambda: is_deducted(people, customer_id, told), within=WITHIN)
    await eventually(lambda: has_left_the_pool(agent, told), within=WITHIN)
    titles = await eventually(lambda: inbox_of(agent, refund, 3), within=WITHIN)
    number = refund["number"]
    assert {f"仅退款 {number} 已同意", f"仅退款 {number} 付款失败", f"仅退款 {number} 已到账"} <= titles
    letters = await eventually(lambda: letters_to(running, address, 2), within=WITHIN)
    assert sum("120.50 CNY 已到账" in one for one in letters) == 1
    assert sum(f"您的退款申请 {number} 已同意" in one for one in letters) == 1  # once, though paying was tried twice


async def test_the_demo_s_after_sales_end_as_they_should_and_the_books_balance(
    running: Running, known: Secrets, people: Callers
) -> None:
    """A case for every wish; playing them again, as after a kill, changes nothing."""
    purchases = cdnow.sample()[:150]
    orders = [purchase.as_order() for purchase in purchases]
    await people.storefront.expect(200, "POST", "/v1/orders/batches", {"orders": orders})
    broker = broker_url("storefront", known, last_ports(Home(running.home)))
    cases = each_once(deal(purchases))
    async with payment_side(broker, people.storefront) as payments:
        floor = aftersales.floor_of(people, payments)
        await aftersales.play(floor, cases, lambda _: None)
        seen = await eventually(lambda: balanced(people), within=WITHIN)
        refunds = await every(people.staff("manager"), f"/v1/refunds?shop={cdnow.SHOP}")
        await aftersales.play(floor, cases, lambda _: None)
    assert {one["order_no"]: one["status"] for one in refunds} == {
        purchase.order_no: wish.ending for purchase, wish in cases
    }
    assert await every(people.staff("manager"), f"/v1/refunds?shop={cdnow.SHOP}") == refunds
    assert await figures.ask_books(people) == seen
    (dollars,) = (one for one in seen.books if one["currency"] == cdnow.CURRENCY)
    assert dollars["orders"] >= len(purchases)
    assert Decimal(dollars["in_flight"]["amount"]) > 0
    assert {one["status"] for one in seen.payments} == {"paid", "failed"}


async def told_agent(people: Callers) -> Caller:
    """The agent of the story, signed in."""
    _, agent = await hire(people, "菲菲")
    return agent


async def complete_the_file(people: Callers, told: Told) -> tuple[str, str]:
    """The buyer of the cleared order has a file with an address to write to."""
    mark = told.cleared_order["order_no"].removeprefix("C-")
    address = f"{mark}@example.com"
    asked = {"name": "李小明", "emails": [address], "accounts": [{"buyer_ref": f"buyer-{mark}"}]}
    made = await people.staff("agent").expect(200, "POST", "/v1/customers", asked, Idempotency_Key=mark)
    return made["customer_id"], address


async def asked_and_taken(people: Callers, agent: Caller, told: Told) -> dict[str, Any]:
    """The buyer wants the money of the cleared order back; the agent takes it up and has its parcel stopped (T24)."""
    lines = [{"line_no": 1, "quantity": 1}]
    asked = {
        "order_no": told.cleared_order["order_no"], "kind": "money_only", "reason": "duplicate_order", "lines": lines,
    }  # fmt: skip
    refund: dict[str, Any] = await people.storefront.expect(201, "POST", "/v1/refunds", asked, Idempotency_Key="ask")
    await agent.expect(200, "POST", f"/v1/tickets/{refund['refund_id']}/take", Idempotency_Key="take")
    await by(agent, "review", refund)
    await by(agent, "stop-parcel", refund, {"stopped": True})
    return refund


async def approved_by_two_hands(people: Callers, agent: Caller, refund: dict[str, Any]) -> dict[str, Any]:
    """120.50 is beyond an agent, who is told who may (T28, T56)."""
    path = f"/v1/refunds/{refund['refund_id']}/approve"
    read = await look(people, refund)
    match = {"If_Match": f'"{read["ticket"]["version"]}"', "Idempotency_Key": "approve"}
    status, answer = await agent.call("POST", path, **match)
    assert (status, answer["type"]) == (403, "/problems/beyond-authority")
    assert set(answer["who_may"]) == {"supervisor", "manager"}
    approved: dict[str, Any] = await people.staff("supervisor").expect(200, "POST", path, **match)
    assert (approved["status"], approved["amount"]["amount"]) == ("paying", "120.50")
    return approved


async def by(caller: Caller, verb: str, refund: dict[str, Any], body: object = None) -> None:
    path = f"/v1/refunds/{refund['refund_id']}"
    read = await caller.expect(200, "GET", path)
    match = {"If_Match": f'"{read["ticket"]["version"]}"', "Idempotency_Key": verb}
    await caller.expect(200, "POST", f"{path}/{verb}", body, **match)


async def look(people: Callers, refund: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await people.staff("manager").expect(200, "GET", f"/v1/refunds/{refund['refund_id']}")
    return found


async def has_status(people: Callers, refund: dict[str, Any], wanted: str) -> bool:
    return bool((await look(people, refund))["status"] == wanted)


async def is_deducted(people: Callers, customer_id: str, told: Told) -> bool:
    """C13"""
    page = await people.staff("agent").expect(200, "GET", f"/v1/customers/{customer_id}/purchases")
    order_no = told.cleared_order["order_no"]
    (sums,) = ((one["refunded"], one["net"]) for one in page["items"] if one["order_no"] == order_no)
    return bool(sums == ("120.50", "0.00"))


async def has_left_the_pool(agent: Caller, told: Told) -> bool:
    """A6"""
    credit = await agent.expect(200, "GET", f"/v1/ledger/sale-credits/{told.cleared_order['order_id']}")
    return (credit["counted"], credit["why_not"], credit["staff_id"]) == (False, "refunded", told.agent["staff_id"])


async def inbox_of(agent: Caller, refund: dict[str, Any], least: int) -> set[str]:
    page = await agent.expect(200, "GET", "/v1/inbox?limit=200")
    titles = {str(one["title"]) for one in page["items"] if one["event"].startswith("refund.")}
    found = {title for title in titles if refund["number"] in title}
    return found if len(found) >= least else set()


async def letters_to(running: Running, address: str, least: int) -> list[str]:
    """The subjects of what that address was written about refunds."""
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in running.home.rglob("*.eml")]
    subjects = [str(one["Subject"]) for one in letters if one["To"] == address and "退款" in str(one["Subject"])]
    return subjects if len(subjects) >= least else []


async def balanced(people: Callers) -> figures.Books | None:
    seen = await figures.ask_books(people)
    return seen if seen.balance else None


@pytest.mark.chaos
async def test_the_clients_of_the_guide_do_what_it_says(running: Running, known: Secrets, tmp_path: Path) -> None:
    """E2, E3, E4: an order that is published, and a listener that proves that it missed nothing, twice."""
    guide = (ROOT / "docs" / "events.md").read_text("utf-8")
    for user, code in zip(
        ("storefront", "subscriber"), re.findall(r"```python\n(.*?)```", guide, re.DOTALL), strict=True
    ):
        (tmp_path / f"{user}.py").write_text(code)

    async def run(user: str, *words: str) -> list[str]:
        url = broker_url(user, known, last_ports(Home(running.home)))
        command = (sys.executable, f"{user}.py", *words)
        child = await create_subprocess_exec(*command, cwd=tmp_path, env={"NATS_URL": url}, stdout=PIPE)
        said, _ = await child.communicate()
        assert child.returncode == 0
        return said.decode().splitlines()

    assert await run("storefront", "G-2001") == []
    said: list[str] = []

    async def heard() -> bool:
        said.extend(await run("subscriber"))
        return any("G-2001 #3" in line for line in said)

    await eventually(heard, within=WITHIN)
    assert [line for line in said if "G-2001" in line] == [
        f"order.{verb} main G-2001 #{place}" for place, verb in enumerate(("recorded", "paid", "shipped"), 1)
    ]
    (last,) = await run("subscriber")
    assert last.startswith("complete: ")
