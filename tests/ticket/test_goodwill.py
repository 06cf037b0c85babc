"""Goodwill through the API (T27): offered, approved as refunds are (T28), paid once, costing the unit (T57)."""

import asyncio
from uuid import UUID

import pytest
from goodwill_desk import AGENT, CHIEF, FINANCE, LEAD, OFFERS, GoodwillDesk, place, problem
from sqlalchemy import text
from stage import NOON
from ticket_desk import Desk, a_file, faults

from contracts.customer.customer import ShopTier, Tier
from kit.principals import system
from kit.problems import Problem
from kit.testing.poll import eventually

UNKNOWN = "01a200b4-d8cb-74cb-a79f-53780dd4fa13"


@pytest.fixture
def goodwill(desk: Desk) -> GoodwillDesk:
    return GoodwillDesk(desk)


async def test_from_the_offer_to_the_money(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    offered = await goodwill.offer(ticket, "40.00")
    assert (offered["status"], offered["who_may"]) == ("offered", ["agent", "manager", "supervisor"])
    assert offered["allowed"] == ["approve", "refuse", "withdraw"]
    assert await goodwill.book() == (200_00, 0, 0)
    paying = await goodwill.done(offered, "approve", AGENT)
    assert (paying["status"], paying["approved_by"], paying["who_may"]) == ("paying", [f"agent:{AGENT}"], [])
    assert await goodwill.book() == (160_00, 40_00, 0)
    assert (await goodwill.answered(paying)).verdict == "applied"
    assert (await goodwill.answered(paying)).verdict == "refused"
    paid = (await goodwill.get(paying)).json()
    assert (paid["status"], paid["payment_reference"], paid["allowed"]) == ("paid", "pay-1", [])
    assert await goodwill.book() == (160_00, 0, 40_00)
    desk = goodwill.desk
    assert await desk.subjects(offered["goodwill_id"]) == ["goodwill.granted", "goodwill.paid"]
    assert await desk.audits(offered["goodwill_id"]) == ["offer", "approve", "pay"]
    told, money = await desk.rows(
        "SELECT convert_from(body, 'utf8')::jsonb AS b FROM outbox WHERE noun = 'goodwill' ORDER BY sequence"
    )
    assert (money.b["payment_reference"], money.b["order_refunded"]["amount"]) == ("pay-1", "40.00")
    assert (money.b["order_fully_refunded"], money.b["costs"][0]["kind"]) == (False, "goodwill")
    (payment,) = await desk.rows("SELECT payment_key FROM payment")
    assert told.b["payment_key"] == str(payment.payment_key)
    assert (told.b["attempt"], told.b["line_no"], told.b["payee_token"]) == (1, 1, "payer-1")
    assert "外盒" not in str(told.b)


@pytest.mark.parametrize(("fault", "bearer"), [(None, "company"), ("merchant", "company"), ("courier", "courier")])
async def test_who_bears_it_follows_from_the_fault(goodwill: GoodwillDesk, fault: str | None, bearer: str) -> None:
    """Of a ticket that is at no unit's door, the merchant's faults stay with the company (T57)."""
    offered = await goodwill.offer(await goodwill.ticket(courier="zto"), **({"fault": fault} if fault else {}))
    path = f"/v1/tickets/{offered['ticket_id']}/costs"
    await goodwill.done(offered, "approve")
    assert (await goodwill.call("GET", path)).json() == {"items": []}
    await goodwill.answered(offered)
    (cost,) = (await goodwill.call("GET", path)).json()["items"]
    assert (cost["kind"], cost["amount"]["amount"], cost["bearer"]) == ("goodwill", "10.00", bearer)
    assert cost["cause_id"] == offered["goodwill_id"]


async def test_no_payment_of_what_nobody_approved_is_written_past_the_service(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket(amount="30000.00"), "5000.01")
    await goodwill.done(offered, "approve", FINANCE)
    with pytest.raises(Problem, match="conflict"):
        await goodwill.desk.change(_PAYMENT, case=offered["goodwill_id"], at=NOON)
    assert await goodwill.desk.rows("SELECT 1 FROM payment") == []


async def test_what_failed_is_tried_again_under_the_same_number(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket())
    await goodwill.done(offered, "approve")
    await goodwill.answered(offered, "failed")
    failed = (await goodwill.get(offered)).json()
    assert (failed["status"], failed["failure"]) == ("failed", "account_closed")
    again = await goodwill.done(offered, "retry", OFFERS)
    assert (again["status"], again["attempts"], again["failure"]) == ("paying", 2, None)
    assert await goodwill.desk.subjects(offered["goodwill_id"]) == [
        "goodwill.granted", "goodwill.failed", "goodwill.granted",
    ]  # fmt: skip
    numbers = await goodwill.desk.rows(
        "SELECT DISTINCT convert_from(body, 'utf8')::jsonb ->> 'payment_key' FROM outbox WHERE noun = 'goodwill'"
    )
    assert len(numbers) == 1
    await goodwill.answered(offered)
    assert await goodwill.book() == (190_00, 0, 10_00)


async def test_a_late_answer_says_that_it_was_paid_after_all(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket())
    await goodwill.done(offered, "approve")
    await goodwill.answered(offered, "failed")
    await goodwill.answered(offered)
    assert (await goodwill.get(offered)).json()["status"] == "paid"
    assert problem(await goodwill.verb(offered, "retry", OFFERS), 409) == "transition-refused"


async def test_what_never_will_work_is_withdrawn_and_the_money_stays(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket())
    await goodwill.done(offered, "approve")
    await goodwill.answered(offered, "failed", retryable=False)
    assert problem(await goodwill.verb(offered, "retry", OFFERS), 409) == "transition-refused"
    assert (await goodwill.done(offered, "withdraw", OFFERS))["status"] == "withdrawn"
    assert await goodwill.book() == (200_00, 0, 0)


@pytest.mark.parametrize(("verb", "who"), [("refuse", LEAD), ("withdraw", OFFERS)])
async def test_what_is_refused_or_withdrawn_frees_the_line(goodwill: GoodwillDesk, verb: str, who: UUID) -> None:
    ticket = await goodwill.ticket()
    offered = await goodwill.offer(ticket, "40.00")
    assert problem(await goodwill.try_offering(ticket, "0.01"), 409) == "goodwill-refused"
    ended = await goodwill.done(offered, verb, who)
    assert (ended["reason"], ended["allowed"]) == ("不需要了", [])
    await goodwill.offer(ticket, "40.00")
    assert await goodwill.desk.subjects(offered["goodwill_id"]) == []


async def test_the_share_of_a_line_is_cumulative_over_all_tickets(goodwill: GoodwillDesk) -> None:
    first = await goodwill.ticket()
    second = await goodwill.desk.open(order_no="A-1", by={"staff_id": OFFERS})
    await goodwill.done(await goodwill.offer(first, "25.00"), "approve")
    await goodwill.offer(second, "10.00")
    before = await goodwill.written()
    answer = await goodwill.try_offering(second, "5.01")
    assert problem(answer, 409) == "goodwill-refused"
    assert (answer.json()["because"], answer.json()["left"]) == ("share", "5.00")
    assert await goodwill.written() == before
    await goodwill.offer(second, "5.00")


async def test_the_share_is_of_what_was_paid_for_the_line_discount_taken_off(goodwill: GoodwillDesk) -> None:
    lines = [
        {"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "100.00"},
        {"line_no": 2, "sku": "CUP", "quantity": 1, "paid_total": "100.00"},
    ]
    ticket = await goodwill.ticket(lines=lines, discount="50.00", freight="10.00", paid="160.00")
    answer = await goodwill.try_offering(ticket, "15.01", line_no=2)
    assert answer.json()["left"] == "15.00"
    await goodwill.offer(ticket, "15.00", line_no=2)
    await goodwill.offer(ticket, "15.00", line_no=1)


@pytest.mark.parametrize("when", ["before the ticket", "before the offer", "before the approval"])
async def test_a_bad_customer_never_gets_any(goodwill: GoodwillDesk, when: str) -> None:
    desk = goodwill.desk

    async def turn_bad() -> None:
        rank = ShopTier(shop="main", tier=Tier.BAD)
        await desk.hear(a_file(desk.account("ming"), tiers=(rank,)))

    if when == "before the ticket":
        await turn_bad()
    ticket = await goodwill.ticket()
    if when == "before the offer":
        await turn_bad()
    if when != "before the approval":
        answer = await goodwill.try_offering(ticket)
    else:
        offered = await goodwill.offer(ticket)
        await turn_bad()
        answer = await goodwill.verb(offered, "approve")
    assert problem(answer, 409) == "goodwill-refused"
    assert (answer.json()["because"], answer.json()["left"]) == ("tier", "0.00")
    assert await goodwill.book() == (200_00, 0, 0)


async def test_nobody_approves_their_own_offer_and_the_attempt_is_written_down(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket())
    before = await goodwill.written()
    answer = await goodwill.verb(offered, "approve", OFFERS, match=1)
    assert problem(answer, 403) == "own-request"
    assert answer.json()["who_may"] == ["agent", "manager", "supervisor"]
    another_login = await goodwill.call(
        "POST", f"{place(offered)}/approve", OFFERS, match=1, role="manager", sub="manager:at-home"
    )
    assert problem(another_login, 403) == "own-request"
    assert await goodwill.written() == before
    await eventually(lambda: _refused(goodwill, offered, 2))


async def test_beyond_ones_authority_it_says_who_may(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket(amount="1000.00")
    first = await goodwill.offer(ticket, "40.00")
    await goodwill.done(first, "approve", AGENT)
    second = await goodwill.offer(ticket, "40.00")
    assert second["who_may"] == ["manager", "supervisor"]
    before = await goodwill.written()
    answer = await goodwill.verb(second, "approve", AGENT)
    assert problem(answer, 403) == "beyond-authority"
    assert answer.json()["who_may"] == ["manager", "supervisor"]
    assert await goodwill.written() == before
    await eventually(lambda: _refused(goodwill, second, 1))
    assert (await goodwill.done(second, "approve", LEAD))["status"] == "paying"


async def test_above_five_thousand_two_approve_before_anything_is_reserved(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket(amount="30000.00")
    offered = await goodwill.offer(ticket, "5000.01")
    half = await goodwill.done(offered, "approve", FINANCE)
    assert (half["status"], half["who_may"]) == ("offered", ["manager"])
    assert await goodwill.book() == (30000_00, 0, 0)
    whole = await goodwill.done(offered, "approve", CHIEF)
    assert (whole["status"], len(whole["approved_by"])) == ("paying", 2)
    assert await goodwill.desk.subjects(offered["goodwill_id"]) == ["goodwill.granted"]


async def test_decisions_are_about_what_was_read(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket(amount="30000.00"), "5000.01")
    for verb in ("approve", "refuse"):
        assert problem(await goodwill.verb(offered, verb, CHIEF, match=None), 428) == "precondition-required"
    await goodwill.done(offered, "approve", FINANCE)
    for verb in ("approve", "refuse", "withdraw"):
        assert problem(await goodwill.verb(offered, verb, CHIEF, match=1), 412) == "stale-version"


async def test_the_payee_is_who_was_approved(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    offered = await goodwill.offer(ticket)
    await goodwill.desk.put("A-1", **_paid("another-payer"), revision=2)
    assert problem(await goodwill.verb(offered, "approve"), 412) == "stale-version"


BAD = {
    "nothing": ({"amount": "0"}, "/amount"),
    "half a cent": ({"amount": "0.005"}, "/amount"),
    "negative": ({"amount": "-1"}, "/amount"),
    "a number": ({"amount": 1}, "/amount"),
    "no such line": ({"line_no": 9}, "/line_no"),
    "line zero": ({"line_no": 0}, "/line_no"),
    "part of a line": ({"line_no": 1.5}, "/line_no"),
    "no defect": ({"defect": " "}, "/defect"),
    "an unknown word": ({"currency": "CNY"}, "/currency"),
}


async def test_bad_offers_change_nothing(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    before = await goodwill.written()
    for name, (changes, pointer) in BAD.items():
        body = {"line_no": 1, "amount": "1.00", "defect": "划痕", **changes}
        answer = await goodwill.call("POST", f"/v1/tickets/{ticket['ticket_id']}/goodwill", json=body)
        assert faults(answer) == [pointer], name
    assert await goodwill.written() == before


async def test_a_correction_that_is_just_being_made_counts(goodwill: GoodwillDesk) -> None:
    """T26, T27: whoever corrects an order holds its book; what is approved next is held against what it says then."""
    offered, desk = await goodwill.offer(await goodwill.ticket(), "40.00"), goodwill.desk
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%order_book%'"

    async def waits() -> bool:
        return await desk.rows(waiting) != []

    async with desk.client.transactions.begin(system("test")) as work:
        await work.session.execute(text("SELECT 1 FROM order_book FOR UPDATE"))
        approving = asyncio.create_task(goodwill.verb(offered, "approve", AGENT))
        await eventually(waits, within=10)
        await work.session.execute(text("UPDATE shop_order SET lines = jsonb_set(lines, '{0,paid_minor}', '3000')"))
    assert problem(await approving, 409) == "more-than-kept"
    assert await goodwill.book() == (200_00, 0, 0)


async def test_there_is_goodwill_for_paid_orders_of_open_tickets_only(goodwill: GoodwillDesk) -> None:
    bare = await goodwill.desk.open()
    assert faults(await goodwill.try_offering(bare)) == ["/path/ticket_id"]
    await goodwill.desk.put("A-9", amount="100.00")
    unpaid = await goodwill.desk.open(order_no="A-9")
    assert problem(await goodwill.try_offering(unpaid), 409) == "order-unpaid"
    ended = await goodwill.ticket()
    assert (await goodwill.desk.verb(ended, "cancel", reason="误开")).status_code == 200
    assert problem(await goodwill.try_offering(ended), 409) == "transition-refused"
    assert problem(await goodwill.try_offering({"ticket_id": UNKNOWN}), 404) == "not-found"


async def test_who_sees_it(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    offered = await goodwill.offer(ticket)
    elsewhere = await goodwill.call("GET", place(offered), shops=["vip"])
    assert problem(elsewhere, 404) == "not-found"
    for role in ("storefront", "service"):
        assert (await goodwill.desk.call("GET", place(offered), role)).status_code == 403
    other = await goodwill.desk.open(order_no="A-1")
    wrong = {**offered, "ticket_id": other["ticket_id"]}
    assert problem(await goodwill.get(wrong), 404) == "not-found"
    assert problem(await goodwill.call("POST", f"{place(wrong)}/approve", AGENT, match=1), 404) == "not-found"


async def test_a_tickets_goodwill_is_listed_newest_first(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    offered = [(await goodwill.offer(ticket, "1.00"))["goodwill_id"] for _ in range(3)]
    path = f"/v1/tickets/{ticket['ticket_id']}/goodwill"
    page = (await goodwill.call("GET", f"{path}?limit=2")).json()
    assert [one["goodwill_id"] for one in page["items"]] == offered[:0:-1]
    rest = (await goodwill.call("GET", f"{path}?limit=2&cursor={page['next_cursor']}")).json()
    assert ([one["goodwill_id"] for one in rest["items"]], rest["next_cursor"]) == (offered[:1], None)


async def test_offers_at_the_same_moment_stay_within_the_share(goodwill: GoodwillDesk) -> None:
    ticket = await goodwill.ticket()
    others = [await goodwill.desk.open(order_no="A-1", by={"staff_id": OFFERS}) for _ in range(7)]
    tried = await asyncio.gather(*(goodwill.try_offering(one, "15.00") for one in (ticket, *others)))
    assert sorted(answer.status_code for answer in tried) == [201] * 2 + [409] * 6


async def test_nothing_waits_for_the_row_of_the_order(goodwill: GoodwillDesk) -> None:
    """Who corrects an order locks its row first, then its book: nobody who holds the book may want the row."""
    ticket = await goodwill.ticket()
    async with goodwill.desk.client.transactions.begin(system("correcting")) as work:
        await work.session.execute(text("SELECT 1 FROM shop_order FOR UPDATE"))
        offered = await goodwill.offer(ticket)
        await goodwill.done(offered, "approve")
        await goodwill.answered(offered)
    assert (await goodwill.get(offered)).json()["status"] == "paid"


async def test_the_database_keeps_the_share_by_itself(goodwill: GoodwillDesk) -> None:
    offered = await goodwill.offer(await goodwill.ticket(), "40.00")
    await goodwill.done(offered, "withdraw", OFFERS)
    await goodwill.offer({"ticket_id": offered["ticket_id"]}, "1.00")
    for change in ("amount_minor = 4001", "status = 'offered', ended_at = NULL"):
        with pytest.raises(Exception, match="conflict"):
            await goodwill.desk.change(
                f"UPDATE goodwill SET {change} WHERE amount_minor = 4000 OR status = 'offered'"
            )


async def _refused(goodwill: GoodwillDesk, offered: dict[str, object], times: int) -> bool:
    rows = await goodwill.desk.rows(
        "SELECT after FROM audit WHERE action = 'refuse' AND noun = 'goodwill' AND aggregate_id = :one",
        one=offered["goodwill_id"],
    )
    return len(rows) == times and all("who_may" in row.after for row in rows)


_PAYMENT = """
INSERT INTO payment (payment_key, cause, cause_id, order_id, shop, order_no, currency, amount_minor, status, attempts,
    asks, ordered_at, due_since, next_try_at, version)
SELECT gen_random_uuid(), 'goodwill', goodwill_id, order_id, shop, order_no, currency, amount_minor, 'due', 0, 0,
    :at, :at, :at, 1 FROM goodwill WHERE goodwill_id = :case
"""


def _paid(payer: str) -> dict[str, object]:
    line = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": "200.00"}
    return {"lines": [line], "paid": "200.00", "paid_at": "2026-11-20T10:01:00+08:00", "payer_token": payer}
