"""What is pending at a desk: tickets in hand, problem orders, promises due, customers who wait (T44, T46)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketStatus
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.complaint import service as complaints
from services.ticket.flag import service as flags
from services.ticket.group import service as groups
from services.ticket.handover.lifecycle import Decision, ItemKind
from services.ticket.handover.models import Item
from services.ticket.shift.lifecycle import ShiftLike
from services.ticket.ticket import queue
from services.ticket.ticket.queue import Pending

MOST = 300
_REPLIES = (ClockKind.FIRST_REPLY, ClockKind.NEXT_REPLY)


async def items_of(work: Work, handover_id: UUID, staff_id: UUID, tickets: Sequence[Pending]) -> list[Item]:
    """Everything of theirs that goes on a sheet; unless they say otherwise, all of it goes to the incoming agent."""
    orders = await flags.problems_of(work.session, staff_id, MOST)
    found: list[tuple[ItemKind, UUID, str, datetime | None]]
    found = [(ItemKind.ORDER, order_id, number, None) for order_id, number in orders]
    found += [(ItemKind.TICKET, one.ticket_id, one.number, one.due_at) for one in tickets]
    return [
        Item(
            handover_id=handover_id,
            kind=kind,
            subject_id=subject_id,
            number=number,
            due_at=due_at,
            decision=Decision.HAND_OVER,
        )
        for kind, subject_id, number, due_at in found
    ]


async def in_hand(work: Work, staff_id: UUID) -> list[Pending]:
    """Their unfinished tickets."""
    return await queue.in_hand(work.session, staff_id, MOST)


async def promises_due(work: Work, staff_id: UUID, until: datetime) -> int:
    """How many promises to customers on their tickets are due by then (T16)."""
    return len(await complaints.promises_due(work.session, staff_id, until))


async def customers_waiting(work: Work, shift: ShiftLike) -> int:
    """How many customers wait for whoever is on that shift: on their chats for an answer, or in the queues of their
    groups since before its end (T44)."""
    chats = await queue.chats_of(work.session, shift.staff_id, MOST)
    running = await clocks.clocks_of(work.session, [chat.ticket_id for chat in chats])
    unanswered = {
        ticket_id
        for ticket_id, its in running.items()
        for one in its
        if one.kind in _REPLIES and one.ended_at is None and not one.waiting
    }
    waiting = sum(chat.status is TicketStatus.NEW or chat.ticket_id in unanswered for chat in chats)
    codes = (await groups.codes_of(work.session, [shift.staff_id]))[shift.staff_id]
    return waiting + (await queue.chats_queued(work.session, codes, shift.planned_end, MOST) if codes else 0)
