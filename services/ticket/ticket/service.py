"""Use cases of the common life: opened, worked, solved, closed (T1, T2)."""

from collections.abc import Callable
from uuid import UUID

from contracts.ticket.ticket import (
    AssignmentCause,
    IntakeChannel,
    Priority,
    TicketEvent,
    TicketKind,
    TicketSource,
    WaitingOn,
)  # fmt: skip
from kit import audit, outbox
from kit.http.edge import see_own
from kit.ids import new_id
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.ticket import lifecycle, store
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.policy import TICKET_LIFE
from services.ticket.ticket.schemas import TicketOpen

# Kinds that live the common life alone; the others have stages, and rooms, of their own.
OPENED_HERE = frozenset({TicketKind.INQUIRY})


async def open_ticket(work: Work, asked: TicketOpen) -> Ticket:
    """Open a ticket by hand (T1).

    Raises Problem `invalid-request` for a kind with an address of its own and for a customer who is not the order's,
    `not-found` for an order that isn't there (or is another buyer's, T40), `not-yet-known` for a customer whose copy
    has not arrived.
    """
    if asked.kind not in OPENED_HERE:
        raise invalid("/kind", "该种类的工单不在此处受理", "tickets of this kind are not opened here")
    if not work.actor.serves(asked.shop):
        raise Problem("forbidden", shop=asked.shop)
    order = (await orders.get_order(work, asked.shop, asked.order_no))[0] if asked.order_no else None
    source = TicketSource.MANUAL if work.actor.staff_id else TicketSource.STOREFRONT
    return await _open(work, asked, source=source, order=order)


async def open_inquiry_of_problem(work: Work, order: OrderLike) -> UUID | None:
    """Open the inquiry of a *problem* flag, unless a ticket of that order is open already (T32).

    The caller holds the order's row lock, so two flags at once open one inquiry.
    """
    if await store.unfinished_of_order(work.session, order.order_id) is not None:
        return None
    asked = TicketOpen(shop=order.shop, subject=f"问题订单 {order.order_no}", channel=IntakeChannel.API)
    ticket = await _open(work, asked, source=TicketSource.ORDER_FLAG, order=order)
    return ticket.ticket_id


async def get_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """The ticket. Raises Problem `not-found`, also for another buyer's or another shop's (T40)."""
    ticket = await store.get(work.session, ticket_id)
    return await _seen(work, ticket)


async def start_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """受理: take it up."""
    return await _change(work, ticket_id, "start", lambda ticket: lifecycle.start(ticket, work.actor, work.now))


async def wait_with_ticket(work: Work, ticket_id: UUID, on: WaitingOn, reason: str) -> Ticket:
    """等待: it waits for somebody outside."""
    return await _change(
        work, ticket_id, "wait", lambda ticket: lifecycle.wait(ticket, on, work.actor, work.now), reason=reason
    )


async def resume_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """继续: the wait is over."""
    return await _change(work, ticket_id, "resume", lambda ticket: lifecycle.resume(ticket, work.actor, work.now))


async def solve_ticket(work: Work, ticket_id: UUID, solution: str) -> Ticket:
    """解决: say what was done."""

    def solve(ticket: Ticket) -> TicketEvent:
        event = lifecycle.solve(ticket, work.actor, work.now)
        ticket.solution = solution
        return event

    return await _change(work, ticket_id, "solve", solve)


async def close_ticket(work: Work, ticket_id: UUID) -> Ticket:
    """关单: the end."""
    return await _change(work, ticket_id, "close", lambda ticket: lifecycle.close(ticket, work.actor, work.now))


async def reopen_ticket(work: Work, ticket_id: UUID, reason: str) -> Ticket:
    """重开: within the days that the policy gives; after them `transition-refused`, a follow-up is due (T2)."""
    ticket = await _locked(work, ticket_id)
    life = await in_force(work.session, TICKET_LIFE, ticket.shop, work.now)
    ended_at = ticket.closed_at or ticket.solved_at
    if ended_at is not None and not life.document.may_reopen(ended_at, work.now):
        raise lifecycle.too_late(ticket)
    return await _changed(
        work, ticket, "reopen", lambda it: lifecycle.reopen(it, work.actor, work.now), reason=reason
    )


