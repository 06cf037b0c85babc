"""Money, new versions and noise in every order, over HTTP and from the stream alike: paid = kept + refunded + in
flight, and a difference counts once (T37, T55, E3)."""

from itertools import permutations
from typing import Any

import pytest
from change_desk import LINES, Changes, lines
from storefront_desk import Storefront, cny, news
from ticket_desk import PAID, PLACED

from kit.testing.poll import eventually

HTTP, NATS = "http", "nats"


class Teller:
    """Tells versions of orders by one way or the other."""

    def __init__(self, way: str, storefront: Storefront, changes: Changes) -> None:
        self.way, self.storefront, self.changes = way, storefront, changes
        self.revisions: dict[str, int] = {}

    async def tell(self, number: str, paid: str, told: list[dict[str, Any]], **facts: Any) -> None:
        """The next version of an order, paid so much."""
        revision = self.revisions[number] = self.revisions.get(number, 0) + 1
        if self.way == HTTP:
            await self.changes.order(number, revision=revision, paid=paid, lines=told, **facts)
            return
        priced = [
            {"product_name": "茶", "unit_price": cny("1.00"), **one, "paid_total": cny(one["paid_total"])}
            for one in told
        ]
        for one in priced:
            options = one.pop("options", None)
            if options:
                one["colour"], one["size"] = options.split(" / ")
        order = {
            "revision": revision, "buyer_ref": "ming", "goods_total": cny(paid), "discount": cny("0"),
            "freight": cny("0"), "lines": priced, "placed_at": PLACED, "paid": cny(paid), "paid_at": PAID,
            "payer_token": "payer-1", "courier": "中通", "region": "江苏", **facts,
        }  # fmt: skip
        await self.storefront.tell(news("placed" if revision == 1 else "corrected", number, order=order))


@pytest.fixture(params=[HTTP, NATS])
def teller(request: pytest.FixtureRequest, storefront: Storefront) -> Teller:
    return Teller(request.param, storefront, Changes(storefront.desk))


async def test_a_cheaper_order_in_every_order_of_arrival(teller: Teller) -> None:
    """Paid 100, 20 given back, told 80: before, after, told twice, with a version about something else in between."""
    changes = teller.changes
    for place, steps in enumerate(permutations(("pay", "version", "noise"))):
        number = f"C-{place}"
        await teller.tell(number, "100.00", LINES)
        change = await changes.agreed(number=number, lines=[{"line_no": 1, "quantity": 3}])
        told: tuple[str, list[dict[str, Any]]] = ("100.00", LINES)
        for step in steps:
            if step == "pay":
                assert (await changes.pay(change)).status_code == 200
            else:
                told = ("80.00", lines("60.00", quantity=3)) if step == "version" else told
                await teller.tell(number, *told, agent="菲菲" if step == "noise" else None)
            paid, kept, _, _ = await changes.book(number)
            assert (paid, kept) == ("100", "80"), (steps, step)
        assert await changes.book(number) == ("100", "80", "20", "0")
        shown = await changes.shown(change)
        assert (shown["status"], shown["payment"]["status"]) == ("confirmed", "paid")
        await teller.tell(number, "75.00", lines("55.00", quantity=3))  # a correction of its own counts to the cent
        assert await changes.book(number) == ("95", "75", "20", "0")
    assert await changes.desk.rows("SELECT 1 FROM book_alarm") == []


async def test_a_failed_payment_that_is_retried_and_one_given_up(teller: Teller) -> None:
    """T22: the same number, told again; given up, the money is kept and the storefront's word counts again."""
    changes = teller.changes
    await teller.tell("F-1", "100.00", LINES)
    change = await changes.agreed(number="F-1", lines=[{"line_no": 1, "quantity": 3}])
    await teller.tell("F-1", "80.00", lines("60.00", quantity=3))
    assert (await changes.pay(change, "failed")).status_code == 200
    assert await changes.book("F-1") == ("100", "80", "0", "20")
    retried = await changes.done(change, "retry")
    assert (retried["payment_key"], retried["attempt"], retried["status"]) == (change["payment_key"], 2, "confirmed")
    assert [event["attempt"] for event in await changes.told()] == [1, 2]
    assert (await changes.pay(change)).status_code == 200
    assert await changes.book("F-1") == ("100", "80", "20", "0")

    await teller.tell("F-2", "100.00", LINES)
    change = await changes.agreed(number="F-2", lines=[{"line_no": 1, "quantity": 3}])
    for retryable, status in ((True, 409), (False, 200)):
        if not retryable:
            await changes.done(change, "retry")
        assert (await changes.pay(change, "failed", retryable=retryable)).status_code == 200
        assert (await changes.verb(change, "refuse", grounds="账户已注销")).status_code == status
    assert await changes.book("F-2") == ("100", "100", "0", "0")
    await teller.tell("F-2", "80.00", lines("60.00", quantity=3))
    assert await changes.book("F-2") == ("80", "80", "0", "0")


async def test_cheaper_then_dearer_then_cheaper(teller: Teller) -> None:
    """100 − 20 + 40 − 30: the first payment stays what it was, the top-up has a book of its own."""
    changes = teller.changes
    await teller.tell("L-1", "100.00", LINES)
    first = await changes.agreed(number="L-1", lines=[{"line_no": 1, "quantity": 3}])
    await teller.tell("L-1", "80.00", lines("60.00", quantity=3))
    await changes.pay(first)
    second = await changes.agreed(number="L-1", lines=[{"line_no": 1, "quantity": 5}])
    assert (second["status"], second["difference"]["amount"]) == ("topping_up", "40.00")
    top_up = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "40.00"}]
    await teller.tell("T-1", "40.00", top_up, top_up_of="L-1")

    async def agreed() -> bool:
        return (await changes.shown(second))["status"] == "agreed"

    await eventually(agreed, within=10)
    await teller.tell("L-1", "120.00", lines("100.00", quantity=5))
    assert await changes.book("L-1") == ("100", "80", "20", "0")
    third = await changes.agreed(number="L-1", lines=[{"line_no": 1, "paid_total": "70.00"}], reason="activity")
    await changes.pay(third)
    await teller.tell("L-1", "90.00", lines("70.00", quantity=5))
    statuses = [(await changes.shown(one))["status"] for one in (first, second, third)]
    assert statuses == ["confirmed"] * 3
    assert await changes.book("L-1") == ("100", "50", "50", "0")
    assert await changes.book("T-1") == ("40", "40", "0", "0"), "50 + 40 = 90, what the order costs now"


async def test_both_ways_leave_the_same(storefront: Storefront) -> None:
    """E3: the change, its trail, the book and its entries."""
    seen = []
    for way in (HTTP, NATS):
        changes = Changes(storefront.desk)
        teller, number = Teller(way, storefront, changes), f"P-{way}"
        await teller.tell(number, "100.00", LINES)
        change = await changes.agreed(number=number, lines=[{"line_no": 1, "colour": "蓝", "quantity": 3}])
        await teller.tell(number, "80.00", lines("60.00", quantity=3, options="蓝 / M"))
        shown = await changes.shown(change)
        entries = await storefront.desk.rows(
            "SELECT kind, amount_minor FROM book_entry JOIN shop_order USING (order_id) WHERE order_no = :number"
            " ORDER BY entry_id",
            number=number,
        )
        trail = await storefront.desk.audits(change["change_id"])
        seen.append(
            ([tuple(one) for one in entries], trail, shown["status"], shown["lines"], shown["confirmed_revision"])
        )
    assert seen[0] == seen[1]
    assert seen[0][0] == [("paid", 100_00), ("reserved", 20_00)]
