"""T22, T25, T26, T28: replacements, the same, dearer and cheaper, through the API on a real database."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from refund_desk import AGENT, CHIEF, LEAD, PAID, PLACED, Json, Refunds, problem
from return_desk import Returns
from ticket_desk import Desk, faults

from contracts.ticket.aftercare import ExchangeSent

TODAY = "2026-11-21T09:00:00+08:00"
SENT: dict[str, Any] = {"courier": "顺丰", "tracking_number": "SF9988776655"}


@pytest.fixture
async def returns(desk: Desk) -> Returns:
    return Returns(await Refunds(desk).settle_in())


async def sent_events(returns: Returns) -> list[Json]:
    """What was told of replacements that left, in their order without gaps (E4)."""
    rows = await returns.desk.rows("SELECT sequence, body FROM outbox WHERE subject = 'exchange.sent' ORDER BY id")
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    return [orjson.loads(bytes(row.body)) for row in rows]


async def top_up(returns: Returns, number: str, amount: str, *, of: str = "A-1", **facts: Any) -> None:
    """A top-up order of the buyer."""
    line = {"line_no": 1, "sku": "TOP-UP", "quantity": 1, "paid_total": amount}
    told = {"lines": [line], "top_up_of": of, "placed_at": TODAY, "paid": amount, "paid_at": TODAY, **facts}
    returns.desk.clock.advance(timedelta(seconds=1))
    await returns.desk.put(number, **{name: fact for name, fact in told.items() if fact is not None})


async def test_the_same_article_is_sent_again(returns: Returns) -> None:
    """T22, T47: inspected, sent, received, closed; nothing is paid either way."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    assert (refund["status"], refund["amount"]["amount"]) == ("inspected", "0.00")
    assert await returns.legs(refund) == {"ship_back": "met", "inspect": "met", "resend": "running"}
    it = await returns.replacement(refund)
    assert (it["status"], it["owed"]["amount"], it["difference"]["amount"]) == ("ready", "0.00", "0.00")
    assert it["articles"] == [{"line_no": 1, "sku": "SKU-1", "quantity": 2, "unit_price": None}]
    assert it["goods"][0]["worth"]["amount"] == "40.00"
    it = await returns.done(refund, "send", **SENT)
    assert (it["status"], it["stage"], it["sendings"][0]["tracking_number"]) == ("sent", "sent", "SF****6655")
    assert await returns.waits_for(refund) == ("waiting", "courier")
    assert (await returns.legs(refund))["resend"] == "met"
    (told,) = await sent_events(returns)
    ExchangeSent.model_validate(told)
    assert (told["ahead"], told["difference"], told["replacements"]) == (
        False, None, [{"line_no": 1, "sku": "SKU-1", "quantity": 2}],
    )  # fmt: skip
    assert "9988776655" not in str(told)
    it = await returns.done(refund, "receive")
    assert (it["status"], it["stage"]) == ("received", "received")
    closed = await returns.refunds.done(refund, "close")
    assert (closed["status"], closed["ticket"]["status"]) == ("closed", "closed")
    assert await returns.refunds.book() == (4000, 4000, 0, 0)
    assert await returns.desk.rows("SELECT 1 FROM payment") == []


async def test_a_dearer_article_is_paid_for_before_it_is_sent(returns: Returns) -> None:
    """T22, T36: 25.00 more; a top-up in two orders, each counted once."""
    await returns.refunds.order("A-1", (2, "40.00"), discount="4.00")
    refund = await returns.inspected(kind="exchange")
    it = await returns.choose(refund, {"sku": "BIG", "quantity": 1, "unit_price": "61.00"})
    assert (it["status"], it["difference"]["amount"], it["owed"]["amount"]) == ("unpaid", "25.00", "25.00")
    before = await returns.written()
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "transition-refused"
    assert await returns.written() == before
    await top_up(returns, "T-1", "20.00")
    it = await returns.done(refund, "top-up", order_no="T-1")
    assert (it["status"], it["owed"]["amount"], it["topped_up"]["amount"]) == ("unpaid", "5.00", "20.00")
    answer = await returns.exchange(refund, "top-up", order_no="T-1")
    assert (problem(answer, 409), answer.json()["because"]) == ("top-up-unfit", "used_already")
    await top_up(returns, "T-2", "5.00")
    it = await returns.done(refund, "top-up", order_no="T-2")
    assert (it["status"], it["owed"]["amount"], len(it["top_ups"])) == ("ready", "0.00", 2)
    await returns.done(refund, "send", **SENT)
    (told,) = await sent_events(returns)
    assert told["difference"] == {"amount": "25.00", "currency": "CNY"}


