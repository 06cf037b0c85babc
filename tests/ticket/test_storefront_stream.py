"""Orders that the storefront publishes instead of sending them: the same result as by HTTP (E3, C10, I4, I5, I7)."""

import asyncio
import itertools
import random
from typing import Any

import orjson
from stage import Starter
from storefront_desk import READER, Storefront, cny, news, told, written
from ticket_desk import LATER, PAID, PLACED, Desk

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.examples import example
from kit.bus import Bus
from kit.clock import FrozenClock
from kit.testing.poll import eventually
from services.ticket.subscribers import SUBSCRIPTIONS

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}
FULL: dict[str, Any] = {
    "revision": 3, "paid": "52.50", "payment_method": "alipay", "payer_token": "payer-4711", "courier": "中通",
    "region": "江苏", "channel": "search", "agent": "菲菲", "top_up_of": "A-0", "recipient": RECIPIENT,
    "placed_at": PLACED, "paid_at": PAID, "shipped_at": LATER, "freight_insured": True,
}  # fmt: skip
LINES: list[dict[str, Any]] = [
    {"line_no": 1, "sku": "TEA", "item_no": "T", "product_name": "茶", "category": "红茶", "quantity": 3,
     "unit_price": "16.67", "paid_total": "50.00", "cost": "30.00"},
    {"line_no": 2, "sku": "CUP", "product_name": "杯", "quantity": 1, "unit_price": "8.00", "paid_total": "7.50",
     "cost": "4"},
]  # fmt: skip


async def test_a_published_order_is_the_order_that_was_sent(
    storefront: Storefront, start_service: Starter, clock: FrozenClock
) -> None:
    """E3, X7: every column, event and line of the trail; only who brought it differs."""
    priced = [{name: cny(value) if name in ("unit_price", "paid_total", "cost") else value
               for name, value in line.items()} for line in LINES]  # fmt: skip
    priced[0] |= {"colour": "红罐", "size": "500 g"}
    published = FULL | {
        "paid": cny("52.50"), "goods_total": cny("57.50"), "discount": cny("10.00"), "freight": cny("3.00"),
        "surcharge": cny("2.00"), "tracking_no": "ZT7300012345678", "lines": priced,
    }  # fmt: skip
    sent = FULL | {
        "discount": "10.00", "freight": "3.00", "surcharge": "2.00", "tracking_number": "ZT7300012345678",
        "lines": [LINES[0] | {"options": "红罐 / 500 g"}, LINES[1]], "buyer": "ming",
    }  # fmt: skip
    await storefront.tell(told("placed", **published))
    async with start_service("ticket") as client:
        by_http = Desk(client, clock)
        await by_http.put(**sent)
        assert await written(storefront.desk) == await written(by_http)
    (order,) = await storefront.desk.rows("SELECT * FROM shop_order")
    assert (order.account_id, order.cost_minor, order.freight_minor) == (storefront.desk.account("ming"), 3400, 500)
    assert (order.surcharge_minor, order.freight_insured) == (200, True)
    assert {row.actor for row in await storefront.desk.rows("SELECT actor FROM audit")} == {f"system:{READER}"}


