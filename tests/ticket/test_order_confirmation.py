"""Confirmation before an order is cleared: ticks, what they hold for, and the flag that asks for them (T34, T30)."""

from typing import Any

from ticket_desk import LATER, PAID, Desk, faults

from kit.ids import new_id

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}
ALL = ["amount", "item_number", "colour", "address", "contact", "courier_reaches", "dispatch_told"]
LINE = {"line_no": 1, "sku": "TEA", "options": "红 / M", "quantity": 2, "paid_total": "20.00"}
FACTS: dict[str, Any] = {
    "lines": [LINE], "paid": "20.00", "paid_at": PAID, "recipient": RECIPIENT, "courier": "中通",
}  # fmt: skip


async def tick(desk: Desk, *steps: str, number: str = "A-1", **claims: Any) -> dict[str, Any]:
    """Tick these off; it must be taken."""
    path = f"/v1/orders/main/{number}/confirmation"
    answer = await desk.call("POST", path, json={"steps": steps or ALL}, **claims)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def missing(desk: Desk, number: str = "A-1") -> list[str] | None:
    """What a red flag still misses; None when the order is cleared."""
    answer = await desk.call("POST", f"/v1/orders/main/{number}/flags", json={"colour": "red"})
    if answer.status_code == 201:
        return None
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-confirmed"), answer.text
    return list(answer.json()["missing"])


async def test_an_order_is_cleared_when_every_step_is_ticked(desk: Desk) -> None:
    """T34: one after the other, by several people; what is missing is named; nothing is written by a refused flag."""
    order = await desk.put(**FACTS)
    me, other = new_id(), new_id()
    assert await missing(desk) == ALL
    for place, step in enumerate(ALL):
        shown = await tick(desk, step, staff_id=me if place % 2 else other)
        assert shown["confirmed"] is (place == len(ALL) - 1)
        assert await missing(desk) == (ALL[place + 1 :] or None)
    seen = {step["code"]: step["ticked_by_staff_id"] for step in shown["steps"]}
    assert (seen["amount"], seen["item_number"]) == (str(other), str(me))
    assert await desk.audits(order["order_id"]) == ["recorded", *["confirm"] * 7, "flag"]
    assert await desk.subjects(order["order_id"]) == ["order.recorded", "order.paid", "order.flagged"]


async def test_other_colours_ask_for_nothing(desk: Desk) -> None:
    """T30: a problem is flagged on whatever order, and a sale of the other scheme is no clearing."""
    await desk.put()
    for colour in ("green", "purple", "yellow", None):
        await desk.flag(colour)


async def test_a_tick_holds_for_what_was_seen(desk: Desk) -> None:
    """T34: what changes later is confirmed again, and only that."""
    await desk.put(**FACTS)
    assert (await tick(desk))["confirmed"]
    moved: list[tuple[dict[str, Any], list[str]]] = [
        ({"agent": "菲菲"}, []),
        ({"lines": [LINE | {"options": "蓝 / M"}]}, ["colour"]),
        ({"lines": [LINE | {"sku": "CHA"}]}, ["item_number"]),
        ({"lines": [LINE | {"paid_total": "19.00"}], "paid": "19.00"}, ["amount"]),
        ({"freight": "1.00", "paid": "21.00"}, ["amount"]),
        ({"recipient": RECIPIENT | {"phone": "13900001111"}}, ["contact"]),
        ({"recipient": RECIPIENT | {"name": "李大明"}}, ["contact"]),
        ({"recipient": RECIPIENT | {"address": "别处"}}, ["address", "courier_reaches"]),
        ({"courier": "顺丰"}, ["courier_reaches"]),
        ({"recipient": None}, ["address", "contact", "courier_reaches"]),
    ]
    revision = 1
    for facts, stale in moved:
        for version in (FACTS | facts, FACTS):
            revision += 1
            await desk.put(revision=revision, **version)
            assert await missing(desk) == (stale or None if version is not FACTS else None), facts
    shown = (await desk.call("GET", "/v1/orders/main/A-1/confirmation")).json()
    assert (shown["confirmed"], shown["revision"]) == (True, revision)