async def test_orders_that_are_no_top_up(returns: Returns) -> None:
    """T36, T40, bad input: not this order's, not paid, cancelled, another buyer's; nothing is changed."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, {"sku": "BIG", "unit_price": "50.00"})
    await returns.refunds.order("B-1")
    await top_up(returns, "T-1", "10.00", of="B-1")
    await top_up(returns, "T-2", "10.00", paid=None, paid_at=None)
    await top_up(returns, "T-3", "10.00", cancelled_at=TODAY)
    await top_up(returns, "T-4", "10.00", buyer="hong")
    await top_up(returns, "T-5", "10.00", currency="USD")
    await top_up(returns, "T-6", "10.00", placed_at=PLACED, paid_at=PAID)
    before = await returns.written()
    for number, because in (
        ("T-1", "another_order"), ("T-2", "unpaid"), ("T-3", "cancelled"), ("T-4", "another_order"),
        ("T-5", "another_currency"), ("T-6", "paid_before"), ("A-1", "another_order"),
    ):  # fmt: skip
        answer = await returns.exchange(refund, "top-up", order_no=number)
        assert (problem(answer, 409), answer.json()["because"]) == ("top-up-unfit", because)
    assert (await returns.exchange(refund, "top-up", order_no="T-9")).status_code == 404
    assert await returns.written() == before
    ming = {"role": "storefront", "account_id": returns.desk.account("ming")}
    path = f"/v1/exchanges/{refund['refund_id']}/top-up"
    assert (await returns.refunds.call("POST", path, json={"order_no": "T-4"}, by=ming)).status_code == 404
    await top_up(returns, "T-7", "10.00")
    assert (await returns.refunds.call("POST", path, json={"order_no": "T-7"}, by=ming)).json()["status"] == "ready"


async def test_a_top_up_that_was_given_back_pays_for_nothing(returns: Returns) -> None:
    """T22, T55: named, refunded, and only then sent."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, {"sku": "BIG", "unit_price": "50.00"})
    await top_up(returns, "T-1", "10.00", shipped_at=TODAY, received_at=TODAY)
    await returns.done(refund, "top-up", order_no="T-1")
    await returns.refunds.approved(order_no="T-1", kind="money_only", pieces={1: 1})
    answer = await returns.exchange(refund, "send", **SENT)
    assert (problem(answer, 409), answer.json()["because"]) == ("top-up-unfit", "given_back")
    assert (await returns.replacement(refund))["status"] == "ready"


async def test_of_a_cheaper_article_the_difference_goes_back_once_it_is_there(returns: Returns) -> None:
    """T22, T28: 7.50 less; approved anew, held in the book, paid when the customer has the article."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    it = await returns.choose(refund, {"sku": "SMALL", "quantity": 1, "unit_price": "32.50"})
    assert (it["status"], it["difference"]["amount"], it["owed"]["amount"]) == ("ready", "-7.50", "0.00")
    assert (await returns.refunds.get(refund))["amount"]["amount"] == "7.50"
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "not-approved"
    assert problem(await returns.refunds.verb(refund, "approve", AGENT), 403) == "own-request"
    await returns.refunds.done(refund, "approve", LEAD)
    assert await returns.refunds.book() == (4000, 3250, 750, 0)
    await returns.done(refund, "send", **SENT)
    assert await returns.desk.rows("SELECT 1 FROM payment") == []
    await returns.done(refund, "receive")
    assert (await returns.legs(refund))["pay_out"] == "running"
    assert [row.amount_minor for row in await returns.desk.rows("SELECT amount_minor FROM payment")] == [750]
    await returns.refunds.answered(await returns.refunds.get(refund))
    assert await returns.refunds.book() == (4000, 3250, 0, 750)
    assert (await returns.refunds.done(refund, "close"))["status"] == "closed"
    (told,) = await sent_events(returns)
    assert told["difference"] == {"amount": "-7.50", "currency": "CNY"}


async def test_a_cheaper_choice_taken_back(returns: Returns) -> None:
    """T22, T28: what was given back for the first choice stays with the order after the second."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, {"sku": "SMALL", "unit_price": "10.00"})
    await returns.refunds.done(refund, "approve", LEAD)
    assert await returns.refunds.book() == (4000, 1000, 3000, 0)
    it = await returns.choose(refund, {"sku": "SKU-1", "quantity": 2})
    assert (it["status"], it["difference"]["amount"]) == ("ready", "0.00")
    assert await returns.refunds.book() == (4000, 4000, 0, 0)
    await returns.done(refund, "send", **SENT)


