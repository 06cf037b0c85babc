"""Orders in batches: each is taken or refused by itself, and however often and by however many they are sent, each is
recorded once and told once (C10, E3, E4, I1, I5)."""

import asyncio
from typing import Any

from ticket_desk import PAID, Desk, an_item, faults

OUTCOMES = ("recorded", "corrected", "unchanged", "refused")


def counts(results: dict[str, Any]) -> dict[str, int]:
    """How many items had each outcome, none left out; the sums of the answer agree with its items."""
    each = [result["outcome"] for result in results["results"]]
    assert [result["index"] for result in results["results"]] == list(range(len(each)))
    summed = {name: results[name] for name in OUTCOMES}
    assert summed == {name: each.count(name) for name in OUTCOMES}
    return {name: number for name, number in summed.items() if number}


async def test_five_hundred_orders_are_recorded_in_one_batch(desk: Desk) -> None:
    """C10, I1: rows, events and trail of all of them."""
    items = [an_item(f"A-{n}", buyer=f"buyer-{n % 50}", paid_at=PAID) for n in range(500)]
    assert counts(await desk.send(*items)) == {"recorded": 500}
    assert counts(await desk.send(*items)) == {"unchanged": 500}
    for table, expected in (("shop_order", 500), ("order_delivery", 500), ("outbox", 1000), ("audit", 500)):
        assert (await desk.rows(f"SELECT count(*) FROM {table}"))[0].count == expected, table


async def test_a_batch_has_between_one_and_five_hundred_orders(desk: Desk) -> None:
    """E3."""
    for orders in ([], [an_item(f"A-{n}") for n in range(501)]):
        answer = await desk.call("POST", "/v1/orders/batches", "storefront", json={"orders": orders})
        assert faults(answer) == ["/orders"]


async def test_bad_orders_fall_out_alone(desk: Desk) -> None:
    """E3, X6: each with its place and never with its value; the others are taken."""
    private = "13812345678"
    bad = [
        ("/orders/1/paid", an_item("B-1", paid=f"{private}x")),
        ("/orders/2", an_item("B-2", paid="19.99")),
        ("/orders/3/lines/0/quantity", an_item("B-3", lines=[{**LINE, "quantity": 0}])),
        ("/orders/4", private),
        ("/orders/5", None),
        ("/orders/6", [private]),
        ("/orders/7/shop", {name: value for name, value in an_item("B-7").items() if name != "shop"}),
        ("/orders/8/order_no", an_item(private + " x")),
        ("/orders/9", an_item("B-9", lines=[{**LINE, "cost": "0.001"}])),
        ("/orders/10/placed_at", an_item("B-10", placed_at=private)),
        ("/orders/11/recipient/mobile", an_item("B-11", recipient={"mobile": private})),
    ]
    results = await desk.send(an_item("A-1"), *(item for _, item in bad), an_item("A-2"))
    assert counts(results) == {"recorded": 2, "refused": len(bad)}
    told = [[error["pointer"] for error in result["errors"]] for result in results["results"]]
    assert told == [[], *([pointer] for pointer, _ in bad), []]
    assert private not in str(results)
    assert [result["order_id"] is None for result in results["results"]] == [False, *[True] * len(bad), False]


async def test_faults_are_told_in_the_callers_language(desk: Desk) -> None:
    """X8."""
    told = []
    for language in ("zh-CN", "en"):
        headers = {"Accept-Language": language}
        (result,) = (await desk.send(an_item("A-1", revision="2"), headers=headers))["results"]
        told.append(result["errors"][0]["detail"])
    assert told == ["必须是整数", "must be a whole number"]


async def test_a_token_of_one_shop_sends_that_shops_orders_only(desk: Desk) -> None:
    """X1."""
    results = await desk.send(an_item("A-1"), an_item("A-1", "outlet"), shops=["outlet"])
    assert [result["outcome"] for result in results["results"]] == ["refused", "recorded"]
    assert results["results"][0]["errors"][0]["pointer"] == "/orders/0/shop"


