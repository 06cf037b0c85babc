"""Events become messages: one per event and recipient, however often the event comes (N3, N4)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from notify_desk import Desk, a_ticket, an_order, arrival, assigned, closed, flagged, opened
from sqlalchemy import event as events
from sqlalchemy import insert
from stage import NOON, Starter

from contracts.appraisal.staff import StaffRole, StaffStatus
from contracts.catalogue import decode
from contracts.ticket.order import FlagMeaning
from contracts.ticket.ticket import TicketKind, TicketStatus
from kit.ids import new_id
from kit.inbox import Verdict
from kit.tables import policy
from kit.testing.poll import eventually


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("notify") as client:
        yield Desk(client)


async def test_an_opened_ticket_is_told_to_its_assignee(desk: Desk) -> None:
    ann = await desk.know()
    ticket = a_ticket(assignee_staff_id=ann, kind=TicketKind.COMPLAINT)
    await desk.hear(opened(ticket))
    (message,) = await desk.inbox(ann)
    assert message["title"] == "新工单 T20261121-000001（投诉）"
    assert message["body"] == "店铺 main 有新工单 T20261121-000001（投诉），优先级：普通，请及时处理。"
    assert (message["event"], message["ticket_id"]) == ("ticket.opened", str(ticket.ticket_id))
    assert (message["status"], message["language"]) == ("unread", "zh-CN")


async def test_a_ticket_of_nobody_is_told_to_the_supervisors_at_work(desk: Desk) -> None:
    one, other = await desk.know(StaffRole.SUPERVISOR), await desk.know(StaffRole.SUPERVISOR, StaffStatus.PROBATION)
    await desk.know(StaffRole.SUPERVISOR, StaffStatus.SUSPENDED)
    await desk.know(StaffRole.SUPERVISOR, StaffStatus.LEFT)
    await desk.know(StaffRole.AGENT)
    await desk.hear(opened(a_ticket()))
    assert await desk.told() == {(one, "ticket-opened"), (other, "ticket-opened")}


async def test_a_leavers_ticket_is_told_to_the_supervisors(desk: Desk) -> None:
    chief, gone = await desk.know(StaffRole.SUPERVISOR), await desk.know(status=StaffStatus.LEFT)
    await desk.hear(opened(a_ticket(assignee_staff_id=gone)))
    assert await desk.told() == {(chief, "ticket-opened")}


async def test_somebody_whose_copy_is_still_on_its_way_is_told(desk: Desk) -> None:
    unknown = new_id()
    await desk.hear(assigned(a_ticket(assignee_staff_id=unknown)))
    assert await desk.told() == {(unknown, "ticket-assigned")}


async def test_a_closed_ticket_is_told_to_assignee_and_opener_each_once(desk: Desk) -> None:
    ann, ben = new_id(), new_id()
    ended = {"status": TicketStatus.CLOSED, "closed_at": NOON}
    await desk.hear(closed(a_ticket(assignee_staff_id=ann, opened_by_staff_id=ben, **ended)))
    assert await desk.told() == {(ann, "ticket-closed"), (ben, "ticket-closed")}
    (message,) = await desk.inbox(ben)
    assert message["body"].endswith("已关闭，结果：已解决。")
    cho = new_id()
    await desk.hear(closed(a_ticket(assignee_staff_id=cho, opened_by_staff_id=cho, **ended)))
    assert len(await desk.inbox(cho)) == 1


async def test_a_problem_flag_is_told_to_the_supervisors_and_no_other_flag_is(desk: Desk) -> None:
    chief = await desk.know(StaffRole.SUPERVISOR)
    others = [meaning for meaning in FlagMeaning if meaning is not FlagMeaning.PROBLEM]
    await desk.hear(*(flagged(an_order(), meaning) for meaning in [*others, None]))
    assert await desk.told() == set()
    await desk.hear(flagged(an_order(order_no="P-7")))
    (message,) = await desk.inbox(chief)
    assert message["title"] == "问题订单 P-7"
    ((variables,),) = await desk.rows("SELECT variables FROM notification")
    assert variables == {"order_no": "P-7", "shop": "main"}


async def test_an_event_that_comes_again_tells_nobody_again(desk: Desk) -> None:
    ann = await desk.know()
    told = arrival(opened(a_ticket(assignee_staff_id=ann)))
    assert await desk.hear(told, told) == [Verdict.APPLY, Verdict.DONE]
    assert await desk.hear(told) == [Verdict.DONE]
    assert len(await desk.inbox(ann)) == 1


async def test_even_an_event_whose_inbox_row_is_gone_tells_nobody_again(desk: Desk) -> None:
    """N4 holds by the table itself: event, recipient and channel stand once."""
    ann = await desk.know()
    told = arrival(opened(a_ticket(assignee_staff_id=ann)))
    await desk.hear(told)
    async with desk.client.runtime.database.transaction() as session:
        from kit.tables import inbox

        await session.execute(inbox.delete())
    assert await desk.hear(told) == [Verdict.APPLY]
    assert await desk.count("notification") == 1
    assert await desk.count("outbox") == 1


async def test_the_same_event_at_once_by_several_hands_tells_once(desk: Desk) -> None:
    ann = await desk.know()
    told = arrival(opened(a_ticket(assignee_staff_id=ann)))
    verdicts = await asyncio.gather(*(desk.hear(told) for _ in range(4)))
    assert sorted(verdict for (verdict,) in verdicts) == ["apply", "done", "done", "done"]
    assert await desk.count("notification") == 1


async def test_message_event_and_trail_come_together(desk: Desk) -> None:
    ann = await desk.know()
    told = arrival(opened(a_ticket(assignee_staff_id=ann)))
    await desk.hear(told)
    ((subject, body, sequence),) = await desk.rows("SELECT subject, body, sequence FROM outbox")
    sent: Any = decode(subject, body)
    assert (subject, sequence, sent.staff_id, sent.cause_id) == ("notification.sent", 1, ann, told.meta.id)
    assert (sent.template, sent.template_version, sent.channel) == ("ticket.opened", 1, "inbox")
    ((actor, action),) = await desk.rows("SELECT actor, action FROM audit")
    assert (actor, action) == ("system:notify-ticket", "send")


async def test_history_is_not_told(desk: Desk) -> None:
    chief = await desk.know(StaffRole.SUPERVISOR)
    await desk.hear(flagged(an_order(historic=True)), opened(a_ticket()))
    await desk.hear(opened(a_ticket()), at=NOON - timedelta(hours=24, seconds=1))
    assert await desk.told() == {(chief, "ticket-opened")}
    assert await desk.count("notification") == 1


async def test_how_old_is_too_old_is_a_policy(desk: Desk) -> None:
    ann = await desk.know()
    longer = {"name": "quiet-start", "shop": "main", "version": 2, "effective_from": NOON, "saved_by": "test"}
    async with desk.client.runtime.database.transaction() as session:
        await session.execute(insert(policy).values(**longer, document={"max_age_hours": 48}))
    await desk.hear(opened(a_ticket(assignee_staff_id=ann)), at=NOON - timedelta(hours=47))
    assert len(await desk.inbox(ann)) == 1


async def test_a_rule_out_of_use_tells_nobody(desk: Desk) -> None:
    from sqlalchemy import text

    ann = await desk.know()
    async with desk.client.runtime.database.transaction() as session:
        await session.execute(text("UPDATE notification_rule SET active = false WHERE name = 'ticket-opened'"))
    await desk.hear(opened(a_ticket(assignee_staff_id=ann)))
    assert await desk.told() == set()


async def test_a_newer_template_is_used_from_then_on_and_old_messages_keep_their_words(desk: Desk) -> None:
    from sqlalchemy import text

    ann = await desk.know()
    await desk.hear(opened(a_ticket(assignee_staff_id=ann)))
    async with desk.client.runtime.database.transaction() as session:
        await session.execute(
            text("""
            INSERT INTO template SELECT name, 2, language, 'v2 {number}', body, variables
            FROM template WHERE name = 'ticket.opened'
            """)
        )
    await desk.hear(opened(a_ticket(assignee_staff_id=ann)))
    titles = [message["title"] for message in await desk.inbox(ann)]
    assert titles == ["v2 T20261121-000001", "新工单 T20261121-000001（转办工单）"]


async def test_the_newest_state_of_staff_is_kept(desk: Desk) -> None:
    chief = await desk.know(StaffRole.SUPERVISOR)
    await desk.know(StaffRole.SUPERVISOR, StaffStatus.LEFT, chief)
    await desk.hear(opened(a_ticket()))
    assert await desk.told() == set()


async def test_five_hundred_events_cost_a_fixed_number_of_statements(desk: Desk) -> None:
    for _ in range(3):
        await desk.know(StaffRole.SUPERVISOR)
    counts = []
    for size in (1, 500):
        seen: list[str] = []

        def note(_c: object, _u: object, statement: str, *_: object, seen: list[str] = seen) -> None:
            if "timer" not in statement:  # those of the service's own loop
                seen.append(statement)

        engine = desk.client.runtime.database.engine.sync_engine
        events.listen(engine, "before_cursor_execute", note)
        try:
            await desk.hear(*(opened(a_ticket()) for _ in range(size)))
        finally:
            events.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 5
    assert await desk.count("notification") == 1503


async def test_from_the_stream_into_the_inbox_and_the_message_onto_the_stream(
    start_service: Starter, nats_url: str
) -> None:
    """The service beside a real broker."""
    from datetime import UTC, datetime

    import nats

    from kit.clock import SystemClock
    from kit.envelope import Meta, headers

    async with start_service("notify", nats_url=nats_url, clock=SystemClock()) as client:
        desk = Desk(client)
        ann = new_id()
        told = opened(a_ticket(assignee_staff_id=ann))
        meta = Meta(new_id(), told.SUBJECT, told.aggregate_id, 1, datetime.now(UTC))
        broker = await nats.connect(nats_url)
        try:
            stream = broker.jetstream()
            await stream.publish(told.SUBJECT, told.model_dump_json().encode(), headers=headers(meta, owner="ticket"))
            (message,) = await eventually(lambda: desk.inbox(ann))

            async def published() -> Any:
                return (await stream.stream_info("NOTIFY")).state.messages == 1

            await eventually(published)
            sent = await stream.get_last_msg("NOTIFY", "notification.sent")
        finally:
            await broker.close()
        assert (sent.headers or {})["ce-subject"] == message["notification_id"]