async def test_a_first_choice_before_anybody_approved_it_again(returns: Returns) -> None:
    """T28: cheaper, then the same again, with no approval between: it is approved once for what it is now."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    await returns.choose(refund, {"sku": "SMALL", "unit_price": "10.00"})
    await returns.choose(refund, {"sku": "SKU-1", "quantity": 2})
    assert problem(await returns.exchange(refund, "send", **SENT), 409) == "not-approved"
    await returns.refunds.done(refund, "approve", LEAD)
    await returns.done(refund, "send", **SENT)


UNFIT: tuple[tuple[list[Json], str], ...] = (
    ([], "/articles"),
    ([{"line_no": 2, "sku": "CUP", "quantity": 1, "unit_price": "1.00"}], "/articles/0/line_no"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 1}], "/articles/0/unit_price"),
    ([{"line_no": 1, "sku": "SKU-1", "quantity": 3}], "/articles/0/quantity"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 0, "unit_price": "1.00"}], "/articles/0/quantity"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 1.5, "unit_price": "1.00"}], "/articles/0/quantity"),
    ([{"line_no": 1, "sku": "CUP", "quantity": -1, "unit_price": "1.00"}], "/articles/0/quantity"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 1, "unit_price": "1.005"}], "/articles/0/unit_price"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 1, "unit_price": "-1.00"}], "/articles/0/unit_price"),
    ([{"line_no": 1, "sku": "CUP", "quantity": 1, "unit_price": 1.5}], "/articles/0/unit_price"),
)


async def test_choices_that_do_not_fit(returns: Returns) -> None:
    """Bad input: nothing is changed."""
    await returns.refunds.order("A-1", (2, "40.00"), (1, "5.00"))
    refund = await returns.inspected(kind="exchange")
    before = await returns.written()
    for articles, pointer in UNFIT:
        assert pointer in faults(await returns.exchange(refund, "replace", articles=articles)), articles
    assert await returns.written() == before


async def test_a_choice_is_made_on_what_was_seen(returns: Returns) -> None:
    """Bad input: a stale version, and none at all."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    body: Json = {"articles": [{"line_no": 1, "sku": "BIG", "quantity": 1, "unit_price": "50.00"}]}
    await returns.done(refund, "replace", **body)
    before = await returns.written()
    stale = refund["ticket"]["version"]
    assert problem(await returns.exchange(refund, "replace", match=stale, **body), 412) == "stale-version"
    assert problem(await returns.exchange(refund, "replace", match=None, **body), 428) == "precondition-required"
    answer = await returns.exchange(refund, "settle-in-money", match=None, reason="缺货")
    assert problem(answer, 428) == "precondition-required"
    assert await returns.written() == before


async def test_the_fee_of_the_way_again_where_the_customer_bears_it(returns: Returns) -> None:
    """T25, `again`: a stricter shop; the same article again costs its delivery, and somebody has to say how much."""
    table = await returns.desk.call("GET", "/v1/policies/ticket/freight-table?shop=main", "manager")
    document = table.json()["in_force"]["document"]
    document["cases"]["no_reason_exchange"]["again"] = "customer"
    saved = await returns.desk.call(
        "POST", "/v1/policies/ticket/freight-table/versions", "manager",
        json={"document": document, "reason": "买家承担补发运费"},
    )  # fmt: skip
    assert saved.status_code == 201, saved.text
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange", reason="no_reason")
    it = await returns.replacement(refund)
    assert (it["status"], it["allowed"]) == ("unsettled", ["replace", "run-out", "call-customer", "settle-in-money"])
    same = {"sku": "SKU-1", "quantity": 2}
    assert faults(await returns.exchange(refund, "replace", articles=[{"line_no": 1, **same}])) == ["/again"]
    it = await returns.choose(refund, same, again="12.00")
    assert (it["status"], it["owed"]["amount"], it["again"]["amount"]) == ("unpaid", "12.00", "12.00")
    await top_up(returns, "T-1", "12.00")
    assert (await returns.done(refund, "top-up", order_no="T-1"))["status"] == "ready"


