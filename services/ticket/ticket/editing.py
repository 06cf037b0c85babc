"""What can be changed on a ticket without a change of state: its words, tags, watchers, and the deadline of the
marketplace (T1, T49)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.ticket.ticket import TicketKind
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import service as copies
from services.ticket.order import service as orders
from services.ticket.procedure import service as procedures
from services.ticket.ticket import lifecycle, store
from services.ticket.ticket.change import is_unfinished, locked, note_due, write_down
from services.ticket.ticket.kinds import read_details
from services.ticket.ticket.lifecycle import COMMON
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.opening import expect_tags
from services.ticket.ticket.policy import TICKET_LIMITS
from services.ticket.ticket.schemas import TicketEdit
from services.ticket.ticket.verbs import index

_OF_THE_STAGES = ("category", "details")
_SEARCHED = {"subject", "description"}


async def edit_ticket(work: Work, ticket_id: UUID, asked: TicketEdit) -> Ticket:
    """Change what it says, never its state (T1).

    Raises Problem `precondition-required` without If-Match, `stale-version`, `not-found`, `transition-refused` for a
    ticket that was merged, and `invalid-request` for fields that its kind doesn't have or its kind's room decides.
    """
    if work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await locked(work, ticket_id)
    work.expect_version(ticket.version)
    _expect_here(ticket, "edit")
    wanted = await _wanted(work, ticket, asked)
    changes = {name: value for name, value in wanted.items() if getattr(ticket, name) != value}
    if not changes:
        return ticket
    before = {name: getattr(ticket, name) for name in changes}
    for name, value in changes.items():
        setattr(ticket, name, value)
    ticket.version += 1
    if "tags" in changes:
        await store.keep_tags(work.session, ticket.ticket_id, ticket.tags)
    if changes.keys() & _SEARCHED:
        await index(work, ticket)
    if "category" in changes and is_unfinished(ticket):
        await _begin_procedures(work, ticket)
    await write_down(work, ticket, "edit", _told(before), _told(changes))
    return ticket


async def watch_ticket(work: Work, ticket_id: UUID, staff_id: UUID) -> Ticket:
    """关注: somebody is told what becomes of it. Raises Problem `not-yet-known` and `invalid-request` for nobody of
    ours, and for more watchers than the policy allows."""
    await copies.expect_staff(work, staff_id)
    ticket = await locked(work, ticket_id)
    limits = await in_force(work.session, TICKET_LIMITS, ticket.shop, work.now)
    if str(staff_id) in ticket.watchers:
        return ticket
    if len(ticket.watchers) >= limits.document.watchers:
        raise invalid("/staff_id", "关注人数已达上限", "has as many watchers as it may have")
    return await _watched(work, ticket, staff_id, watches=True)


async def unwatch_ticket(work: Work, ticket_id: UUID, staff_id: UUID) -> Ticket:
    """取消关注. Raises Problem `not-found` for somebody who doesn't watch it."""
    ticket = await locked(work, ticket_id)
    if str(staff_id) not in ticket.watchers:
        raise Problem("not-found")
    return await _watched(work, ticket, staff_id, watches=False)


async def absorb(work: Work, into: Ticket, ticket: Ticket, messages: int) -> None:
    """并单, the surviving side: whoever watched the other watches this one, whoever could read the other as its buyer
    can read this one, and what had become part of the other leads here (T3). Both rows are locked."""
    joined = [one for one in ticket.watchers if one not in into.watchers]
    into.watchers = [*into.watchers, *joined]
    into.account_id = into.account_id or ticket.account_id
    for one in joined:
        await store.keep_watcher(work.session, into.ticket_id, UUID(one), watches=True)
    for earlier in await store.lock_merged_into(work.session, ticket.ticket_id):
        earlier.merged_into = into.ticket_id
        earlier.version += 1
    into.version += 1
    after = {"ticket": str(ticket.ticket_id), "messages": messages, "watchers": into.watchers}
    await write_down(work, into, "absorb", None, after)