async def test_milestones_by_themselves_end_where_revisions_end(
    storefront: Storefront, start_service: Starter, clock: FrozenClock
) -> None:
    """E3: placed, paid, shipped, received, completed and cancelled, one after the other."""
    steps = (
        news("paid", paid=cny("20.00"), payment_method="alipay", payer_token="payer-1", paid_at=PAID),
        news("shipped", courier="中通", tracking_no="ZT1", shipped_at=LATER),
        news("received", received_at=LATER),
        news("completed", completed_at=LATER),
        news("cancelled", reason="buyer_changed_mind", cancelled_at=LATER),
    )
    await storefront.tell(told("placed"), *steps)
    facts = {
        "paid": "20.00", "payment_method": "alipay", "payer_token": "payer-1", "courier": "中通", "paid_at": PAID,
        "tracking_number": "ZT1", **dict.fromkeys(("shipped_at", "received_at", "completed_at", "cancelled_at"), LATER),
        "lines": [{"line_no": 1, "sku": "TEA", "product_name": "茶", "quantity": 2, "unit_price": "10.00",
                   "paid_total": "20.00"}],
    }  # fmt: skip
    async with start_service("ticket") as client:
        by_http = Desk(client, clock)
        order_id = (await by_http.put(**facts))["order_id"]
        ours, theirs = await written(storefront.desk), await written(by_http)
    differs = {"version", "event_seq"}
    ours["order"][0] = {name: value for name, value in ours["order"][0].items() if name not in differs}
    theirs["order"][0] = {name: value for name, value in theirs["order"][0].items() if name not in differs}
    assert (ours["order"], ours["delivery"]) == (theirs["order"], theirs["delivery"])
    verbs = ["recorded", "paid", "shipped", "received", "completed", "cancelled"]
    assert await storefront.desk.subjects(order_id) == [f"order.{verb}" for verb in verbs]
    assert await storefront.desk.audits(order_id) == verbs
    assert ours["event"][-1][-1]["reason"] == "buyer_changed_mind"
    (line,) = await storefront.desk.rows("SELECT before, after FROM audit WHERE action = 'paid'")
    assert (line.before, line.after) == ({"paid_at": None}, {"paid_at": "2026-11-20T02:01:00+00:00"})


async def test_what_the_contract_shows_can_be_taken(storefront: Storefront) -> None:
    """E3: its own examples, with a discount that is in the lines already, and a correction silent about milestones."""
    verbs = ("placed", "paid", "shipped", "received", "completed", "corrected")
    await storefront.tell(*(example(f"storefront.order.{verb}") for verb in verbs))
    (order,) = await storefront.desk.rows("SELECT * FROM shop_order")
    assert (order.goods_minor, order.discount_minor, order.paid_minor, order.cost_minor) == (16800, 0, 16800, 8800)
    assert (order.revision, order.version, order.courier) == (2, 6, "中通")
    assert all((order.paid_at, order.shipped_at, order.received_at, order.completed_at))
    assert await storefront.letters() == []


HTTP, NATS = "http", "nats"
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (HTTP, "put", {"revision": 1, "region": "一"}),
    (NATS, "placed", {"revision": 1, "region": "一"}),
    (HTTP, "put", {"revision": 2, "region": "二", "received_at": LATER}),
    (NATS, "corrected", {"revision": 3, "region": "三", "paid_at": PAID}),
    (HTTP, "put", {"revision": 4, "region": "四", "paid_at": PAID}),
    (
        NATS,
        "corrected",
        {"revision": 5, "region": "五", "paid": cny("20.00"), "paid_at": PAID, "cancelled_at": LATER},
    ),
    (NATS, "paid", {"paid": cny("20.00"), "paid_at": PAID, "payment_method": "alipay"}),
    (NATS, "shipped", {"courier": "中通", "tracking_no": "ZT1", "shipped_at": LATER}),
)


