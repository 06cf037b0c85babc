"""T23, T25, T26, T28, T29: what a request gives, asked beforehand over the API: every row of the freight table × both
kinds of shipping × all and part of an order, windows at their edges, and sums that add up whoever withdraws."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from refund_desk import CHIEF, LEFT, Json, Refunds, problem
from ticket_desk import Desk, faults

from services.ticket.refund.reasons import REFUND_REASONS

CUSTOMERS = ("no_reason", "wrong_choice", "refused_delivery", "duplicate_order")
OURS = ("quality", "not_as_described", "wrong_item", "missing_part", "late", "damaged_in_transit")
NEVER_ARRIVED = ("lost_in_transit", "undeliverable_area", "misrouted", "out_of_stock")
UNDERWAY: Json = {"received_at": None}
UNSHIPPED: Json = {"shipped_at": None, "received_at": None}
# Kind, reasons, how far the order is; who pays out, back, again; whether goods and delivery are given back.
TABLE = [
    ("return_and_money", OURS, LEFT, ("refunded", "merchant", None), True, True),
    ("exchange", OURS, LEFT, ("as_paid", "merchant", "merchant"), False, False),
    ("return_and_money", CUSTOMERS, LEFT, ("as_paid", "customer", None), True, False),
    ("exchange", CUSTOMERS, LEFT, ("as_paid", "customer", "merchant"), False, False),
    ("money_only", NEVER_ARRIVED, UNDERWAY, ("refunded", None, None), True, True),
    ("resend", (*NEVER_ARRIVED, "missing_part"), UNDERWAY, ("as_paid", None, "merchant"), False, False),
    ("money_only", OURS, LEFT, ("as_paid", None, None), True, False),
    ("money_only", (*CUSTOMERS, *OURS, "out_of_stock"), UNSHIPPED, ("refunded", None, None), True, True),
]
# Two lines of 60.00 and 40.00 less 10.00: 54.00 and 36.00; of a delivery for 10.00 their parts are 6.00 and 4.00.
PARTS: dict[str, tuple[dict[int, int], str, str]] = {
    "all": ({1: 2, 2: 1}, "90.00", "10.00"),
    "a line": ({1: 2}, "54.00", "6.00"),
    "a piece": ({1: 1}, "27.00", "3.00"),
}


@pytest.fixture
async def refunds(desk: Desk) -> Refunds:
    return await Refunds(desk).settle_in()


async def two_lines(refunds: Refunds, freight: str, **facts: Any) -> None:
    await refunds.order("A-1", (2, "60.00"), (1, "40.00"), discount="10.00", freight=freight, **facts)


async def test_who_pays_which_way(refunds: Refunds) -> None:
    """T24, T25: every row, with a delivery that was paid and a free one, of which there is nothing to give back; all,
    a line, and a piece of an order: falling under a threshold adds no charge."""
    for place, row in enumerate(TABLE):
        for freight in ("10.00", "0"):
            number = f"A-{place}-{freight}"
            facts = {"discount": "10.00", "freight": freight, **row[2]}
            await refunds.order(number, (2, "60.00"), (1, "40.00"), **facts)
            before = await refunds.written()
            for reason in row[1]:
                for pieces, goods, delivery in PARTS.values():
                    told = f"{row[0]} for {reason} of {pieces}, freight {freight}"
                    answer = await refunds.quote(order_no=number, kind=row[0], reason=reason, pieces=pieces)
                    assert answer.status_code == 200, f"{told}: {answer.text}"
                    expect_row(answer.json(), row, goods, delivery if freight != "0" else "0.00", told)
            assert await refunds.written() == before


def expect_row(quote: Json, row: tuple[Any, ...], goods: str, delivery: str, told: str) -> None:
    """The quote is what the row of the table says."""
    *_, ways, goods_back, delivery_back = row
    assert (quote["ways"]["out"], quote["ways"]["back"], quote["ways"]["again"]) == ways, told
    given = goods if goods_back else "0.00", delivery if delivery_back else "0.00"
    assert (quote["goods"]["amount"], quote["freight"]["amount"]) == given, told
    assert Decimal(quote["amount"]["amount"]) == sum(map(Decimal, given)), told
    assert sum(Decimal(line["goods"]["amount"]) for line in quote["lines"]) == Decimal(given[0]), told


async def test_a_quote_says_who_approves_and_what_it_costs(refunds: Refunds) -> None:
    """T28, T29: before anything is asked for; out of stock costs 5% of the order."""
    await two_lines(refunds, "10.00", freight_insured=True, **UNSHIPPED)
    quote = (await refunds.quote(kind="money_only", reason="out_of_stock", pieces={1: 2, 2: 1})).json()
    assert (quote["fee"]["amount"], quote["fault"], quote["ways"]["insured"]) == ("5.00", "merchant", True)
    assert quote["approvals"]["steps"] == [["manager", "supervisor"]]
    assert quote["approvals"]["order_total"]["amount"] == "100.00"
    small = (await refunds.quote(kind="money_only", reason="out_of_stock", pieces={1: 1})).json()
    assert small["approvals"]["steps"] == [["agent", "manager", "supervisor"]]
    another = (await refunds.quote(kind="money_only", reason="out_of_stock", fault="customer")).json()
    assert another["fault"] == "customer"
    buyer = {"role": "storefront", "account_id": refunds.desk.account("ming")}
    assert faults(await refunds.quote(by=buyer, kind="money_only", fault="customer")) == ["/fault"]


async def test_the_last_part_takes_the_remainder(refunds: Refunds) -> None:
    """T25, T26: 100.00 and a delivery of 10.00 for three pieces, one by one: 36.66, 36.68, 36.66."""
    await refunds.order("A-1", (3, "100.00"), freight="10.00")
    given = [(await refunds.approved(pieces={1: 1}))["amount"]["amount"] for _ in range(3)]
    assert given == ["36.66", "36.68", "36.66"]
    assert await refunds.book() == (11000, 0, 11000, 0)
    assert problem(await refunds.try_asking(pieces={1: 1}), 409) == "more-than-bought"


async def test_the_sum_is_the_same_whoever_withdraws_in_between(refunds: Refunds) -> None:
    """T26: the shares of all pieces add up to the line, though one that was asked for is given up."""
    await refunds.order("A-1", (3, "100.00"), freight="10.00")
    first, second = [await refunds.ask(pieces={1: 1}) for _ in range(2)]
    await refunds.done(first, "withdraw")
    others = [await refunds.ask(pieces={1: 1}) for _ in range(2)]
    for one in (second, *others):
        await refunds.done(await refunds.done(one, "review"), "approve", CHIEF)
    assert await refunds.book() == (11000, 0, 11000, 0)


async def test_fewer_pieces_are_worth_less(refunds: Refunds) -> None:
    """T26: what is asked for otherwise is weighed anew; pieces that are asked for no more are free."""
    await refunds.order("A-1", (3, "100.00"), (1, "50.00"), freight="15.00")
    asked = await refunds.ask(pieces={1: 2, 2: 1})
    assert asked["amount"]["amount"] == "128.34"  # 66.67 and 50.00, with 6.67 and 5.00 of the delivery
    fewer = (await refunds.edit(asked, lines=[{"line_no": 1, "quantity": 1}])).json()
    assert [line["line_no"] for line in fewer["lines"]] == [1]
    assert fewer["amount"]["amount"] == "36.66"
    rest = await refunds.ask(pieces={1: 2, 2: 1})
    assert rest["amount"]["amount"] == "128.34"


async def test_a_return_for_no_reason_takes_its_share_of_the_delivery_and_is_not_paid_it(refunds: Refunds) -> None:
    """T25: freight is decided by the reason of each return; what one isn't paid, another isn't paid either."""
    await refunds.order("A-1", (3, "90.00"), freight="9.00")
    assert (await refunds.ask(reason="no_reason", pieces={1: 1}))["amount"]["amount"] == "30.00"
    assert (await refunds.ask(reason="quality", pieces={1: 2}))["amount"]["amount"] == "66.00"


async def test_what_was_given_already_is_not_given_again(refunds: Refunds) -> None:
    """T26: money for goods that are kept counts for the line and for the order, whatever comes after it."""
    await refunds.order("A-1", (2, "40.00"), freight="6.00")
    kept = await refunds.approved(kind="money_only", wanted="25.00")
    assert kept["amount"]["amount"] == "25.00"
    back = (await refunds.quote()).json()
    assert (back["amount"]["amount"], back["goods"]["amount"], back["freight"]["amount"]) == (
        "21.00",
        "15.00",
        "6.00",
    )
    assert back["approvals"]["order_total"]["amount"] == "46.00"


async def test_a_window_ends_at_midnight_of_the_business_zone(refunds: Refunds) -> None:
    """T23, X5: received on 20 November at 10:00, 7 days: until the 27th 24:00, which is the 28th 00:00; then closed."""
    await refunds.order()
    clock = refunds.desk.clock
    a_week, fifteen_days = datetime(2026, 11, 27, 16, 0, tzinfo=UTC), datetime(2026, 12, 5, 16, 0, tzinfo=UTC)
    for reason, until in {"no_reason": a_week, "quality": fifteen_days, "damaged_in_transit": fifteen_days}.items():
        clock.advance(until.replace(hour=15, minute=59, second=59, microsecond=999_999) - clock.now())
        quote = await refunds.quote(reason=reason)
        assert quote.status_code == 200, reason
        assert datetime.fromisoformat(quote.json()["until"]) == until
        clock.advance(until - clock.now())
        for refused in (await refunds.quote(reason=reason), await refunds.try_asking(reason=reason)):
            assert problem(refused, 409) == "window-closed", reason
            assert datetime.fromisoformat(refused.json()["until"]) == until
    assert (await refunds.quote(reason="refused_delivery")).status_code == 200


async def test_before_the_receipt_no_window_runs(refunds: Refunds) -> None:
    """T23."""
    await refunds.order(received_at=None)
    quote = (await refunds.quote(reason="no_reason")).json()
    assert quote["until"] is None


async def test_the_window_is_that_of_the_day_it_was_asked(refunds: Refunds) -> None:
    """T23: what was asked for in time is put right after it; a reason whose window was over by then is refused."""
    await refunds.order()
    asked = await refunds.ask(reason="no_reason", pieces={1: 1})
    clock = refunds.desk.clock
    clock.advance(datetime(2026, 11, 27, 16, 0, tzinfo=UTC) - clock.now())
    more = [{"line_no": 1, "quantity": 2}]
    assert (await refunds.edit(asked, lines=more)).json()["amount"]["amount"] == "40.00"


async def test_a_stricter_shop_has_its_own_rules(refunds: Refunds) -> None:
    """T23, X3: goods of some categories never come back for no reason, others only unopened."""
    desk = refunds.desk
    document = REFUND_REASONS.default.model_dump(mode="json") | {"excluded": ["定制"], "sealed_only": ["食品"]}
    new = {"document": document, "reason": "七天无理由例外"}
    put = await desk.call("POST", "/v1/policies/ticket/refund-reasons/versions", "manager", json=new)
    assert put.status_code == 201, put.text
    lines = [
        {"line_no": 1, "sku": "MUG", "category": "定制", "quantity": 1, "paid_total": "20.00"},
        {"line_no": 2, "sku": "TEA", "category": "食品", "quantity": 1, "paid_total": "20.00"},
    ]
    await desk.put("A-1", lines=lines, paid="40.00", paid_at="2026-11-10T10:01:00+08:00", **LEFT)
    opened = [{"line_no": 2, "quantity": 1, "unopened": False}]
    for asked in ({"pieces": {1: 1}}, {"lines": opened}):
        refused = await refunds.quote(reason="no_reason", **asked)
        assert problem(refused, 409) == "not-returnable"
    assert (await refunds.quote(reason="no_reason", pieces={2: 1})).status_code == 200
    assert (await refunds.quote(reason="quality", lines=opened)).status_code == 200