async def set_deadline(work: Work, ticket_id: UUID, deadline_at: datetime | None, version_stamp: int) -> Ticket:
    """平台时限: the marketplace's own deadline, with the stamp of its version (T49).

    The same again changes nothing. Raises Problem `stale-version` for an older stamp than the one that is known, and
    `conflict` for another deadline under the same one, `forbidden` for a buyer.
    """
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="ticket:deadline")
    ticket = await locked(work, ticket_id)
    known = ticket.version_stamp
    if known is not None and version_stamp < known:
        raise Problem("stale-version", version_stamp=known)
    if known == version_stamp:
        if ticket.deadline_at != deadline_at:
            raise Problem("conflict", version_stamp=known)
        return ticket
    before = {"version_stamp": known, "deadline_at": _text(ticket.deadline_at)}
    ticket.version_stamp, ticket.deadline_at = version_stamp, deadline_at
    note_due(ticket)
    ticket.version += 1
    after = {"version_stamp": version_stamp, "deadline_at": _text(deadline_at)}
    await write_down(work, ticket, "set-deadline", before, after)
    return ticket


async def expect_stamp(work: Work, ticket_id: UUID, version_stamp: int) -> None:
    """The ticket is as that version of the marketplace's case says (T49); its row is locked from here on. Raises
    Problem `stale-version` when another version is known here, `not-found`."""
    ticket = await locked(work, ticket_id)
    if ticket.version_stamp != version_stamp:
        raise Problem("stale-version", version_stamp=ticket.version_stamp)


async def _wanted(work: Work, ticket: Ticket, asked: TicketEdit) -> dict[str, Any]:
    wanted = asked.model_dump(exclude_unset=True)
    if TicketKind(ticket.kind) not in COMMON:
        for name in _OF_THE_STAGES:
            if name in wanted:
                raise invalid(f"/{name}", "由该种类的流程决定", "is decided by the stages of this kind")
    if "details" in wanted:
        kept = {name: ticket.details[name] for name in ("outcome",) if name in ticket.details}
        wanted["details"] = {**read_details(TicketKind(ticket.kind), wanted["details"]), **kept}
    if wanted.get("unit_id") is not None:
        await copies.expect_unit(work, wanted["unit_id"])
    if "tags" in wanted:
        await expect_tags(work, ticket.shop, wanted["tags"])
        wanted["tags"] = list(wanted["tags"])
    return wanted


async def _begin_procedures(work: Work, ticket: Ticket) -> None:
    """The checklists of what it is about now; those it has stay (T53)."""
    order = (await orders.get_order(work, ticket.shop, ticket.order_no))[0] if ticket.order_no else None
    it = procedures.situation_of(TicketKind(ticket.kind), ticket.category, order)
    await procedures.begin(work, ticket.ticket_id, ticket.shop, it)


async def _watched(work: Work, ticket: Ticket, staff_id: UUID, *, watches: bool) -> Ticket:
    before = ticket.watchers
    others = [one for one in before if one != str(staff_id)]
    ticket.watchers = [*others, str(staff_id)] if watches else others
    ticket.version += 1
    await store.keep_watcher(work.session, ticket.ticket_id, staff_id, watches=watches)
    verb = "watch" if watches else "unwatch"
    await write_down(work, ticket, verb, {"watchers": before}, {"watchers": ticket.watchers})
    return ticket


def _expect_here(ticket: Ticket, verb: str) -> None:
    """Raises Problem `transition-refused` for a ticket that has become part of another (T3)."""
    if ticket.merged_into is not None:
        raise lifecycle.refusal(ticket, verb)


def _told(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the trail says of a change: codes as they are, of free text only that it changed (X6)."""
    return {name: value if name in _CODES else "…" for name, value in changes.items()}


_CODES = ("priority", "category", "unit_id")


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
