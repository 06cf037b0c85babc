"""Clocks of tickets on a real database: what each verb of a ticket does to them (T41, T42, T43, T47, T48, T58)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from clock_bench import Bench, a_ticket, begin, wall
from stage import NOON

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketKind
from kit.clock import FrozenClock
from kit.ids import new_id
from services.ticket.clock import service
from services.ticket.clock.policy import SlaCase

K = ClockKind
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_a_new_complaint_has_a_first_reply_and_a_solution_to_come(bench: Bench) -> None:
    """T43, from a Saturday noon; what is due first is what the ticket is told."""
    ticket = a_ticket(owner_staff_id=new_id(), unit_id=new_id())
    assert await bench.do(begin, ticket, open_chats=None) == wall("Mon 2026-11-23 10:00")
    clocks = await bench.clocks(ticket)
    assert set(clocks) == {K.FIRST_REPLY, K.SOLUTION}
    solution = clocks[K.SOLUTION]
    assert (solution.due_at, solution.target_seconds) == (wall("Wed 2026-11-25 18:00"), 86_400)
    assert (solution.owner_staff_id, solution.group_code) == (ticket.owner_staff_id, "aftersales")
    assert (solution.policy_name, solution.policy_version, solution.hours_version) == ("sla-targets", 1, 1)
    assert await bench.facts(solution) == ["started"]
    assert await bench.told(solution) == []


@pytest.mark.parametrize(
    ("tier", "chats", "seconds"), [(None, 4, 60), (Tier.KEY, 4, 30), (None, 6, 300), (Tier.KEY, 21, 300)]
)
async def test_a_chat_is_answered_by_the_load_of_its_agent(
    bench: Bench, tier: Tier | None, chats: int, seconds: int
) -> None:
    """T41, T58: by the clock on the wall, on a Saturday too, and fixed from then on."""
    ticket = a_ticket(TicketKind.INQUIRY, tier=tier)
    assert await bench.do(begin, ticket, open_chats=chats) == NOON + timedelta(seconds=seconds)
    first = await bench.clock(ticket, K.FIRST_REPLY)
    assert (first.policy_name, first.hours_version, first.target_seconds) == ("first-reply-load", None, seconds)


async def test_an_emergency_is_contained_within_ten_minutes_on_the_wall(bench: Bench, clock: FrozenClock) -> None:
    """T42: no tier makes it longer or shorter; 10:00.000 is in time."""
    ticket = a_ticket(TicketKind.EMERGENCY, emergency=True, tier=Tier.KEY)
    assert await bench.do(begin, ticket, open_chats=None) == NOON + 10 * MINUTE
    assert set(await bench.clocks(ticket)) == {K.CONTAINMENT}
    clock.advance(10 * MINUTE)
    assert await bench.do(service.meet_leg, ticket, K.CONTAINMENT) is None
    contained = await bench.clock(ticket, K.CONTAINMENT)
    assert (contained.status, contained.breached_at) == ("met", None)


async def test_an_emergency_complaint_has_all_three(bench: Bench) -> None:
    ticket = a_ticket(emergency=True)
    assert await bench.do(begin, ticket, open_chats=None) == NOON + 10 * MINUTE
    assert set(await bench.clocks(ticket)) == {K.FIRST_REPLY, K.SOLUTION, K.CONTAINMENT}


async def test_what_the_table_does_not_name_has_no_clock(bench: Bench) -> None:
    suggestion, emergency = a_ticket(TicketKind.SUGGESTION), a_ticket(TicketKind.EMERGENCY)
    assert await bench.do(begin, suggestion, open_chats=None) is not None
    assert set(await bench.clocks(suggestion)) == {K.SOLUTION}
    assert await bench.do(begin, emergency, open_chats=None) is None
    assert await bench.do(service.start_leg, suggestion, K.AGREE) == (await bench.clock(suggestion)).due_at
    assert set(await bench.clocks(suggestion)) == {K.SOLUTION}
    assert (await bench.do(service.replied, suggestion)).first is False
    await bench.do(service.customer_wrote, suggestion)
    assert set(await bench.clocks(suggestion)) == {K.SOLUTION}


async def test_only_a_visible_message_stops_the_first_reply(bench: Bench, clock: FrozenClock) -> None:
    """T48: waiting, going on, solving and passing on do not; it is breached on a solved ticket, too."""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    for verb, given in (
        (service.pause, ("等客户",)),
        (service.resume, ()),
        (service.pass_on, ()),
        (service.finish, ()),
    ):
        await bench.do(verb, ticket, *given)
        first = await bench.clock(ticket, K.FIRST_REPLY)
        assert (first.status, first.due_at) == ("running", wall("Mon 2026-11-23 10:00")), verb
    clock.advance(2 * DAY)
    await bench.sweep()
    assert (await bench.clock(ticket, K.FIRST_REPLY)).status == "breached"
    answered = await bench.do(service.replied, ticket)
    assert (answered.first, answered.waited_seconds) == (True, 2 * 86_400)
    assert await bench.told(await bench.clock(ticket, K.FIRST_REPLY)) == ["clock.breached", "clock.met"]


async def test_a_reply_on_a_machine_whose_clock_was_set_back_was_waited_for_no_time(
    bench: Bench, clock: FrozenClock
) -> None:
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=3)
    clock.advance(-5 * MINUTE)
    answered = await bench.do(service.replied, ticket)
    assert (answered.first, answered.waited_seconds) == (True, 0)


async def test_a_reply_meets_the_first_and_then_the_next_one(bench: Bench, clock: FrozenClock) -> None:
    """T43, T48: the next reply is due when the customer writes again, and once, however often they write."""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=3)
    assert await bench.do(service.customer_wrote, ticket) == NOON + MINUTE
    assert K.NEXT_REPLY not in await bench.clocks(ticket)
    clock.advance(timedelta(seconds=40, milliseconds=700))
    answered = await bench.do(service.replied, ticket)
    assert (answered.first, answered.waited_seconds) == (True, 40)
    assert answered.due_at == wall("Wed 2026-11-25 18:00")
    again = await bench.do(service.replied, ticket)
    assert (again.first, again.waited_seconds) == (False, None)
    due = await bench.do(service.customer_wrote, ticket)
    assert due == wall("Mon 2026-11-23 14:00")
    clock.advance(HOUR)
    assert await bench.do(service.customer_wrote, ticket) == due
    second = await bench.do(service.replied, ticket)
    assert (second.first, second.waited_seconds) == (False, 3600)
    assert await bench.told(await bench.clock(ticket, K.NEXT_REPLY)) == ["clock.met"]


async def test_answered_and_asked_again_in_one_transaction(bench: Bench) -> None:
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    await bench.all(
        lambda work: service.replied(work, ticket),
        lambda work: service.customer_wrote(work, ticket),
        lambda work: service.replied(work, ticket),
        lambda work: service.customer_wrote(work, ticket),
        lambda work: service.finish(work, ticket),
        lambda work: service.reopen(work, ticket),
        lambda work: service.finish(work, ticket),
    )
    rows = await bench.rows("SELECT kind, status FROM clock ORDER BY clock_id")
    assert sorted(tuple(row) for row in rows) == [
        ("first_reply", "met"), ("next_reply", "dropped"), ("next_reply", "met"),
        ("solution", "met"), ("solution", "met"),
    ]  # fmt: skip


async def test_waiting_for_the_customer_pauses_with_a_reason_and_an_author(bench: Bench, clock: FrozenClock) -> None:
    """T43, T48: the first reply and what goes by the wall run on; people's numbers stay out of facts (X6)."""
    ticket = a_ticket(emergency=True)
    await bench.do(begin, ticket, open_chats=None)
    clock.advance(wall("Mon 2026-11-23 11:00") - NOON)
    await bench.do(service.meet_leg, ticket, K.CONTAINMENT)
    await bench.do(service.replied, ticket)
    await bench.do(service.customer_wrote, ticket)
    assert await bench.do(service.pause, ticket, "等客户 13812345678 发照片") is None
    clocks = await bench.clocks(ticket)
    assert {clocks[kind].status for kind in (K.SOLUTION, K.NEXT_REPLY)} == {"paused"}
    fact = (await bench.rows("SELECT * FROM clock_fact WHERE kind = 'paused' ORDER BY fact_id DESC LIMIT 1"))[0]
    assert (fact.reason, fact.author, fact.hold) == ("等客户 **** 发照片", "staff:fei", "waiting")
    clock.advance(3 * DAY)
    assert await bench.sweep() == 0
    assert await bench.do(service.pause, ticket, "还在等") is None
    resumed = await bench.do(service.resume, ticket)
    assert resumed == (await bench.clock(ticket, K.NEXT_REPLY)).due_at == wall("Thu 2026-11-26 16:00")
    solution = await bench.clock(ticket)
    assert (solution.due_at, solution.used) == (wall("Mon 2026-11-30 18:00"), 2 * HOUR)
    assert await bench.facts(solution) == ["started", "paused", "resumed"]
    assert await bench.do(service.resume, ticket) == resumed


