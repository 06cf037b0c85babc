"""Credits follow from facts, in whatever order these arrive (A1, A6, T30–T32)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from appraisal_desk import PAID, PLACED, Desk, an_order, cancelled, corrected, flagged, paid
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from stage import Starter

from contracts.appraisal.staff import StaffHired
from contracts.ticket.order import FlagMeaning
from kit.inbox import Verdict
from kit.testing.poll import eventually

CREDITS = "/v1/ledger/sale-credits"
UNMATCHED = "/v1/ledger/unmatched-aliases"


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        yield Desk(client)


async def test_a_cleared_order_is_the_signers(desk: Desk) -> None:
    feifei = await desk.hire("林菲", ("main", "菲菲"))
    order = an_order()
    await desk.hear(flagged(order, 2))
    credit = await desk.credit(order)
    assert (credit["staff_id"], credit["alias"], credit["basis"]) == (feifei["staff_id"], "菲菲", "cleared")
    assert (credit["counted"], credit["why_not"], credit["order_no"]) == (True, None, "A-1")
    assert datetime.fromisoformat(credit["sold_at"]) == PAID


async def test_an_alias_of_the_shop_goes_before_one_of_the_company(desk: Desk) -> None:
    everywhere = await desk.hire("林菲", ("main", "菲菲"))
    there = await desk.hire("林飞", ("B2C", "菲菲"))
    orders = {shop: an_order(shop=shop) for shop in ("B2C", "C2C", "main")}
    await desk.hear(*(flagged(order, 2) for order in orders.values()))
    assert (await desk.credit(orders["B2C"]))["staff_id"] == there["staff_id"]
    assert (await desk.credit(orders["C2C"]))["staff_id"] == everywhere["staff_id"]
    assert (await desk.credit(orders["main"]))["staff_id"] == everywhere["staff_id"]


async def test_full_width_is_the_same_alias(desk: Desk) -> None:
    person = await desk.hire("林菲", ("main", "Fifi8"))
    order = an_order()
    await desk.hear(flagged(order, 2, agent="Ｆｉｆｉ８ "))
    assert (await desk.credit(order))["staff_id"] == person["staff_id"]


async def test_whatever_the_order_of_arrival_the_credit_is_the_same(desk: Desk) -> None:
    """All 120 orders of: cleared, sale, taken back as fake, cleared again, corrected."""
    feifei = await desk.hire("林菲", ("main", "菲菲"))
    lili = await desk.hire("林丽", ("main", "丽丽"))
    told = []
    for place, sequence in enumerate(permutations(range(5))):
        order = an_order(f"P-{place}")
        later = order.model_copy(update={"paid_at": PAID + timedelta(days=30), "flag_meaning": FlagMeaning.CLEARED})
        facts = [
            flagged(order, 2, FlagMeaning.CLEARED, "菲菲"),
            flagged(order, 3, FlagMeaning.SALE, "丽丽"),
            flagged(order, 4, FlagMeaning.FAKE, None),
            flagged(order, 5, FlagMeaning.CLEARED, "菲菲"),
            corrected(later, 6),
        ]
        told.append([facts[one] for one in sequence])
    for step in range(5):  # each order's facts arrive one by one, in batches across the orders
        await desk.hear(*(facts[step] for facts in told))
    rows = await desk.rows(
        "SELECT DISTINCT staff_id, alias, basis, credited_at, counted, why_not, sold_at FROM sale_credit"
    )
    assert await desk.count("sale_credit") == 120
    ((staff_id, alias, basis, _, counted, _, sold_at),) = rows
    assert (str(staff_id), alias, basis, counted) == (lili["staff_id"], "丽丽", "sale", True)
    assert sold_at == PAID + timedelta(days=30)
    assert feifei["staff_id"] != lili["staff_id"]


async def test_a_cancellation_that_comes_before_the_flag_is_not_forgotten(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    order = an_order()
    await desk.hear(cancelled(order, 3))
    assert await desk.count("sale_credit") == 0
    await desk.hear(flagged(order, 2))
    assert (await desk.credit(order))["why_not"] == "cancelled"


async def test_fake_counts_nothing_and_again_when_taken_back(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    order = an_order()
    await desk.hear(flagged(order, 2), flagged(order, 3, FlagMeaning.FAKE, None))
    assert (await desk.credit(order))["why_not"] == "fake"
    await desk.hear(flagged(order, 4, FlagMeaning.SOLVED, None))
    credit = await desk.credit(order)
    assert (credit["counted"], credit["basis"]) == (True, "cleared")


async def test_a_top_up_never_counts(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    order = an_order(top_up_of="A-0")
    await desk.hear(flagged(order, 2))
    assert (await desk.credit(order))["why_not"] == "top-up"


async def test_an_event_handled_twice_has_the_effect_of_once(desk: Desk) -> None:
    order = an_order()
    flag = flagged(order, 2)
    assert await desk.hear(flag, flag) == [Verdict.APPLY, Verdict.DONE]
    assert await desk.hear(flag) == [Verdict.DONE]
    assert await desk.count("flag_fact") == 1


async def test_names_nobody_bears_are_listed_until_somebody_does(desk: Desk) -> None:
    """A1: the alias given later credits what waited for it, in all its shops and nowhere else."""
    orders = [an_order(f"U-{place}", shop=shop) for place, shop in enumerate(("main", "B2C", "B2C", "C2C"))]
    await desk.hear(*(flagged(order, 2) for order in orders), flagged(orders[0], 3, agent="丽丽"))
    listed = (await desk.client.call("GET", UNMATCHED)).json()["items"]
    assert [(one["shop"], one["alias"], one["orders"]) for one in listed] == [
        ("B2C", "菲菲", 2), ("C2C", "菲菲", 1), ("main", "丽丽", 1), ("main", "菲菲", 1),
    ]  # fmt: skip
    assert (await desk.credit(orders[1]))["why_not"] == "unmatched"
    person = await desk.hire("林菲", ("B2C", "菲菲"))
    assert [(await desk.credit(order))["counted"] for order in orders] == [False, True, True, False]
    body = {"aliases": [{"shop": "main", "alias": "菲菲"}]}
    path = f"/v1/staff/{person['staff_id']}"
    await desk.client.call("PATCH", path, "manager", json=body, headers={"If-Match": '"1"'})
    assert [(await desk.credit(order))["counted"] for order in orders] == [False, True, True, True]
    left = (await desk.client.call("GET", UNMATCHED)).json()["items"]
    assert [(one["shop"], one["alias"]) for one in left] == [("main", "丽丽")]
    await desk.hire("林丽", ("main", "丽丽"))
    assert (await desk.credit(orders[0]))["counted"] is True
    assert (await desk.client.call("GET", UNMATCHED)).json()["items"] == []


async def test_unmatched_names_are_paged_and_filtered_by_shop(desk: Desk) -> None:
    await desk.hear(
        *(
            flagged(an_order(f"N-{name}", shop=shop), 2, agent=name)
            for name, shop in zip("abc", ("x", "x", "y"), strict=True)
        )
    )
    first = (await desk.client.call("GET", f"{UNMATCHED}?limit=2")).json()
    rest = (await desk.client.call("GET", f"{UNMATCHED}?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["alias"] for one in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert [one["alias"] for one in (await desk.client.call("GET", f"{UNMATCHED}?shop=y")).json()["items"]] == ["c"]
    narrow = (await desk.client.call("GET", UNMATCHED, "agent", shops=["y"])).json()["items"]
    assert [one["alias"] for one in narrow] == ["c"]


async def test_an_alias_taken_while_flags_arrive_misses_none(desk: Desk) -> None:
    """Flags and the alias they name arrive at the same time: each is matched by one or the other."""
    orders = [an_order(f"R-{place}") for place in range(40)]
    hearing = [desk.hear(*(flagged(order, 2) for order in orders[start::8])) for start in range(8)]
    person, *_ = await asyncio.gather(desk.hire("林菲", ("main", "菲菲")), *hearing)
    counted = await desk.rows("SELECT DISTINCT staff_id FROM sale_credit WHERE counted")
    assert [str(row.staff_id) for row in counted] == [person["staff_id"]]
    assert await desk.count("sale_credit WHERE NOT counted") == 0


async def test_flags_of_one_order_that_arrive_at_once_are_all_seen(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    lili = await desk.hire("林丽", ("main", "丽丽"))
    for place in range(10):
        order = an_order(f"S-{place}")
        await asyncio.gather(
            desk.hear(flagged(order, 2, FlagMeaning.SALE, "菲菲")),
            desk.hear(flagged(order, 3, FlagMeaning.SALE, "丽丽")),
            desk.hear(flagged(order, 4, FlagMeaning.REFUND_OR_CHANGE, None)),
        )
        assert (await desk.credit(order))["staff_id"] == lili["staff_id"]


async def test_an_alias_given_up_leaves_earlier_credits_where_they_are(desk: Desk) -> None:
    person = await desk.hire("林菲", ("main", "菲菲"))
    order, later = an_order(), an_order("A-2")
    await desk.hear(flagged(order, 2))
    path = f"/v1/staff/{person['staff_id']}"
    await desk.client.call("PATCH", path, "manager", json={"aliases": []}, headers={"If-Match": '"1"'})
    await desk.hear(corrected(order, 3), flagged(later, 2))
    assert (await desk.credit(order))["staff_id"] == person["staff_id"]
    assert (await desk.credit(later))["why_not"] == "unmatched"


async def test_cleared_without_a_known_name_is_signed_by_who_put_it(desk: Desk) -> None:
    chief = uuid4()
    order = an_order()
    await desk.hear(flagged(order, 2, agent="无名", signer=chief))
    credit = await desk.credit(order)
    assert (UUID(credit["staff_id"]), credit["alias"], credit["counted"]) == (chief, "无名", True)


async def test_whom_the_ticket_service_matched_is_taken_over_where_nobody_bears_the_name_here(desk: Desk) -> None:
    matched = uuid4()
    order = an_order()
    await desk.hear(flagged(order, 2, staff_id=matched))
    assert UUID((await desk.credit(order))["staff_id"]) == matched


async def test_a_credit_is_listed_in_its_month(desk: Desk) -> None:
    """November begins on 31 October, 16:00 UTC; an unpaid order counts in the month it was placed in."""
    person = await desk.hire("林菲", ("main", "菲菲"))
    edge = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    orders = [
        an_order("october", paid_at=edge - timedelta(seconds=1), placed_at=edge - timedelta(days=1)),
        an_order("first", paid_at=edge, placed_at=edge - timedelta(days=1)),
        an_order("unpaid", paid=None, paid_at=None),
        an_order("december", paid_at=datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        an_order("elsewhere", shop="B2C"),
    ]
    await desk.hear(*(flagged(order, 2) for order in orders))
    query = f"{CREDITS}?staff_id={person['staff_id']}&month=2026-11"
    first = (await desk.client.call("GET", f"{query}&limit=2")).json()
    rest = (await desk.client.call("GET", f"{query}&limit=2&cursor={first['next_cursor']}")).json()
    assert [one["order_no"] for one in first["items"] + rest["items"]] == ["elsewhere", "unpaid", "first"]
    main = (await desk.client.call("GET", f"{query}&shop=main")).json()["items"]
    assert [one["order_no"] for one in main] == ["unpaid", "first"]
    assert (await desk.client.call("GET", f"{CREDITS}?staff_id={uuid4()}")).json()["items"] == []
    for month in ("2026-13", "2026", "november"):
        assert (await desk.client.call("GET", f"{CREDITS}?month={month}")).status_code == 422


async def test_payment_later_moves_an_order_into_its_month(desk: Desk) -> None:
    await desk.hire("林菲", ("main", "菲菲"))
    order = an_order(paid=None, paid_at=None)
    await desk.hear(flagged(order, 2))
    assert datetime.fromisoformat((await desk.credit(order))["sold_at"]) == PLACED
    received = PLACED + timedelta(days=20)
    await desk.hear(paid(order.model_copy(update={"paid_at": received}), 3))
    assert datetime.fromisoformat((await desk.credit(order))["sold_at"]) == received


async def test_a_shop_that_isnt_the_callers_doesnt_exist(desk: Desk) -> None:
    order = an_order(shop="B2C")
    await desk.hear(flagged(order, 2))
    path = f"{CREDITS}/{order.order_id}"
    assert (await desk.client.call("GET", path, shops=["main"])).status_code == 404
    assert (await desk.client.call("GET", path, shops=["B2C"])).status_code == 200
    assert (await desk.client.call("GET", CREDITS, shops=["main"])).json()["items"] == []
    assert (await desk.client.call("GET", f"{CREDITS}?shop=B2C", shops=["main"])).json()["items"] == []
    assert (await desk.client.call("GET", f"{CREDITS}/{uuid4()}")).status_code == 404


async def test_five_hundred_flags_cost_a_fixed_number_of_statements(desk: Desk) -> None:
    from sqlalchemy import event

    await desk.hire("林菲", ("main", "菲菲"))
    counts = []
    for size in (1, 500):
        seen: list[str] = []
        engine = desk.client.runtime.database.engine.sync_engine

        def note(_c: object, _u: object, statement: str, *_: object, seen: list[str] = seen) -> None:
            if "timer" not in statement:  # those of the service's own loop
                seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            await desk.hear(*(flagged(an_order(f"M-{size}-{place}"), 2) for place in range(size)))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert await desk.count("sale_credit WHERE counted") == 501


async def last_told(stream: JetStreamContext) -> RawStreamMsg | None:
    """Who was hired last, once it is published."""
    try:
        return await stream.get_last_msg("APPRAISAL", "staff.hired")
    except NotFoundError:
        return None


async def test_from_the_stream_into_the_credit_and_staff_onto_the_stream(
    start_service: Starter, nats_url: str
) -> None:
    """The service beside a real broker: what it hears is credited, what it does is published."""
    import nats

    from kit.envelope import Meta, headers
    from kit.ids import new_id

    async with start_service("appraisal", nats_url=nats_url) as client:
        desk = Desk(client)
        person = await desk.hire("林菲", ("main", "菲菲"))
        order = an_order()
        told = flagged(order, 2).event
        assert told is not None
        meta = Meta(new_id(), told.SUBJECT, order.order_id, 2, datetime.now(UTC))
        broker = await nats.connect(nats_url)
        try:
            stream = broker.jetstream()
            await stream.publish(told.SUBJECT, told.model_dump_json().encode(), headers=headers(meta, owner="ticket"))
            message = await eventually(lambda: last_told(stream))
        finally:
            await broker.close()
        assert message
        assert message.data is not None
        assert str(StaffHired.model_validate_json(message.data).staff.staff_id) == person["staff_id"]

        async def credited() -> bool:
            return await desk.count("sale_credit WHERE counted") == 1

        await eventually(credited)
