"""Use cases of emergencies (T42): of that kind, and what a complaint of that category shares with them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketKind, TicketSource
from kit import audit, outbox
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.clock import service as clocks
from services.ticket.clock.policy import EMERGENCY_CONTAINMENT
from services.ticket.emergency import lifecycle, store
from services.ticket.emergency.lifecycle import LIFE, OUTCOME, STATUS, EmergencyStatus
from services.ticket.emergency.models import Emergency
from services.ticket.emergency.schemas import EmergencyFilter, EmergencyNote, EmergencyOpen
from services.ticket.procedure import service as procedures
from services.ticket.sight import in_sight
from services.ticket.ticket import service as tickets
from services.ticket.ticket.change import due_from_clocks
from services.ticket.ticket.service import Opening, Ticket

Seen = tuple[Emergency, Ticket]


async def open_emergency(work: Work, asked: EmergencyOpen) -> Seen:
    """突发事件受理 (T42). Raises Problem what opening any ticket raises."""
    opening = Opening(
        kind=TicketKind.EMERGENCY,
        shop=asked.shop,
        subject=asked.subject,
        description=asked.description,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        unit_id=asked.unit_id,
        priority=asked.priority,
        channel=asked.channel,
        source=TicketSource.MANUAL,
        emergency=True,
    )
    ticket = await tickets.open_staged(work, opening)
    return await keep(work, ticket), ticket


async def keep(work: Work, ticket: Ticket) -> Emergency:
    """What is known of a new emergency, whether it is one by itself or a complaint's category."""
    emergency = Emergency(
        emergency_id=ticket.ticket_id,
        number=ticket.number,
        shop=ticket.shop,
        account_id=ticket.account_id,
        kind=ticket.kind,
        status=LIFE.initial,
        opened_at=ticket.opened_at,
    )
    await store.add(work.session, emergency)
    return emergency


async def get_emergency(work: Work, emergency_id: UUID) -> Seen:
    """The emergency with its ticket. Raises Problem `not-found`, also for one out of sight (X1)."""
    ticket = await tickets.get_ticket(work, emergency_id)
    return _there(await store.get(work.session, emergency_id)), ticket


async def list_emergencies(
    work: Work, query: EmergencyFilter, after: UUID | None
) -> tuple[list[Emergency], UUID | None]:
    """Emergencies in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].emergency_id if len(found) > query.limit else None


async def contain_emergency(work: Work, emergency_id: UUID, measures: str) -> Seen:
    """受控: the clock stops, and how late it was is told (T42). Raises Problem `transition-refused`, `not-found`."""
    ticket = await tickets.lock(work, emergency_id, TicketKind.EMERGENCY)
    work.expect_version(ticket.version)
    emergency = await contain(work, ticket, measures)
    await tickets.follow(work, ticket, STATUS[EmergencyStatus(emergency.status)], verb="contain")
    return emergency, ticket


async def contain(work: Work, ticket: Ticket, measures: str) -> Emergency:
    """As `contain_emergency`, for whoever holds the ticket's lock and brings its status to what it is then."""
    emergency = _there(await store.get(work.session, ticket.ticket_id))
    rules = await in_force(work.session, EMERGENCY_CONTAINMENT, ticket.shop, emergency.opened_at)
    before = _audited(emergency)
    contained = lifecycle.contain(emergency, ticket, measures, rules, work.actor, work.now)
    due_from_clocks(ticket, await clocks.meet_leg(work, tickets.timed(ticket), ClockKind.CONTAINMENT))
    await outbox.record(work, emergency, contained)
    await _write_down(work, emergency, "contain", before)
    return emergency


async def close_emergency(work: Work, emergency_id: UUID) -> Seen:
    """结案: what followed is done, too. Raises Problem `steps-open` while required steps of its lists are (T53)."""
    return await _moved(work, emergency_id, "close", None)


async def reopen_emergency(work: Work, emergency_id: UUID, reason: str) -> Seen:
    """重开: there is something left to do; it stays contained (T2)."""
    return await _moved(work, emergency_id, "reopen", reason)


async def cancel_emergency(work: Work, emergency_id: UUID, reason: str) -> Seen:
    """撤销: it was none."""
    return await _moved(work, emergency_id, "cancel", reason)


async def note_emergency(work: Work, emergency_id: UUID, asked: EmergencyNote) -> Seen:
    """Note insurance and claims (T42). Raises Problem `precondition-required`, `stale-version`, `not-found`."""
    if work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await tickets.locked(work, emergency_id)
    work.expect_version(ticket.version)
    emergency = _there(await store.get(work.session, emergency_id))
    changes = {
        name: value
        for name, value in asked.model_dump(exclude_unset=True).items()
        if getattr(emergency, name) != value
    }
    if not changes:
        return emergency, ticket
    for name, value in changes.items():
        setattr(emergency, name, value)
    ticket.version += 1
    # What was noted is free text; the trail says that it was (X6).
    await audit.record(work, "note", "emergency", emergency_id, after=dict.fromkeys(changes, "…"))
    return emergency, ticket


async def _moved(work: Work, emergency_id: UUID, verb: str, reason: str | None) -> Seen:
    ticket = await tickets.lock(work, emergency_id, TicketKind.EMERGENCY)
    work.expect_version(ticket.version)
    emergency = _there(await store.get(work.session, emergency_id))
    before = _audited(emergency)
    LIFE.move(emergency, verb)
    status = EmergencyStatus(emergency.status)
    if status is EmergencyStatus.CLOSED:
        await procedures.expect_done(work, emergency_id)
    await tickets.follow(work, ticket, STATUS[status], verb=verb, outcome=OUTCOME.get(status), reason=reason)
    await _write_down(work, emergency, verb, before, reason)
    return emergency, ticket


def _there(emergency: Emergency | None) -> Emergency:
    if emergency is None:
        raise Problem("not-found")
    return emergency


async def _write_down(
    work: Work, emergency: Emergency, verb: str, before: Mapping[str, Any], reason: str | None = None
) -> None:
    why = scrub(reason) if reason else None
    await audit.record(
        work, verb, "emergency", emergency.emergency_id, before=before, after=_audited(emergency), reason=why
    )


def _audited(emergency: Emergency) -> dict[str, Any]:
    return {"status": emergency.status, "lateness": emergency.lateness}
