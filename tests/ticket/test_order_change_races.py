"""Everything about a changed order at the same moment: versions, answers, agreements, top-ups, flags. Nobody waits for
one another for ever, and the books add up (T37, T55)."""

import asyncio
from typing import Any

import httpx
from change_desk import LINES, Changes, lines
from ticket_desk import LATER, PAID, Desk, an_item

from kit.testing.poll import eventually

FEWER = lines("60.00", quantity=3)
MORE = lines("100.00", quantity=5)
TOP_UP = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "20.00"}]


async def test_all_at_once(desk: Desk) -> None:
    """Six orders, each with its change, in batches that hold them in opposite orders; no answer is a fault of ours."""
    changes = Changes(desk)
    numbers = [f"R-{place}" for place in range(6)]
    for number in numbers:
        await changes.order(number)
    cheaper = [await changes.agreed(number=number, lines=[{"line_no": 1, "quantity": 3}]) for number in numbers[:3]]
    dearer = [await changes.agreed(number=number, lines=[{"line_no": 1, "quantity": 5}]) for number in numbers[3:]]

    def version(number: str, revision: int, paid: str, told: list[dict[str, Any]]) -> dict[str, Any]:
        return an_item(number, revision=revision, paid=paid, paid_at=PAID, lines=told, courier="中通", region="江苏")

    def batch(items: list[dict[str, Any]]) -> Any:
        return desk.call("POST", "/v1/orders/batches", "storefront", json={"orders": items})

    noise = [version(number, 2, "100.00", LINES) for number in numbers]
    carried_out = [version(number, 3, "80.00", FEWER) for number in numbers[:3]]
    top_ups = [
        an_item(f"T-{number}", lines=TOP_UP, top_up_of=number, paid="20.00", paid_at=PAID) for number in numbers[3:]
    ]
    answers: list[httpx.Response] = await asyncio.gather(
        batch(noise), batch(noise[::-1]), batch(carried_out), batch(carried_out[::-1]), batch(top_ups + noise),
        batch(noise + top_ups), *(changes.pay(change, payment_reference=f"P-{n}") for n, change in enumerate(cheaper)),
        *(changes.pay(change, payment_reference=f"P-{n}") for n, change in enumerate(cheaper)),
        *(changes.verb(change, "agree") for change in (*cheaper, *dearer)),
        *(desk.call("POST", f"/v1/orders/main/{number}/flags", json={"colour": "green"}) for number in numbers),
    )  # fmt: skip
    assert {answer.status_code for answer in answers} <= {200, 201, 409, 412}

    async def told() -> bool:
        shown = [await changes.shown(change) for change in dearer]
        return all(one["status"] == "agreed" for one in shown)

    await eventually(told, within=15)
    await desk.send(*(version(number, 4, "120.00", MORE) for number in numbers[3:]))
    assert {(await changes.shown(change))["status"] for change in (*cheaper, *dearer)} == {"confirmed"}
    assert {await changes.book(number) for number in numbers[:3]} == {("100", "80", "20", "0")}
    assert {await changes.book(number) for number in numbers[3:]} == {("100", "100", "0", "0")}
    assert await desk.rows("SELECT 1 FROM book_alarm") == []
    for number in numbers:
        order = (await desk.call("GET", f"/v1/orders/main/{number}")).json()
        await desk.subjects(order["order_id"])  # no gap in what was told


async def test_a_top_up_that_comes_too_late_moves_nothing(desk: Desk) -> None:
    """T37: the order has left, costs something else, or gives the line back: the storefront is not told to change it,
    and people refuse the change."""
    changes = Changes(desk)
    numbers = ("S-1", "S-2", "S-3")
    dearer = []
    for number in numbers:
        await changes.order(number)
        dearer.append(await changes.agreed(number=number, lines=[{"line_no": 1, "quantity": 5}]))
    await changes.revise(2, "S-1", shipped_at=LATER)
    await changes.revise(2, "S-2", paid="90.00", lines=lines("70.00"))
    await desk.change(
        "INSERT INTO order_book_line SELECT order_id, 1, 4, 8000, 1, 0, 0 FROM shop_order WHERE order_no = 'S-3'"
    )
    for number in numbers:
        await desk.put(f"T-{number}", lines=TOP_UP, top_up_of=number, paid="20.00", paid_at=PAID)

    async def looked_at() -> bool:
        due = await desk.rows("SELECT 1 FROM timer WHERE kind = 'order-change-top-up' AND fired_at IS NULL")
        return due == []

    await eventually(looked_at, within=10)
    assert [(await changes.shown(one))["status"] for one in dearer] == ["topping_up"] * 3
    assert await changes.told() == []
    for one in dearer:
        await changes.done(one, "refuse", grounds="已发货")


async def test_a_top_up_that_was_given_back_pays_for_nothing(desk: Desk) -> None:
    """T36, T55: its order has it no more, whichever comes first; and a list says what is open again."""
    changes = Changes(desk)
    await changes.order()
    await desk.put("T-1", lines=TOP_UP, top_up_of="A-1", paid="20.00", paid_at=PAID)
    await desk.change(
        "WITH book AS (UPDATE order_book SET kept_minor = 0, in_flight_minor = 500, refunded_minor = 1500"
        " WHERE paid_minor = 2000 RETURNING order_id, gen_random_uuid() AS cause_id)"
        " INSERT INTO book_entry (order_id, kind, amount_minor, cause_id, at)"
        " SELECT order_id, kind, amount, cause_id, :at FROM book,"
        " (VALUES ('reserved', 2000), ('refunded', 1500)) AS entry (kind, amount)",
        at=desk.clock.now(),
    )
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 5}])
    assert change["status"] == "topping_up"
    courier = await desk.call("PUT", "/v1/orders/main/A-1/surcharge", json={"courier": "顺丰"})
    assert courier.status_code == 200
    seen = (await desk.call("GET", "/v1/orders/main/A-1/top-ups")).json()
    assert (seen["paid"]["amount"], seen["open"]["amount"]) == ("20.00", "8.00")


async def test_a_top_up_that_was_cancelled_pays_for_nothing(desk: Desk) -> None:
    """T36: its money is its buyer's again; one that comes after it is there whole."""
    changes = Changes(desk)
    await changes.order()
    await desk.put("T-1", lines=TOP_UP, top_up_of="A-1", paid="20.00", paid_at=PAID)
    gone = {"cancelled_at": desk.clock.now().isoformat()}
    await desk.put("T-1", revision=2, lines=TOP_UP, top_up_of="A-1", paid="20.00", paid_at=PAID, **gone)
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 5}])
    assert change["status"] == "topping_up"
    await desk.put("T-2", lines=TOP_UP, top_up_of="A-1", paid="20.00", paid_at=PAID)

    async def is_agreed() -> bool:
        return bool((await changes.shown(change))["status"] == "agreed")

    await eventually(is_agreed)
