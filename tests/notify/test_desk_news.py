"""Clocks, grades, emergencies, shifts, penalties and replies are told to whom they concern (N3)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from notify_desk import Desk, a_ticket, assigned, closed, opened
from stage import NOON, Starter

from contracts.appraisal.staff import StaffRole, StaffStatus
from contracts.event import Event
from contracts.examples import example
from contracts.price import Price
from contracts.ticket.aftercare import EmergencyContained, Lateness
from contracts.ticket.clock import ClockBreached, ClockKind, ClockParty, ClockWarned
from contracts.ticket.complaint import ComplaintCategory, ComplaintGraded, Grade, GradeCause
from contracts.ticket.penalty import PenaltyLine, PenaltyPublished
from contracts.ticket.shift import ShiftHandoverMissed, ShiftUncovered
from contracts.ticket.ticket import (
    IntakeChannel,
    ReplyAuthor,
    TicketKind,
    TicketOutcome,
    TicketReplied,
    TicketState,
    TicketStatus,
)
from kit.ids import new_id


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("notify") as client:
        yield Desk(client)


def clock(event: type[Event], **facts: Any) -> Event:
    """An event of the first-reply clock of a complaint."""
    values = {
        "clock_id": new_id(), "kind": ClockKind.FIRST_REPLY, "ticket_id": new_id(), "ticket_number": "T20261121-000007",
        "ticket_kind": TicketKind.COMPLAINT, "shop": "main", "target_seconds": 3600, "elapsed_seconds": 3600,
        "policy_version": 1, "started_at": NOON, "due_at": NOON + timedelta(hours=1), "warned_at": NOON,
        "breached_at": NOON, **facts,
    }  # fmt: skip
    return event.model_validate({name: value for name, value in values.items() if name in event.model_fields})


def graded(**facts: Any) -> ComplaintGraded:
    """A complaint that became malignant."""
    values = {
        "complaint_id": new_id(), "ticket_number": "T20261121-000008", "shop": "main",
        "category": ComplaintCategory.QUALITY, "grade": Grade.MALIGNANT, "grade_before": Grade.ORDINARY, "raised": True,
        "cause": GradeCause.INJURY_OR_SAFETY, "policy_version": 1, "graded_by": "system:rules", "graded_at": NOON,
        **facts,
    }  # fmt: skip
    return ComplaintGraded.model_validate(values)


def replied(ticket: TicketState, author: ReplyAuthor, *, automatic: bool = False) -> TicketReplied:
    """A message on the ticket that the customer can see."""
    return TicketReplied(ticket=ticket, message_id=new_id(), author=author, automatic=automatic, replied_at=NOON)


async def test_who_owns_a_clock_is_warned_and_at_its_breach_the_supervisors_are_told_too(desk: Desk) -> None:
    ann, chief = await desk.know(), await desk.know(StaffRole.SUPERVISOR)
    await desk.hear(clock(ClockWarned, owner_staff_id=ann))
    assert await desk.told() == {(ann, "clock-warned")}
    await desk.hear(clock(ClockBreached, owner_staff_id=ann))
    assert await desk.told() == {(ann, "clock-warned"), (ann, "clock-breached"), (chief, "clock-breached")}
    (message,) = await desk.inbox(chief)
    assert message["title"] == "工单 T20261121-000007 已超时"
    assert message["body"] == "店铺 main 的工单 T20261121-000007（投诉）：首次回复 已超过时限 2026-11-21 13:00。"


async def test_a_clock_of_nobody_is_the_supervisors_matter(desk: Desk) -> None:
    chief = await desk.know(StaffRole.SUPERVISOR)
    await desk.hear(clock(ClockWarned))
    assert await desk.told() == {(chief, "clock-warned")}


@pytest.mark.parametrize(
    ("party", "kind", "told"),
    [
        (ClockParty.CUSTOMER, ClockKind.SHIP_BACK, {"clock-breached"}),
        (ClockParty.WAREHOUSE, ClockKind.INSPECT, {"clock-warned", "clock-breached"}),
        (ClockParty.PAYMENT, ClockKind.PAY_OUT, {"clock-warned", "clock-breached"}),
    ],
)
async def test_nobody_is_warned_of_what_the_customer_has_to_do(
    desk: Desk, party: ClockParty, kind: ClockKind, told: set[str]
) -> None:
    """T43, T47: that it is too late is news in the house all the same; others' legs are the supervisors' matter."""
    chief = await desk.know(StaffRole.SUPERVISOR)
    for event in (ClockWarned, ClockBreached):
        await desk.hear(clock(event, kind=kind, party=party))
    assert await desk.told() == {(chief, rule) for rule in told}


async def test_a_raised_grade_is_told_to_the_unit_s_lead_and_the_manager(desk: Desk) -> None:
    """T13"""
    lead, manager, ann = await desk.know(), await desk.know(StaffRole.MANAGER), await desk.know()
    unit_id = new_id()
    await desk.know_lead(unit_id, lead)
    await desk.hear(graded(unit_id=unit_id, assignee_staff_id=ann))
    assert await desk.told() == {(one, "complaint-graded") for one in (lead, manager, ann)}
    (message,) = await desk.inbox(lead, language="en")
    assert message["title"] == "Complaint T20261121-000008 is malignant now"
    assert message["body"].endswith("was raised to malignant: injury or safety.")


async def test_a_lowered_grade_is_told_to_nobody(desk: Desk) -> None:
    await desk.know(StaffRole.MANAGER)
    lowered = {"grade": Grade.ORDINARY, "grade_before": Grade.REPEAT, "cause": GradeCause.LOWERED_BY_MANAGER}
    await desk.hear(graded(raised=False, **lowered))
    assert await desk.told() == set()


async def test_the_newest_lead_is_told_whatever_order_the_news_came_in(desk: Desk) -> None:
    old, new, unit_id = await desk.know(), await desk.know(), new_id()
    await desk.know_lead(unit_id, new, sequence=2)
    await desk.know_lead(unit_id, old, sequence=1)
    await desk.hear(graded(unit_id=unit_id))
    assert await desk.told() == {(new, "complaint-graded")}


async def test_a_lead_who_has_left_is_not_told(desk: Desk) -> None:
    gone, unit_id = await desk.know(status=StaffStatus.LEFT), new_id()
    await desk.know_lead(unit_id, gone)
    await desk.hear(graded(unit_id=unit_id))
    assert await desk.told() == set()


async def test_a_ticket_in_the_queue_alerts_the_supervisors(desk: Desk) -> None:
    """T4"""
    chief, ann = await desk.know(StaffRole.SUPERVISOR), await desk.know()
    await desk.hear(assigned(a_ticket(group="complaints")))
    assert await desk.told() == {(chief, "ticket-queued")}
    await desk.hear(assigned(a_ticket(group="complaints", assignee_staff_id=ann)))
    assert await desk.told() == {(chief, "ticket-queued"), (ann, "ticket-assigned")}


async def test_an_emergency_is_told_as_one_and_once_to_each(desk: Desk) -> None:
    """T42"""
    chief, manager = await desk.know(StaffRole.SUPERVISOR), await desk.know(StaffRole.MANAGER)
    await desk.hear(opened(a_ticket(kind=TicketKind.EMERGENCY)))
    assert await desk.told() == {(chief, "emergency-opened"), (manager, "emergency-opened")}
    (message,) = await desk.inbox(chief)
    assert message["title"] == "突发事件 T20261121-000001"


@pytest.mark.parametrize(("lateness", "is_told"), [(Lateness.IN_TIME, False), (Lateness.SEVERE, True)])
async def test_a_late_containment_is_told(desk: Desk, lateness: Lateness, is_told: bool) -> None:
    manager = await desk.know(StaffRole.MANAGER)
    contained = EmergencyContained(
        emergency_id=new_id(), ticket_number="T20261121-000009", shop="main", alone=True, elapsed_seconds=2000,
        lateness=lateness, policy_version=1, opened_at=NOON, contained_at=NOON,
    )  # fmt: skip
    await desk.hear(contained)
    assert await desk.told() == ({(manager, "emergency-late")} if is_told else set())


async def test_a_missed_handover_is_told_to_who_missed_it_and_to_the_supervisors(desk: Desk) -> None:
    """T46"""
    ann, chief = await desk.know(), await desk.know(StaffRole.SUPERVISOR)
    planned = {"shift_id": new_id(), "staff_id": ann, "planned_start": NOON, "planned_end": NOON + timedelta(hours=8)}
    await desk.hear(ShiftHandoverMissed(**planned, due_at=NOON))
    assert await desk.told() == {(ann, "shift-handover-missed"), (chief, "shift-handover-missed")}
    (message,) = await desk.inbox(ann)
    assert message["body"] == "2026-11-21 20:00 结束的班次没有在规定时间内交接。"


async def test_of_a_swapped_shift_that_nobody_came_to_both_hear(desk: Desk) -> None:
    """T62"""
    ann, ben = await desk.know(), await desk.know()
    planned = {"shift_id": new_id(), "staff_id": ann, "planned_start": NOON, "planned_end": NOON}
    await desk.hear(ShiftUncovered(**planned, swap_id=new_id(), swapped_with_staff_id=ben, found_at=NOON))
    assert await desk.told() == {(ann, "shift-uncovered"), (ben, "shift-uncovered")}


async def test_an_account_at_which_nobody_sits_is_told_to_its_people_and_the_supervisors(desk: Desk) -> None:
    """T35"""
    ann, ben, chief = await desk.know(), await desk.know(), await desk.know(StaffRole.SUPERVISOR)
    about = {"assigned_staff_id": ann, "delegate_staff_id": ben}
    await desk.hear(example("shop_account.found_unattended").model_copy(update=about))
    assert await desk.told() == {(one, "shop-account-unattended") for one in (ann, ben, chief)}


async def test_penalties_are_told_to_the_leads_on_the_list_managers_and_finance(desk: Desk) -> None:
    """T14"""
    lead, manager, finance = await desk.know(), await desk.know(StaffRole.MANAGER), await desk.know(StaffRole.FINANCE)
    price = Price(amount="200.00", currency="CNY")
    line = PenaltyLine(
        ticket_id=new_id(), ticket_number="T20261121-000010", unit_id=new_id(), lead_staff_id=lead,
        grade=Grade.MALIGNANT, penalty=price, charged=price,
    )  # fmt: skip
    published = PenaltyPublished(
        penalty_list_id=new_id(), month="2026-10", lines=(line,), total=price, policy_version=1,
        signed_by="account:0", published_at=NOON,
    )  # fmt: skip
    await desk.hear(published)
    assert await desk.told() == {(one, "penalty-published") for one in (lead, manager, finance)}
    (message,) = await desk.inbox(finance)
    assert message["body"] == "2026-10 的投诉处罚名单已发布：1 条，合计 200.00 CNY。"


async def test_a_customer_s_message_is_told_to_the_assignee_and_the_watchers(desk: Desk) -> None:
    ann, ben = await desk.know(), await desk.know()
    ticket = a_ticket(assignee_staff_id=ann, watcher_staff_ids=(ben,))
    await desk.hear(replied(ticket, ReplyAuthor.CUSTOMER))
    assert await desk.told() == {(ann, "ticket-customer-wrote"), (ben, "ticket-customer-wrote")}


async def test_watchers_hear_of_the_end(desk: Desk) -> None:
    ben = await desk.know()
    ended = {"status": TicketStatus.CLOSED, "closed_at": NOON}
    await desk.hear(closed(a_ticket(watcher_staff_ids=(ben,), **ended)))
    assert await desk.told() == {(ben, "ticket-closed")}


@pytest.mark.parametrize(
    ("author", "automatic", "channel", "is_written"),
    [
        (ReplyAuthor.STAFF, False, IntakeChannel.EMAIL, True),
        (ReplyAuthor.STAFF, False, IntakeChannel.CHAT, False),
        (ReplyAuthor.STAFF, True, IntakeChannel.EMAIL, False),
        (ReplyAuthor.SYSTEM, True, IntakeChannel.EMAIL, False),
    ],
)
async def test_an_answer_to_a_customer_who_wrote_by_e_mail_is_announced_by_e_mail(
    desk: Desk, author: ReplyAuthor, automatic: bool, channel: IntakeChannel, is_written: bool
) -> None:
    customer_id = new_id()
    await desk.hear(replied(a_ticket(channel=channel, customer_id=customer_id), author, automatic=automatic))
    rows = await desk.rows("SELECT recipient_customer_id, channel FROM notification")
    assert [tuple(row) for row in rows] == ([(customer_id, "email")] if is_written else [])


async def test_the_customer_of_a_merged_ticket_hears_of_the_one_that_goes_on(desk: Desk) -> None:
    """T3"""
    ended = {"status": TicketStatus.CLOSED, "closed_at": NOON, "customer_id": new_id()}
    merged = closed(a_ticket(**ended)).model_copy(update={"outcome": TicketOutcome.MERGED})
    await desk.hear(merged)
    assert await desk.count("notification") == 0
    await desk.hear(closed(a_ticket(**ended)))
    assert await desk.count("notification") == 1