async def test_of_several_revisions_the_highest_counts_and_of_equal_ones_the_first(desk: Desk) -> None:
    """C10: an equal revision is a no-op, inside one batch as well."""
    results = await desk.send(
        an_item("A-1", revision=2, amount="2.00"),
        an_item("A-2", revision=1, amount="1.00"),
        an_item("A-1", revision=7, amount="7.00"),
        an_item("A-1", revision=7, amount="70.00"),
        an_item("A-2", revision=1, amount="10.00"),
        an_item("A-1", revision=3, amount="3.00"),
    )
    outcomes = [result["outcome"] for result in results["results"]]
    assert outcomes == ["unchanged", "recorded", "recorded", "unchanged", "unchanged", "unchanged"]
    ids = [result["order_id"] for result in results["results"]]
    assert len(set(ids)) == 2
    for number, amount in (("A-1", "7.00"), ("A-2", "1.00")):
        order = (await desk.call("GET", f"/v1/orders/main/{number}")).json()
        assert order["goods_total"]["amount"] == amount
        assert await desk.subjects(order["order_id"]) == ["order.recorded"]
        assert await desk.audits(order["order_id"]) == ["recorded"]


async def test_new_corrected_and_unchanged_orders_in_one_batch(desk: Desk) -> None:
    """C10."""
    await desk.send(an_item("A-1"), an_item("A-2", revision=3))
    results = await desk.send(an_item("A-3"), an_item("A-1", revision=2, paid_at=PAID), an_item("A-2", revision=2))
    assert [result["outcome"] for result in results["results"]] == ["recorded", "corrected", "unchanged"]
    corrected = results["results"][1]["order_id"]
    assert await desk.subjects(corrected) == ["order.recorded", "order.corrected", "order.paid"]
    assert await desk.audits(corrected) == ["recorded", "corrected"]


async def test_twenty_batches_at_once_record_each_order_once(desk: Desk) -> None:
    """C10, E4, I4, I5: overlapping orders, some with higher revisions, in any order of arrival."""
    numbers = [f"A-{n}" for n in range(40)]

    def batch(worker: int) -> list[dict[str, Any]]:
        turned = numbers[worker:] + numbers[:worker]
        return [
            an_item(number, revision=1 + (worker + place) % 3, paid_at=PAID if (worker + place) % 3 else None)
            for place, number in enumerate(turned[:30])
        ]

    sent = [batch(worker) for worker in range(20)]
    highest = {number: max(item["revision"] for one in sent for item in one if item["order_no"] == number)
               for number in numbers}  # fmt: skip
    answers = await asyncio.gather(*(desk.send(*items) for items in sent))
    totals = [counts(answer) for answer in answers]
    assert sum(total.get("recorded", 0) for total in totals) == len(numbers)
    assert not any("refused" in total for total in totals)
    orders = await desk.rows("SELECT order_no, order_id, revision, version, event_seq FROM shop_order")
    assert {order.order_no: order.revision for order in orders} == highest
    corrections = sum(total.get("corrected", 0) for total in totals)
    assert sum(order.version - 1 for order in orders) == corrections
    for order in orders:
        subjects = await desk.subjects(order.order_id)
        assert len(subjects) == order.event_seq
        assert subjects.count("order.recorded") == 1
        assert subjects.count("order.corrected") == order.version - 1
        assert subjects.count("order.paid") <= 1 + order.version - 1
        assert len(await desk.audits(order.order_id)) == order.version


async def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(desk: Desk) -> None:
    """Ingestion is set-based."""
    with desk.statements() as few:
        await desk.send(*(an_item(f"A-{n}") for n in range(3)))
    with desk.statements() as many:
        await desk.send(*(an_item(f"B-{n}") for n in range(300)))
    assert len(few) == len(many) <= 8


async def test_the_same_key_gives_the_same_results(desk: Desk) -> None:
    """A batch is sent again after a lost answer: the answer is the one of the first time."""
    headers = {"Idempotency-Key": "import-1"}
    first = await desk.send(an_item("A-1"), an_item("A-2", paid="1"), headers=headers)
    assert await desk.send(an_item("A-1"), an_item("A-2", paid="1"), headers=headers) == first
    assert counts(first) == {"recorded": 1, "refused": 1}


LINE = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": "20.00"}
