"""`/v1/customer-reports/purchases`: totals that equal the orders to the cent (C13)."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from customer_orders import PLACED, Copying, an_order, corrected
from stage import Starter

from kit.money import Money

PATH = "/v1/customer-reports/purchases"
LATER = PLACED + timedelta(days=1)


@pytest.fixture
async def customer(start_service: Starter) -> AsyncIterator[Copying]:
    async with start_service("customer") as client:
        yield Copying(client)


async def _totals(
    customer: Copying, query: str = "", **claims: object
) -> dict[tuple[str, str], tuple[int, int, str]]:
    answer = await customer.client.call("GET", PATH + query, "manager", **claims)
    assert answer.status_code == 200
    return {
        (line["shop"], line["currency"]): (line["customers"], line["orders"], line["spend"])
        for line in answer.json()["totals"]
    }


async def test_totals_equal_a_hand_sum(customer: Copying) -> None:
    await customer.hear(
        an_order("A-1", buyer="ming", paid="20.00"),
        an_order("A-2", buyer="ming", paid="0.10"),
        an_order("A-3", buyer="hong", paid="0.20"),
        an_order("A-4", buyer="hong", paid="300", currency="JPY"),
        an_order("A-5", buyer="li", paid="7.77", shop="outlet"),
        an_order("A-6", buyer="li", paid="100.00", fake=True, flag_meaning="fake"),
        an_order("A-7", buyer="li", paid="100.00", top_up_of="A-1"),
        an_order("A-8", buyer="li", paid="100.00", cancelled_at=LATER),
        an_order("A-9", buyer="li", paid=None),
    )
    assert await _totals(customer) == {
        ("main", "CNY"): (2, 3, "20.30"),
        ("main", "JPY"): (1, 1, "300"),
        ("outlet", "CNY"): (1, 1, "7.77"),
    }
    assert await _totals(customer, "?shop=outlet") == {("outlet", "CNY"): (1, 1, "7.77")}


async def test_totals_of_many_orders_equal_their_sum_whatever_the_batches(customer: Copying) -> None:
    chance = random.Random(7)
    minors = [chance.randrange(0, 1_000_000) for _ in range(900)]
    orders = [
        an_order(
            f"A-{number}",
            buyer=f"buyer-{number % 250}",
            shop=("main", "outlet")[number % 2],
            paid=Money(minor, "CNY").amount,
        )
        for number, minor in enumerate(minors)
    ]
    expected: dict[str, int] = defaultdict(int)
    for order, minor in zip(orders, minors, strict=True):
        expected[order.shop] += minor
    chance.shuffle(orders)
    for start in range(0, len(orders), 200):
        await customer.hear(*orders[start : start + 200])
    totals = await _totals(customer)
    assert {shop: spend for (shop, _), (_, _, spend) in totals.items()} == {
        shop: Money(minor, "CNY").amount for shop, minor in expected.items()
    }
    assert {shop: (people, count) for (shop, _), (people, count, _) in totals.items()} == {
        "main": (125, 450),
        "outlet": (125, 450),
    }


async def test_importing_again_leaves_the_totals(customer: Copying) -> None:
    orders = [an_order(f"A-{number}", paid=f"{number}.05") for number in range(20)]
    await customer.hear(*orders)
    before = await _totals(customer)
    await customer.hear(*orders)
    assert await _totals(customer) == before == {("main", "CNY"): (1, 20, "191.00")}


async def test_a_correction_moves_the_totals_by_its_difference(customer: Copying) -> None:
    await customer.hear(an_order("A-1", paid="20.00"), an_order("A-2", paid="5.00"))
    await customer.arrive(corrected(an_order("A-1", paid="18.49"), sequence=2))
    assert await _totals(customer) == {("main", "CNY"): (1, 2, "23.49")}


async def test_totals_of_nothing_are_none(customer: Copying) -> None:
    assert await _totals(customer) == {}


async def test_a_token_for_one_shop_gets_the_totals_of_that_shop(customer: Copying) -> None:
    await customer.hear(an_order("A-1", shop="main"), an_order("A-2", shop="outlet"))
    assert set(await _totals(customer, shops=["outlet"])) == {("outlet", "CNY")}
    assert await _totals(customer, "?shop=main", shops=["outlet"]) == {}


async def test_a_parameter_that_does_not_exist_is_refused(customer: Copying) -> None:
    assert (await customer.client.call("GET", f"{PATH}?month=2026-11", "manager")).status_code == 422


@pytest.mark.parametrize("role", ["storefront", "agent", "service"])
async def test_who_has_no_reports_gets_none(customer: Copying, role: str) -> None:
    answer = await customer.client.call("GET", PATH, role)
    assert answer.status_code == 403
    assert answer.json()["permission"] == "customer:report"
    assert (await customer.client.http.get(PATH)).status_code == 401