async def test_solved_meets_the_solution_and_drops_the_rest(bench: Bench, clock: FrozenClock) -> None:
    ticket = a_ticket(emergency=True)
    await bench.do(begin, ticket, open_chats=None)
    await bench.do(service.replied, ticket)
    await bench.do(service.customer_wrote, ticket)
    clock.advance(MINUTE)
    await bench.do(service.finish, ticket)
    states = {kind: row.status for kind, row in (await bench.clocks(ticket)).items()}
    assert states == {K.FIRST_REPLY: "met", K.NEXT_REPLY: "dropped", K.SOLUTION: "met", K.CONTAINMENT: "met"}
    assert await bench.told(await bench.clock(ticket, K.NEXT_REPLY)) == []


async def test_dropped_is_no_verdict(bench: Bench) -> None:
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    await bench.do(service.pause, ticket, "等")
    await bench.do(service.drop, ticket)
    for row in (await bench.clocks(ticket)).values():
        assert (row.status, row.waiting) == ("dropped", False)
        assert await bench.told(row) == []
    assert await bench.do(service.resume, ticket) is None


async def test_each_leg_has_its_own_clock_target_and_owner(bench: Bench, clock: FrozenClock) -> None:
    """T47: agree, ship back, inspect, pay out, call back."""
    agent, warehouse = new_id(), new_id()
    ticket = a_ticket(TicketKind.REFUND, case=SlaCase.RETURN, owner_staff_id=agent)
    assert await bench.do(begin, ticket, open_chats=None) is None
    assert await bench.do(service.start_leg, ticket, K.AGREE) == wall("Wed 2026-11-25 18:00")
    assert await bench.do(service.start_leg, ticket, K.AGREE) == wall("Wed 2026-11-25 18:00")
    inspection = a_ticket(
        TicketKind.REFUND, case=SlaCase.RETURN, owner_staff_id=warehouse, ticket_id=ticket.ticket_id, tier=Tier.KEY
    )
    assert await bench.do(service.start_leg, inspection, K.INSPECT) == wall("Tue 2026-11-24 14:00")
    clock.advance(wall("Tue 2026-11-24 15:00") - NOON)
    await bench.sweep()
    clocks = await bench.clocks(ticket)
    assert (clocks[K.INSPECT].status, clocks[K.INSPECT].owner_staff_id) == ("breached", warehouse)
    assert (clocks[K.AGREE].status, clocks[K.AGREE].owner_staff_id) == ("running", agent)
    assert await bench.do(service.meet_leg, ticket, K.AGREE) == clocks[K.INSPECT].due_at
    assert await bench.do(service.meet_leg, ticket, K.INSPECT) is None
    assert await bench.do(service.meet_leg, ticket, K.INSPECT) is None
    shown = (await bench.do(lambda work: service.clocks_of(work.session, [ticket.ticket_id])))[ticket.ticket_id]
    assert [(one.kind, one.late, one.owner_staff_id) for one in shown] == [
        (K.AGREE, False, agent), (K.INSPECT, True, warehouse),
    ]  # fmt: skip