async def cancel_ticket(work: Work, ticket_id: UUID, reason: str) -> Ticket:
    """撤单: opened by mistake, or no longer wanted."""
    return await _change(
        work, ticket_id, "cancel", lambda ticket: lifecycle.cancel(ticket, work.actor, work.now), reason=reason
    )


async def assign_ticket(work: Work, ticket_id: UUID, staff_id: UUID) -> Ticket:
    """派单: give it to somebody (T4)."""
    await copies.expect_staff(work, staff_id)
    cause = AssignmentCause.TRANSFERRED
    return await _change(
        work, ticket_id, "assign", lambda ticket: lifecycle.assign(ticket, staff_id, cause, work.actor, work.now)
    )


async def _open(work: Work, asked: TicketOpen, *, source: TicketSource, order: OrderLike | None) -> Ticket:
    account_id = order.account_id if order else work.actor.account_id
    ticket = Ticket(
        ticket_id=new_id(),
        number=await store.next_number(work),
        kind=asked.kind,
        shop=asked.shop,
        status=lifecycle.LIFE.initial,
        subject=asked.subject,
        description=asked.description,
        customer_id=await _whom(work, asked.customer_id, account_id),
        account_id=account_id,
        order_id=order.order_id if order else None,
        order_no=order.order_no if order else None,
        priority=Priority(asked.priority),
        channel=asked.channel,
        source=source,
        opened_by=work.actor.subject,
        opened_by_staff_id=work.actor.staff_id,
        opened_at=work.now,
        touched_by=[],
    )
    event = lifecycle.opened(ticket, source)
    await outbox.record(work, ticket, event)
    await store.add(work.session, ticket)
    await audit.record(work, "open", "ticket", ticket.ticket_id, after={"status": ticket.status, "kind": ticket.kind})
    return ticket


async def _whom(work: Work, asked: UUID | None, account_id: UUID | None) -> UUID | None:
    """The customer it is about: whoever has the account, else who was asked for."""
    owner = await copies.customer_of_account(work.session, account_id) if account_id else None
    if asked is None:
        return owner
    customer_id = await copies.expect_customer(work, asked)
    if work.actor.account_id is not None and customer_id != owner:
        raise Problem("not-found")
    if owner is not None and customer_id != owner:
        raise invalid("/customer_id", "该订单属于另一位客户", "the order is another customer's")
    return customer_id


async def _change(
    work: Work, ticket_id: UUID, verb: str, change: Callable[[Ticket], TicketEvent], *, reason: str | None = None
) -> Ticket:
    return await _changed(work, await _locked(work, ticket_id), verb, change, reason=reason)


async def _changed(
    work: Work, ticket: Ticket, verb: str, change: Callable[[Ticket], TicketEvent], *, reason: str | None = None
) -> Ticket:
    work.expect_version(ticket.version)
    if ticket.customer_id is None and ticket.account_id is not None:
        ticket.customer_id = await copies.customer_of_account(work.session, ticket.account_id)
    before = _audited(ticket)
    event = change(ticket)
    ticket.version += 1
    await outbox.record(work, ticket, event)
    # People write anything into a reason, and the trail is for ever (X6, X7).
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "ticket", ticket.ticket_id, before=before, after=_audited(ticket), reason=why)
    return ticket


async def _locked(work: Work, ticket_id: UUID) -> Ticket:
    return await _seen(work, await store.get_for_update(work.session, ticket_id))


async def _seen(work: Work, ticket: Ticket | None) -> Ticket:
    if ticket is None or not work.actor.serves(ticket.shop):
        raise Problem("not-found")
    see_own(work, ticket.account_id)
    return ticket


def _audited(ticket: Ticket) -> dict[str, str | None]:
    assignee = str(ticket.assignee_staff_id) if ticket.assignee_staff_id else None
    return {"status": ticket.status, "waiting_on": ticket.waiting_on, "assignee": assignee}
