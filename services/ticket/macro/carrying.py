"""Actions carried out on one ticket, in one transaction: all of them or none (T53)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from kit.clock import business_date
from kit.problems import InvalidValue, Problem, invalid
from kit.work import Work
from services.ticket.macro import actions as one
from services.ticket.macro.actions import Action
from services.ticket.macro.variables import filled_in
from services.ticket.message.schemas import MessageCreate
from services.ticket.ticket import service as tickets
from services.ticket.ticket.schemas import TicketEdit


class Ticket(Protocol):
    """A ticket, as far as a macro looks at it."""

    ticket_id: UUID
    number: str
    subject: str
    shop: str
    order_no: str | None
    status: str
    tags: list[str]
    version: int


def expect_permitted(work: Work, actions: Sequence[Action]) -> None:
    """Raises Problem `forbidden` when the caller may not do one of the actions by hand either."""
    for action in actions:
        if not work.actor.may(action.permission):
            raise Problem("forbidden", permission=action.permission)


async def carry_out(work: Work, ticket_id: UUID, actions: Sequence[Action]) -> Ticket:
    """Do these things to the ticket, one after the other, and return it.

    Raises Problem `not-found`, `stale-version`, `forbidden`, and whatever an action raises: with the place of that
    action in `action`, and nothing of the others done.
    """
    expect_permitted(work, actions)
    ticket = await tickets.locked(work, ticket_id)
    work.expect_version(ticket.version)
    for place, action in enumerate(actions):
        work.expected_version = ticket.version
        try:
            await _WAYS[type(action)](work, ticket, action)
        except Problem as refused:
            refused.facts["action"] = place
            raise
        except InvalidValue as wrong:
            lacking = invalid(f"/actions/{place}", wrong.zh, wrong.en)
            lacking.facts["action"] = place
            raise lacking from wrong
        ticket = await tickets.locked(work, ticket_id)
    return ticket


async def _edit(work: Work, ticket: Ticket, action: one.Edit) -> None:
    changes = action.model_dump(exclude_unset=True, exclude={"do"})
    await tickets.edit_ticket(work, ticket.ticket_id, TicketEdit.model_validate(changes))


async def _reply(work: Work, ticket: Ticket, action: one.Reply) -> None:
    message = MessageCreate(text=_filled(work, ticket, action.text), visibility=action.visibility)
    await tickets.write_message(work, ticket.ticket_id, message)


_WAYS: dict[type[Any], Callable[[Work, Ticket, Any], Awaitable[Any]]] = {
    one.Assign: lambda work, it, do: tickets.assign_ticket(
        work, it.ticket_id, do.staff_id, do.group, reason=do.reason
    ),
    one.Take: lambda work, it, _: tickets.take_ticket(work, it.ticket_id),
    one.Release: lambda work, it, do: tickets.release_ticket(work, it.ticket_id, do.reason),
    one.Start: lambda work, it, _: tickets.start_ticket(work, it.ticket_id),
    one.Wait: lambda work, it, do: tickets.wait_with_ticket(work, it.ticket_id, do.waiting_on, do.reason),
    one.Resume: lambda work, it, _: tickets.resume_ticket(work, it.ticket_id),
    one.Solve: lambda work, it, do: tickets.solve_ticket(work, it.ticket_id, _filled(work, it, do.solution)),
    one.Close: lambda work, it, _: tickets.close_ticket(work, it.ticket_id),
    one.Reopen: lambda work, it, do: tickets.reopen_ticket(work, it.ticket_id, do.reason),
    one.Cancel: lambda work, it, do: tickets.cancel_ticket(work, it.ticket_id, do.reason),
    one.Reply: _reply,
    one.Edit: _edit,
    one.Tag: lambda work, it, do: tickets.edit_ticket(work, it.ticket_id, TicketEdit(tags=_tags(it.tags, do))),
    one.Watch: lambda work, it, do: tickets.watch_ticket(work, it.ticket_id, do.staff_id),
}


def _tags(present: Sequence[str], action: one.Tag) -> tuple[str, ...]:
    return tuple(tag for tag in dict.fromkeys((*present, *action.add)) if tag not in action.remove)


def _filled(work: Work, ticket: Ticket, text: str) -> str:
    values = {
        "number": ticket.number,
        "subject": ticket.subject,
        "shop": ticket.shop,
        "order_no": ticket.order_no,
        "today": business_date(work.now).isoformat(),
    }
    return filled_in(text, values)
