"""What orders leave behind: gap-free events in order, one line in the trail per change, nothing personal (E4, I1, X6,
X7)."""

import orjson
import pytest
from ticket_desk import LATER, PAID, Desk, an_item

from contracts.catalogue import decode
from contracts.ticket.order import OrderEvent

pytestmark = pytest.mark.usefixtures("cleared_freely")

# Whatever of these is found outside the two tables that may hold it, is a leak.
CANARIES = {
    "buyer": "旺旺canary-buyer",
    "name": "李金丝雀",
    "phone": "13800138000",
    "address": "金丝雀路 4711 号",
    "payer": "payer-canary",
    "tracking": "SFCANARY0001",
    "note": "15900001111",
}


async def test_an_order_tells_its_milestones_one_after_the_other(desk: Desk) -> None:
    """E4, C10: recorded, paid, shipped … each once, each with the whole state."""
    order_id = (await desk.put(paid="20.00", paid_at=PAID))["order_id"]
    await desk.put(revision=2, paid="20.00", paid_at=PAID, shipped_at=LATER, received_at=LATER)
    await desk.put(revision=3, paid="20.00", paid_at=PAID, shipped_at=LATER, received_at=LATER, courier="SF")
    await desk.put(revision=4, paid="20.00", paid_at=PAID, cancelled_at=LATER)
    assert await desk.subjects(order_id) == [
        "order.recorded", "order.paid",
        "order.corrected", "order.shipped", "order.received",
        "order.corrected",
        "order.corrected", "order.cancelled",
    ]  # fmt: skip
    rows = await desk.rows("SELECT subject, body FROM outbox ORDER BY id")
    events = [decode(row.subject, bytes(row.body)) for row in rows]
    assert all(isinstance(event, OrderEvent) for event in events)
    assert [event.order.revision for event in events if isinstance(event, OrderEvent)] == [1, 1, 2, 2, 2, 3, 4, 4]
    assert [event.order.courier for event in events if isinstance(event, OrderEvent)][-3:] == ["SF", None, None]


async def test_imported_history_is_one_quiet_fact(desk: Desk) -> None:
    """E3."""
    (result,) = (await desk.send(an_item("H-1", historic=True, paid_at=PAID, completed_at=LATER)))["results"]
    assert await desk.subjects(result["order_id"]) == ["order.recorded"]


async def test_every_change_is_in_the_trail_with_before_and_after(desk: Desk) -> None:
    """X7: who, when, what before and after; what changes nothing leaves no line."""
    order_id = (await desk.put(revision=2))["order_id"]
    await desk.put(revision=2)
    await desk.put(revision=5)
    await desk.flag("red", "【菲菲】(中通)8/10", sub="agent:feifei")
    trail = await desk.rows(
        "SELECT actor, action, noun, aggregate_id, before, after, at, request_id FROM audit ORDER BY id"
    )
    assert [(line.actor, line.action, line.before, line.after) for line in trail] == [
        ("storefront:test", "recorded", {}, {"revision": 2}),
        ("storefront:test", "corrected", {"revision": 2}, {"revision": 5}),
        ("agent:feifei", "flag", {"meaning": None}, {"meaning": "cleared", "colour": "red", "policy": 1}),
    ]
    assert {(line.noun, str(line.aggregate_id), line.at) for line in trail} == {("order", order_id, desk.clock.now())}
    assert all(line.request_id for line in trail)


async def test_nothing_personal_stands_open_but_in_what_people_wrote(desk: Desk) -> None:
    """X6: canaries put in wherever a person's data can be put in, looked for in everything else that was written."""
    recipient = {"name": CANARIES["name"], "phone": CANARIES["phone"], "address": CANARIES["address"]}
    facts = {
        "recipient": recipient, "payer_token": CANARIES["payer"], "tracking_number": CANARIES["tracking"],
        "buyer": CANARIES["buyer"],
    }  # fmt: skip
    await desk.put(paid_at=PAID, **facts)
    await desk.put(revision=2, **facts)
    await desk.send(an_item("A-2", **facts), an_item("A-3", revision=0, **facts))
    await desk.flag("green", f"【菲菲】(客户电话 {CANARIES['note']})8/10")
    ticket = await desk.open(order_no="A-1", subject=CANARIES["name"], description=CANARIES["phone"])
    await desk.verb(ticket, "start")
    await desk.verb(ticket, "wait", waiting_on="customer", reason=f"等 {CANARIES['phone']} 回电")
    await desk.verb(ticket, "solve", solution=CANARIES["address"])
    await desk.verb(ticket, "reopen", reason=f"{CANARIES['phone']} 又来电")
    await desk.verb(ticket, "cancel", reason=f"打 {CANARIES['note']} 无人接")
    written = ""
    for table in ("outbox", "audit", "timer", "shop_order", "order_delivery"):
        body = ", convert_from(body, 'UTF8') AS text" if table == "outbox" else ""
        rows = await desk.rows(f"SELECT to_jsonb(one) AS row{body} FROM {table} one")
        assert rows or table == "timer"
        written += orjson.dumps([tuple(row) for row in rows]).decode()
    assert [name for name, canary in CANARIES.items() if canary in written] == []
    assert CANARIES["phone"] in str(await desk.parties())
