"""What was given back of a purchase is deducted, whatever order the facts come in (C13, T22, T27)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations

import pytest
from customer_orders import PLACED, Copying, an_order, corrected, given_back, recorded
from stage import Starter

from contracts.ticket.payment import PaidFor
from kit.ids import new_id
from kit.inbox import Verdict

REPORT = "/v1/customer-reports/purchases"


@pytest.fixture
async def customer(start_service: Starter) -> AsyncIterator[Copying]:
    async with start_service("customer") as client:
        yield Copying(client)


async def purchases(customer: Copying, buyer: str = "ming") -> dict[str, tuple[str | None, str, str | None]]:
    """Paid, refunded and net of each purchase, by order number."""
    path = f"/v1/customers/{await customer.customer_of(buyer)}/purchases"
    answer = await customer.client.call("GET", path)
    assert answer.status_code == 200, answer.text
    return {one["order_no"]: (one["paid"], one["refunded"], one["net"]) for one in answer.json()["items"]}


async def totals(customer: Copying) -> list[tuple[str, str, str, str]]:
    """Currency, spend, refunded and net of each line of the report."""
    answer = await customer.client.call("GET", REPORT, "manager")
    return [(one["currency"], one["spend"], one["refunded"], one["net"]) for one in answer.json()["totals"]]


async def summary(customer: Copying, buyer: str = "ming") -> list[tuple[str, str, str]]:
    """Spend, refunded and net per shop and currency, as the file shows them."""
    answer = await customer.client.call("GET", f"/v1/customers/{await customer.customer_of(buyer)}")
    return [(one["spend"], one["refunded"], one["net"]) for one in answer.json()["purchases"]]


async def test_a_paid_refund_is_deducted_everywhere(customer: Copying) -> None:
    order = an_order("A-1", paid="20.00")
    await customer.hear(order, an_order("A-2", paid="5.00"), an_order("B-1", buyer="hong", paid="7.00"))
    await customer.refund([given_back(order, "12.34")])
    assert await purchases(customer) == {"A-1": ("20.00", "12.34", "7.66"), "A-2": ("5.00", "0.00", "5.00")}
    assert await summary(customer) == [("25.00", "12.34", "12.66")]
    assert await summary(customer, "hong") == [("7.00", "0.00", "7.00")]
    assert await totals(customer) == [("CNY", "32.00", "12.34", "19.66")]


async def test_goodwill_is_deducted_once_it_is_paid(customer: Copying) -> None:
    """T27"""
    order = an_order(paid="20.00")
    await customer.hear(order)
    await customer.refund([given_back(order, "2.00", subject="goodwill.paid"), given_back(order, "8.00")])
    assert await purchases(customer) == {"A-1": ("20.00", "10.00", "10.00")}
    causes = await customer.rows("SELECT cause, amount_minor FROM purchase_refund ORDER BY cause")
    assert causes == [("goodwill", 200), ("refund", 800)]


async def test_what_was_given_up_and_is_paid_after_all_is_deducted(customer: Copying) -> None:
    """T55: whatever it was for, by the payment's own key, once."""
    order = an_order(paid="20.00")
    await customer.hear(order)
    late = [
        given_back(order, amount, subject="payment.paid_late", cause=cause)
        for amount, cause in (("2.00", PaidFor.GOODWILL), ("8.00", PaidFor.REFUND), ("1.00", PaidFor.DIFFERENCE))
    ]
    for _ in range(2):
        await customer.refund(late)
    assert await purchases(customer) == {"A-1": ("20.00", "11.00", "9.00")}
    causes = await customer.rows("SELECT cause, amount_minor FROM purchase_refund ORDER BY amount_minor")
    assert causes == [("refund", 100), ("goodwill", 200), ("refund", 800)]


@pytest.mark.parametrize(
    "subject",
    [
        "refund.requested",
        "refund.approved",
        "refund.failed",
        "refund.withdrawn",
        "goodwill.granted",
        "goodwill.failed",
    ],
)
async def test_what_is_not_paid_is_not_deducted(customer: Copying, subject: str) -> None:
    (subscriber,) = (one for one in customer.client.runtime.subscribers if one.reader.name == "customer-ticket")
    assert not subscriber.handles(subject)