async def test_a_leg_that_is_not_due_any_more_ends_alone_and_without_a_verdict(bench: Bench) -> None:
    """T47: settled in money, nothing is sent again; the other legs go on."""
    ticket = a_ticket(TicketKind.EXCHANGE, case=SlaCase.EXCHANGE)
    shipped = await bench.do(service.start_leg, ticket, K.SHIP_BACK)
    await bench.do(service.start_leg, ticket, K.RESEND)
    assert await bench.do(service.drop_leg, ticket, K.RESEND, "settled_in_money") == shipped
    states = {kind: row.status for kind, row in (await bench.clocks(ticket)).items()}
    assert (states[K.RESEND], states[K.SHIP_BACK]) == ("dropped", "running")
    assert await bench.told(await bench.clock(ticket, K.RESEND)) == []
    assert await bench.do(service.drop_leg, ticket, K.RESEND, "settled_in_money") == shipped


async def test_the_customers_own_leg_runs_while_the_customer_is_waited_for(bench: Bench) -> None:
    """T47: sending the goods back is what is waited for."""
    ticket = a_ticket(TicketKind.REFUND, case=SlaCase.RETURN)
    due = await bench.do(service.start_leg, ticket, K.SHIP_BACK)
    assert await bench.do(service.pause, ticket, "等客户寄回") == due == wall("Tue 2026-12-01 18:00")