async def test_the_merchant_pays_the_way_again_elsewhere(returns: Returns) -> None:
    """T25: a fee is refused."""
    await returns.refunds.order()
    refund = await returns.inspected(kind="exchange")
    articles = [{"line_no": 1, "sku": "SKU-1", "quantity": 2}]
    assert faults(await returns.exchange(refund, "replace", articles=articles, again="5.00")) == ["/again"]


async def test_nothing_cheaper_is_sent_once_more(returns: Returns) -> None:
    """T22: nothing comes back for it and no money goes with it: that would be settled in money."""
    await returns.refunds.order()
    refund = await returns.refunds.approved(LEAD, kind="resend", reason="lost_in_transit")
    before = await returns.written()
    cheaper = [{"line_no": 1, "sku": "SMALL", "quantity": 1, "unit_price": "39.99"}]
    assert faults(await returns.exchange(refund, "replace", articles=cheaper)) == ["/articles"]
    assert await returns.written() == before
    dearer = await returns.choose(refund, {"sku": "BIG", "unit_price": "41.00"})
    assert (dearer["status"], dearer["owed"]["amount"]) == ("unpaid", "1.00")


async def test_what_damage_takes_off_stays_off_in_money(returns: Returns) -> None:
    """T22, T26: settled in money after the inspection, it gives what the goods that came back are worth."""
    await returns.refunds.order()
    refund = await returns.waiting(CHIEF, kind="exchange")
    await returns.receive(refund, {1: 2})
    await returns.inspect(refund, {1: {"sound": 1, "damaged": 1, "deducted": "5.00"}})
    await returns.done(refund, "settle-in-money", reason="顾客要退款")
    now = await returns.refunds.get(refund)
    assert (now["amount"]["amount"], now["deducted"]["amount"]) == ("35.00", "5.00")
    paying = await returns.refunds.done(refund, "approve", CHIEF)
    assert (paying["status"], await returns.refunds.book()) == ("paying", (4000, 500, 3500, 0))


async def test_one_sent_once_more_is_lost_while_its_goods_go_back(returns: Returns) -> None:
    """T22: a resend holds no pieces, so nobody who gives them back stands in its way."""
    await returns.refunds.order()
    refund = await returns.refunds.approved(LEAD, kind="resend", reason="missing_part")
    await returns.done(refund, "send", **SENT)
    await returns.refunds.ask(kind="return_and_money", reason="quality", pieces={1: 2})
    it = await returns.done(refund, "lose", reason="快递丢件")
    assert (it["stage"], it["status"]) == ("approved", "ready")
    await returns.choose(refund, {"sku": "BIG", "quantity": 1, "unit_price": "41.00"})


async def test_lists_and_sight(returns: Returns) -> None:
    """X1, X6, T40: a buyer's own without what was noted of calls; another's and another shop's don't exist."""
    await returns.refunds.order("A-1", (2, "40.00"), (1, "5.00"))
    refund = await returns.inspected(kind="exchange")
    await returns.done(refund, "run-out", reason="缺货")
    await returns.done(refund, "call-customer", result="waits", note="顾客愿等一周")
    path = f"/v1/exchanges/{refund['refund_id']}"
    ming = {"role": "storefront", "account_id": returns.desk.account("ming")}
    hong = {"role": "storefront", "account_id": returns.desk.account("hong")}
    assert (await returns.refunds.call("GET", path, by=ming)).json()["calls"] == []
    assert (await returns.refunds.call("GET", path)).json()["calls"][0]["note"] == "顾客愿等一周"
    assert (await returns.refunds.call("GET", path, by=hong)).status_code == 404
    assert (await returns.refunds.call("GET", path, by={"role": "agent", "shops": ["other"]})).status_code == 404
    listed = await returns.desk.call("GET", "/v1/exchanges?status=out_of_stock")
    assert [one["exchange_id"] for one in listed.json()["items"]] == [refund["refund_id"]]
    assert (await returns.desk.call("GET", "/v1/exchanges?status=sent")).json()["items"] == []
    assert (await returns.refunds.call("GET", "/v1/exchanges", by=hong)).json()["items"] == []
    assert (await returns.refunds.call("POST", f"{path}/run-out", json={"reason": "x"}, by=ming)).status_code == 403
    money = await returns.refunds.ask(CHIEF, kind="money_only", pieces={2: 1}, wanted="1.00")
    assert (await returns.refunds.call("GET", f"/v1/exchanges/{money['refund_id']}")).status_code == 404