async def test_a_stale_tick_says_so_and_is_put_again(desk: Desk) -> None:
    await desk.put(**FACTS)
    await tick(desk)
    await desk.put(revision=2, **FACTS | {"courier": "顺丰"})
    shown = (await desk.call("GET", "/v1/orders/main/A-1/confirmation")).json()
    states = {step["code"]: (step["ticked"], step["stale"]) for step in shown["steps"]}
    assert states["courier_reaches"] == (False, True)
    assert states["address"] == (True, False)
    assert (await tick(desk, "courier_reaches"))["confirmed"]
    assert await missing(desk) is None


async def test_a_tick_is_taken_back(desk: Desk) -> None:
    await desk.put(**FACTS)
    await tick(desk)
    path = "/v1/orders/main/A-1/confirmation/untick"
    shown = (await desk.call("POST", path, json={"steps": ["address", "contact"]})).json()
    assert shown["confirmed"] is False
    assert await missing(desk) == ["address", "contact"]


async def test_confirmation_comes_after_payment(desk: Desk) -> None:
    """T34, T53: but for cash on delivery; and never of a cancelled order."""
    path = "/v1/orders/main/{}/confirmation"
    await desk.put("U-1")
    unpaid = await desk.call("POST", path.format("U-1"), json={"steps": ALL})
    assert (unpaid.status_code, unpaid.json()["type"]) == (409, "/problems/order-unpaid")
    await desk.put("U-2", payment_method="cash_on_delivery")
    assert (await tick(desk, number="U-2"))["confirmed"]
    await desk.put("U-3", **FACTS, cancelled_at=LATER)
    gone = await desk.call("POST", path.format("U-3"), json={"steps": ALL})
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/order-closed")


async def test_what_is_no_step_and_no_order(desk: Desk) -> None:
    """Nothing is ticked then (X1, T40)."""
    await desk.put(**FACTS)
    path = "/v1/orders/main/A-1/confirmation"
    for steps, pointer in (
        (["amount", "mood"], "/steps/1"), ([], "/steps"), ("amount", "/steps"), ([1], "/steps/0"),
    ):  # fmt: skip
        assert faults(await desk.call("POST", path, json={"steps": steps})) == [pointer]
    assert (await desk.call("POST", "/v1/orders/main/A-9/confirmation", json={"steps": ALL})).status_code == 404
    assert (await desk.call("GET", path, shops=["outlet"])).status_code == 404
    assert await desk.rows("SELECT 1 FROM order_confirmation") == []


async def test_a_shop_has_its_own_list(desk: Desk) -> None:
    """X3: and one without steps clears orders as they are, paid or not."""
    await desk.put()
    await desk.without_checklist()
    assert await missing(desk) is None


async def test_the_dispatch_time_to_tell(desk: Desk) -> None:
    """T34, T35: with the list; paid on Friday 20 November at 10:01."""
    await desk.put(**FACTS)
    shown = (await desk.call("GET", "/v1/orders/main/A-1/confirmation")).json()["dispatch"]
    assert (shown["printed_at"], shown["leaves_from"], shown["leaves_until"]) == (
        "2026-11-20T12:00:00+08:00", "2026-11-23", "2026-11-24",
    )  # fmt: skip


async def test_nothing_personal_lies_in_the_ticks(desk: Desk) -> None:
    """X6: what was seen is a keyed digest."""
    await desk.put(**FACTS)
    await tick(desk)
    await desk.put("A-2", **FACTS)
    await tick(desk, number="A-2")
    rows = await desk.rows("SELECT seen, ticks::text AS said FROM order_confirmation ticks WHERE step = 'contact'")
    assert len({bytes(row.seen) for row in rows}) == 2, "the same phone of two orders isn't to be recognised"
    assert not any("138" in row.said and "小明" in row.said for row in rows)


async def test_nobody_ticks_what_they_have_not_seen(desk: Desk) -> None:
    """T34: with the version that was seen, a step is ticked for that and for nothing newer."""
    await desk.put(**FACTS)
    path = "/v1/orders/main/A-1/confirmation"
    seen = (await desk.call("GET", path)).headers["etag"]
    await desk.put(revision=2, **(FACTS | {"recipient": RECIPIENT | {"address": "别处"}}))
    for verb in (path, f"{path}/untick"):
        stale = await desk.call("POST", verb, json={"steps": ["address"]}, headers={"If-Match": seen})
        assert stale.status_code == 412
    now = (await desk.call("GET", path)).headers["etag"]
    ticked = await desk.call("POST", path, json={"steps": ["address"]}, headers={"If-Match": now})
    assert ticked.status_code == 200, ticked.text