async def test_passing_on_changes_who_has_to_act_and_nothing_else(bench: Bench) -> None:
    before, after = a_ticket(owner_staff_id=new_id()), None
    await bench.do(begin, before, open_chats=None)
    due = (await bench.clock(before)).due_at
    after = a_ticket(ticket_id=before.ticket_id, owner_staff_id=new_id(), group="key")
    await bench.do(service.pass_on, after)
    await bench.do(service.pass_on, after)
    clock = await bench.clock(before)
    assert (clock.owner_staff_id, clock.group_code, clock.due_at) == (after.owner_staff_id, "key", due)
    assert await bench.facts(clock) == ["started", "passed_on"]


async def test_others_legs_stay_theirs_and_the_group_looks_after_them(bench: Bench) -> None:
    """T47: the warehouse inspects, whoever the ticket is handed to."""
    warehouse = new_id()
    ticket = a_ticket(TicketKind.REFUND, case=SlaCase.RETURN, owner_staff_id=warehouse)
    await bench.do(service.start_leg, ticket, K.INSPECT)
    handed = replace(ticket, owner_staff_id=new_id(), group="key")
    await bench.do(service.pass_on, handed)
    await bench.do(service.pass_on, replace(handed, owner_staff_id=new_id()))
    clock = await bench.clock(ticket, K.INSPECT)
    assert (clock.owner_staff_id, clock.group_code) == (warehouse, "key")
    assert await bench.facts(clock) == ["started", "passed_on"]


async def test_a_clock_keeps_the_policies_of_its_start(bench: Bench, clock: FrozenClock) -> None:
    """X3: another target and other hours come into force; what runs goes on under its own, what starts has the new."""
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    await bench.do(service.replied, ticket)
    for name, change in (
        ("sla-targets", {"targets": {"complaint": {"next_reply": 600, "solution": 1200}}}),
        ("business-hours", {"zone": "UTC", "holidays": None}),
    ):
        path = f"/v1/policies/ticket/{name}"
        document = (await bench.client.call("GET", path, "manager")).json()["in_force"]["document"]
        body = {"document": document | change, "reason": "新制度", "shop": "main"}
        assert (await bench.client.call("POST", f"{path}/versions", "manager", json=body)).status_code == 201
    clock.advance(wall("Mon 2026-11-23 10:00") - NOON)
    await bench.do(service.pause, ticket, "等")
    clock.advance(HOUR)
    assert await bench.do(service.resume, ticket) == wall("Thu 2026-11-26 10:00")
    due = await bench.do(service.customer_wrote, ticket)
    assert due == wall("Mon 2026-11-23 17:10")  # nine o'clock in London, ten minutes on
    reply = await bench.clock(ticket, K.NEXT_REPLY)
    assert (reply.policy_version, reply.hours_version, reply.target_seconds) == (2, 2, 600)
    await bench.do(service.finish, ticket)
    assert (await bench.clock(ticket)).used == HOUR


async def test_a_ticket_has_at_most_one_clock_of_a_kind_going(bench: Bench) -> None:
    ticket = a_ticket()
    await bench.do(begin, ticket, open_chats=None)
    with pytest.raises(Exception, match="conflict"):
        await bench.do(begin, ticket, open_chats=None)