async def test_both_ways_in_any_order_end_in_the_same_state(storefront: Storefront) -> None:
    """C10, E3, E4: revisions out of order by HTTP and NATS, milestones between them; each thing is told once."""
    desk, orders = storefront.desk, random.Random(3)
    beginnings = [way for way in itertools.permutations(range(len(STEPS))) if way[0] < 6]
    ways = dict(zip((f"P-{n}" for n in range(40)), orders.sample(beginnings, 40), strict=True))
    for place in range(len(STEPS)):
        by_http = []
        for number, way in ways.items():
            kind, verb, facts = STEPS[way[place]]
            if kind == HTTP:
                by_http.append({"shop": "main", "order_no": number, **SENT, **facts})
            elif verb in ("placed", "corrected"):
                await storefront.publish(told(verb, number, **facts))
            else:
                await storefront.publish(news(verb, number, **facts))
        await asyncio.gather(*(desk.send(item) for item in by_http), storefront.heard())
    known = "SELECT to_jsonb(o) - '{order_id,order_no,version,event_seq,recorded_at}'::text[] AS order, order_id,"
    rows = await desk.rows(f"{known} event_seq, version FROM shop_order o JOIN order_delivery d USING (order_id)")
    parties = await desk.parties()
    assert len(rows) == 40
    assert {
        orjson.dumps([row.order, parties[row.order_id].tracking_number], option=orjson.OPT_SORT_KEYS) for row in rows
    } == {orjson.dumps([rows[0].order, "ZT1"], option=orjson.OPT_SORT_KEYS)}
    state = rows[0].order
    assert (state["revision"], state["region"], state["courier"], state["paid_minor"]) == (5, "五", "中通", 2000)
    assert [bool(state[f"{name}_at"]) for name in ("paid", "shipped", "received", "cancelled")] == [
        True, True, False, True,
    ]  # fmt: skip
    for row in rows:
        subjects = await desk.subjects(row.order_id)
        assert len(subjects) == row.event_seq
        for once in ("recorded", "paid", "shipped", "cancelled"):
            assert subjects.count(f"order.{once}") == 1, subjects
        assert len(await desk.audits(row.order_id)) == row.version
    gaps = (
        "SELECT aggregate_id FROM outbox GROUP BY aggregate_id HAVING max(sequence) <> count(*) OR min(sequence) <> 1"
    )
    assert await desk.rows(gaps) == []


SENT: dict[str, Any] = {
    "buyer_ref": "ming", "placed_at": PLACED,
    "lines": [{"line_no": 1, "sku": "TEA", "product_name": "茶", "quantity": 2, "unit_price": "10.00",
               "paid_total": "20.00"}],
}  # fmt: skip


async def test_an_order_may_name_its_cost_as_a_whole(storefront: Storefront) -> None:
    """C10: both ways; what it names goes before the sum of its lines."""
    await storefront.tell(told("placed", cost=cny("12.50")))
    assert (await storefront.desk.put("A-2", cost="12.50"))["cost"] == cny("12.50")
    assert [row.cost_minor for row in await storefront.desk.rows("SELECT cost_minor FROM shop_order")] == [1250, 1250]


async def test_imported_history_stays_quiet(storefront: Storefront) -> None:
    """E3: one fact, and a milestone of it puts copies right without announcing anything."""
    desk = storefront.desk
    await storefront.tell(told("placed", historic=True, paid_at=PAID), news("received", received_at=LATER))
    (order,) = await desk.rows("SELECT order_id, historic, received_at FROM shop_order")
    assert order.historic
    assert order.received_at
    assert await desk.subjects(order.order_id) == ["order.recorded", "order.corrected"]


async def test_a_silent_correction_takes_back_nothing_that_was_told_by_itself(storefront: Storefront) -> None:
    """C10, E3: how much was paid is open when the order costs something else now; tracking goes on."""
    desk = storefront.desk
    await storefront.tell(
        told("placed"),
        news("paid", paid=cny("20.00"), paid_at=PAID, payer_token="payer-1"),
        news("shipped", tracking_no="ZT1", shipped_at=LATER),
    )
    await desk.put(revision=2, amount="30.00", recipient=RECIPIENT)
    (order,) = await desk.rows("SELECT * FROM shop_order")
    assert (order.revision, order.goods_minor, order.paid_minor) == (2, 3000, None)
    assert order.paid_at
    assert order.shipped_at
    party = (await desk.parties())[order.order_id]
    assert (party.tracking_number, party.payer_token, party.recipient.name) == ("ZT1", "payer-1", "李小明")
    verbs = ["recorded", "paid", "shipped", "corrected"]
    assert await desk.subjects(order.order_id) == [f"order.{verb}" for verb in verbs]