async def test_a_refund_known_before_its_order_waits_for_it(customer: Copying) -> None:
    order = an_order(paid="20.00")
    assert await customer.refund([given_back(order, "20.00")]) == [Verdict.APPLY]
    assert await totals(customer) == []
    await customer.hear(order)
    assert await purchases(customer) == {"A-1": ("20.00", "20.00", "0.00")}


async def test_whatever_the_order_of_arrival_the_figures_are_the_same(customer: Copying) -> None:
    """All 24 orders of: recorded, corrected, refunded in part, goodwill; each fact arrives twice."""
    for place, order_of_arrival in enumerate(permutations(range(4))):
        order = an_order(f"P-{place}", buyer=f"buyer-{place}", paid="20.00")
        facts = [
            (customer.arrive, recorded(order, sequence=1)),
            (customer.arrive, corrected(an_order(f"P-{place}", buyer=f"buyer-{place}", paid="18.00"), sequence=2)),
            (customer.refund, [given_back(order, "5.00")]),
            (customer.refund, [given_back(order, "2.00", subject="goodwill.paid")]),
        ]
        for one in order_of_arrival:
            hear, arrivals = facts[one]
            await hear(arrivals)
            await hear(arrivals)
        assert await purchases(customer, f"buyer-{place}") == {f"P-{place}": ("18.00", "7.00", "11.00")}


async def test_the_same_refund_under_another_event_counts_once_and_its_newest_word_stands(customer: Copying) -> None:
    order, refund_id = an_order(paid="20.00"), new_id()
    await customer.hear(order)
    await customer.refund(
        [
            given_back(order, "5.00", cause_id=refund_id, sequence=4),
            given_back(order, "6.00", cause_id=refund_id, sequence=6),
        ]
    )
    await customer.refund([given_back(order, "7.00", cause_id=refund_id, sequence=5)])
    assert await purchases(customer) == {"A-1": ("20.00", "6.00", "14.00")}


async def test_a_cancelled_order_takes_its_refund_out_of_the_figures_with_it(customer: Copying) -> None:
    order, kept = an_order("A-1", paid="20.00"), an_order("A-2", paid="5.00")
    await customer.hear(order, kept)
    await customer.refund([given_back(order, "20.00"), given_back(kept, "1.00")])
    cancelled = order.model_copy(update={"cancelled_at": PLACED + timedelta(days=1)})
    await customer.arrive(corrected(cancelled, sequence=2))
    assert await totals(customer) == [("CNY", "5.00", "1.00", "4.00")]
    assert await summary(customer) == [("5.00", "1.00", "4.00")]
    assert (await purchases(customer))["A-1"] == ("20.00", "20.00", "0.00")


async def test_an_order_change_that_lowers_what_was_paid_is_not_deducted_twice(customer: Copying) -> None:
    """T37: the storefront's new version says what was paid in the end; net may even go below zero."""
    order = an_order(paid="20.00")
    await customer.hear(order)
    await customer.refund([given_back(order, "19.00")])
    await customer.arrive(corrected(an_order(paid="18.00", revision=2), sequence=2))
    assert await purchases(customer) == {"A-1": ("18.00", "19.00", "-1.00")}


async def test_currencies_keep_their_decimals(customer: Copying) -> None:
    yen = an_order("J-1", paid="300", currency="JPY")
    await customer.hear(yen)
    await customer.refund([given_back(yen, "120")])
    assert await totals(customer) == [("JPY", "300", "120", "180")]


async def test_a_placed_order_has_nothing_to_deduct_from(customer: Copying) -> None:
    await customer.hear(an_order(paid=None))
    ((paid, refunded, net),) = (await purchases(customer)).values()
    assert (paid, refunded, net) == (None, "0.00", None)


async def test_refunds_of_a_batch_cost_one_statement_and_the_totals_equal_their_sum(customer: Copying) -> None:
    orders = [an_order(f"A-{number}", buyer=f"buyer-{number % 7}", paid="9.99") for number in range(300)]
    await customer.hear(*orders)
    await customer.refund([given_back(order, f"0.{number % 100:02}") for number, order in enumerate(orders)])
    refunded = sum(number % 100 for number in range(300))
    ((_, spend, given, _),) = await totals(customer)
    assert (spend, given) == ("2997.00", f"{refunded // 100}.{refunded % 100:02}")
    assert await customer.one("SELECT count(*) FROM purchase_refund") == 300