async def test_a_milestone_told_twice_is_told_once(storefront: Storefront) -> None:
    """E3: the first word counts, as does what the revision already knows."""
    await storefront.tell(told("placed"), news("shipped", tracking_no="ZT1", shipped_at=LATER))
    await storefront.tell(news("shipped", tracking_no="ZT2", shipped_at=PAID))
    (order,) = await storefront.desk.rows("SELECT * FROM shop_order")
    assert (order.version, (await storefront.desk.parties())[order.order_id].tracking_number) == (2, "ZT1")
    assert await storefront.desk.subjects(order.order_id) == ["order.recorded", "order.shipped"]


async def test_a_milestone_waits_for_an_order_that_comes_by_http(storefront: Storefront) -> None:
    """E3: the two ways don't wait for each other."""
    await storefront.publish(news("paid", paid=cny("20.00"), paid_at=PAID))
    await eventually(lambda: storefront.desk.rows("SELECT 1 FROM attempt"))
    order_id = (await storefront.desk.put())["order_id"]
    await storefront.heard()
    assert await storefront.desk.subjects(order_id) == ["order.recorded", "order.paid"]
    assert await storefront.letters() == []


async def test_redelivery_doubles_nothing(storefront: Storefront) -> None:
    """I5: the same events again, past the broker's deduplication."""
    events = [told("placed"), news("paid", paid=cny("20.00"), paid_at=PAID), told("corrected", revision=2)]
    for event in events:
        await storefront.tell(event, again=4)
    once = await written(storefront.desk)
    assert [event[3] for event in once["event"]] == ["order.recorded", "order.paid", "order.corrected"]
    for event, sequence in zip(events, (1, 2, 3), strict=True):  # and once more under ids of their own
        storefront.sequences[event.aggregate_id] = sequence - 1
        await storefront.publish(event)
    await storefront.tell(told("placed", "A-2"))  # the stream is read in order: all before it is handled
    after = await written(storefront.desk)
    assert len(after["event"]) == len(once["event"]) + 1
    assert once["order"][0] in after["order"]


def _batch(prefix: str, orders: int) -> list[Event]:
    """Every kind of news, five of each order, no two orders alike in what they say."""
    events: list[Event] = []
    for n in range(orders):
        number = f"{prefix}-{n}"
        events += [
            told("placed", number, buyer_ref=f"buyer-{n}"),
            news("paid", number, paid=cny("20.00"), paid_at=PAID, **({"payer_token": f"p-{n}"} if n % 2 else {})),
            told("corrected", number, revision=2 + n % 3, buyer_ref=f"buyer-{n}", region=None if n % 2 else "江苏"),
            news("shipped", number, shipped_at=LATER, **({"courier": "中通"} if n % 3 else {})),
            news(
                "cancelled" if n % 2 else "received", number, **{f"{'cancelled' if n % 2 else 'received'}_at": LATER}
            ),
        ]
    return events


async def test_five_hundred_events_cost_as_many_statements_as_ten(desk: Desk) -> None:
    """Ingestion is set-based, for new orders and for known ones."""
    storefront = Storefront(desk, Bus("nats://127.0.0.1:1", "storefront"))
    with desk.statements() as few:
        await storefront.hand_over(_batch("A", 2))
    with desk.statements() as many:
        await storefront.hand_over(_batch("B", 100))
    assert len(few) == len(many) <= 16
    assert (await desk.rows("SELECT count(*) FROM shop_order WHERE shipped_at IS NOT NULL"))[0].count == 102
    more = [told("corrected", f"B-{n}", revision=9, agent=("菲菲", None)[n % 2]) for n in range(100)]
    with desk.statements() as corrections:
        await storefront.hand_over(more)
    assert len(corrections) <= 16
    rows = await desk.rows(
        "SELECT agent, count(*) FROM shop_order WHERE revision = 9 AND paid_minor = 2000 GROUP BY 1"
    )
    assert sorted((row.agent or "", row.count) for row in rows) == [("", 50), ("菲菲", 50)]


def test_every_news_of_an_order_is_taken() -> None:
    """E3: what the catalogue has of the noun, the service handles."""
    (found,) = [one for one in SUBSCRIPTIONS if one.reader.name == READER]
    assert set(found.handlers) == {subject for subject in EVENTS if subject.startswith("storefront.order.")}
