"""Use cases of clocks. The ticket's verbs call them with its row locked; every one returns what is due first among
the ticket's clocks that tick, late ones included, or None.

Every step becomes a fact with its author, and an event where the catalogue has one. What a verb of the ticket does to
its clocks stands in the ticket's own audit row; what somebody does to a single clock by hand has an audit row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.clock import ClockKind
from kit import outbox
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import InForce
from kit.privacy import scrub
from kit.work import Work
from services.ticket.calendar.reckoning import Reckoning, WallTime
from services.ticket.calendar.service import calendar_in_force, calendar_of_version, note_unannounced
from services.ticket.clock import lifecycle, store
from services.ticket.clock.lifecycle import Hold, Step, Timed, earliest_due
from services.ticket.clock.models import Clock
from services.ticket.clock.policy import EMERGENCY_CONTAINMENT, FIRST_REPLY_LOAD, SLA_TARGETS, SlaTargets
from services.ticket.clock.schemas import ClockPublic

_WALL = WallTime()
_REPLIES = (ClockKind.FIRST_REPLY, ClockKind.NEXT_REPLY)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a visible reply of a person did: whether it was the first one, as far as a clock for it ran; how long the
    customer had waited by the clock on the wall (None when no clock ran for it); what is due next."""

    first: bool
    waited_seconds: int | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a clock is started under."""

    kind: ClockKind
    seconds: int
    policy: InForce[Any]
    by_the_wall: bool = False


async def begin(work: Work, timed: Timed, *, open_chats: int | None) -> datetime | None:
    """受理: the clocks of a new ticket: its first reply, by the agent's open chats for a chat that was routed to one
    (T41), else by the table (T43); its solution; its containing, for an emergency (T42)."""
    sla = await _sla(work, timed)
    terms = [*_by_table(sla, timed, ClockKind.SOLUTION)]
    if open_chats is None:
        terms += _by_table(sla, timed, ClockKind.FIRST_REPLY)
    else:
        load = await in_force(work.session, FIRST_REPLY_LOAD, timed.shop, work.now)
        seconds = sla.document.for_tier(load.document.target(open_chats).seconds, timed.tier)
        terms.append(_Terms(ClockKind.FIRST_REPLY, seconds, load, by_the_wall=True))
    if timed.emergency:
        emergency = await in_force(work.session, EMERGENCY_CONTAINMENT, timed.shop, work.now)
        seconds = emergency.document.in_time_seconds
        terms.append(_Terms(ClockKind.CONTAINMENT, seconds, emergency, by_the_wall=True))
    return earliest_due(await _start(work, timed, sla.document, terms))


async def replied(work: Work, timed: Timed) -> Answered:
    """A person wrote something that the customer can see: the reply that was due is given (T48). An automatic one is
    none (T41)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    due = [clock for clock in clocks if clock.kind in _REPLIES]
    await _apply(work, due, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    waited = max((int((work.now - clock.started_at).total_seconds()) for clock in due), default=None)
    first = any(clock.kind == ClockKind.FIRST_REPLY for clock in due)
    return Answered(first, waited, earliest_due(clocks))


async def customer_wrote(work: Work, timed: Timed) -> datetime | None:
    """The customer wrote: the next reply is due, unless one is already (T43)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    if any(clock.kind in _REPLIES for clock in clocks):
        return earliest_due(clocks)
    return earliest_due([*clocks, *await _start_by_table(work, timed, ClockKind.NEXT_REPLY)])


async def pause(work: Work, timed: Timed, reason: str) -> datetime | None:
    """等待客户: the clocks that the policy names stand still, with the reason and its author (T43, T48)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    sla = await _sla(work, timed)
    why = scrub(reason)
    standing = [clock for clock in clocks if clock.kind in sla.document.paused_in_waiting and not clock.waiting]
    await _apply(work, standing, lambda clock, time: lifecycle.pause(clock, Hold.WAITING, why, work.now, time))
    return earliest_due(clocks)


async def resume(work: Work, timed: Timed) -> datetime | None:
    """不再等待: what stood still for it goes on with what was left."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    standing = [clock for clock in clocks if clock.waiting]
    await _apply(work, standing, lambda clock, time: lifecycle.resume(clock, Hold.WAITING, None, work.now, time))
    return earliest_due(clocks)


async def finish(work: Work, timed: Timed) -> None:
    """解决 or 关单: the solution is met; what else is still due ends without a verdict. Not the first reply: a change
    of status never stops it, only a message that the customer can see does (T48)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    solved = [clock for clock in clocks if clock.kind == ClockKind.SOLUTION]
    others = [clock for clock in clocks if clock.kind not in (ClockKind.SOLUTION, ClockKind.FIRST_REPLY)]
    await _apply(work, solved, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    await _apply(work, others, lambda clock, reckoning: lifecycle.drop(clock, "finished", work.now, reckoning))


async def drop(work: Work, timed: Timed) -> None:
    """撤单 or 并单: nothing is due any more, and nothing was met."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    await _apply(work, clocks, lambda clock, reckoning: lifecycle.drop(clock, "dropped", work.now, reckoning))


async def reopen(work: Work, timed: Timed) -> datetime | None:
    """重开: a new solution clock; what was long ago is not looked at (T47)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    return earliest_due([*clocks, *await _start_by_table(work, timed, ClockKind.SOLUTION)])


async def pass_on(work: Work, timed: Timed) -> None:
    """转交: what is due is due by somebody else from now on."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    await _apply(work, clocks, lambda clock, _: lifecycle.pass_on(clock, timed, work.now))


async def start_leg(work: Work, timed: Timed, kind: ClockKind) -> datetime | None:
    """Start the clock of a leg (T47), by whoever is the owner in `timed`; one that runs already goes on."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    if any(clock.kind == kind for clock in clocks):
        return earliest_due(clocks)
    return earliest_due([*clocks, *await _start_by_table(work, timed, kind)])


async def meet_leg(work: Work, timed: Timed, kind: ClockKind) -> datetime | None:
    """The leg is done (T47), the emergency contained (T42); nothing happens when no such clock runs."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    done = [clock for clock in clocks if clock.kind == kind]
    await _apply(work, done, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    return earliest_due(clocks)


async def wake_due(work: Work, limit: int) -> int:
    """Warn and breach what is due at this instant, the longest due first; returns how many clocks were due."""
    clocks = await store.lock_due(work.session, work.now, limit)
    told = []
    for clock in clocks:
        steps = lifecycle.wake(clock, work.now)
        clock.version += 1
        told.append((clock, steps))
    await _tell(work, told)
    return len(clocks)


async def clocks_of(session: AsyncSession, ticket_ids: Sequence[UUID]) -> dict[UUID, list[ClockPublic]]:
    """The latest clocks of each ticket, for answers; one query."""
    found: dict[UUID, list[ClockPublic]] = {ticket_id: [] for ticket_id in ticket_ids}
    for row in await store.of_tickets(session, ticket_ids):
        found[row["ticket_id"]].append(public(row))
    return found


def public(row: Mapping[str, Any]) -> ClockPublic:
    """A clock's row as an answer shows it."""
    return ClockPublic(
        **{
            **row,
            "group": row["group_code"],
            "late": row["breached_at"] is not None,
            "used_seconds": int(row["used"].total_seconds()),
            "due_at": row["due_at"] if row["running_since"] or row["ended_at"] else None,
            "business_hours": row["hours_version"] is not None,
        }
    )


async def _sla(work: Work, timed: Timed) -> InForce[SlaTargets]:
    return await in_force(work.session, SLA_TARGETS, timed.shop, work.now)


def _by_table(sla: InForce[SlaTargets], timed: Timed, kind: ClockKind) -> list[_Terms]:
    """The terms of the table of targets, none where it has no target (T43, T58)."""
    seconds = sla.document.seconds(timed.line, kind, timed.tier)
    return [] if seconds is None else [_Terms(kind, seconds, sla)]


async def _start_by_table(work: Work, timed: Timed, kind: ClockKind) -> list[Clock]:
    sla = await _sla(work, timed)
    return await _start(work, timed, sla.document, _by_table(sla, timed, kind))


async def _start(work: Work, timed: Timed, sla: SlaTargets, terms: Sequence[_Terms]) -> list[Clock]:
    """New clocks, frozen under the policies of now (X3)."""
    if not terms:
        return []
    hours, calendar = await calendar_in_force(work.session, timed.shop, work.now)
    clocks, told = [], []
    for one in terms:
        clock = _new(work, timed, one, warn_seconds=-(-one.seconds * sla.warn_percent // 100))
        if not one.by_the_wall:
            clock.hours_shop, clock.hours_version = hours.shop, hours.version
        told.append((clock, [lifecycle.start(clock, _WALL if one.by_the_wall else calendar, work.now)]))
        if not one.by_the_wall:
            note_unannounced(calendar, work.now, clock.due_at)
        clocks.append(clock)
    await work.session.flush()  # one of the same kind may have ended in this very transaction
    await store.add(work.session, clocks)
    await _tell(work, told)
    return clocks


def _new(work: Work, timed: Timed, terms: _Terms, *, warn_seconds: int) -> Clock:
    return Clock(
        clock_id=new_id(),
        kind=terms.kind,
        ticket_id=timed.ticket_id,
        ticket_number=timed.number,
        ticket_kind=timed.kind,
        shop=timed.shop,
        tier=timed.tier,
        owner_staff_id=timed.owner_staff_id,
        group_code=timed.group,
        unit_id=timed.unit_id,
        status=lifecycle.LIFE.initial,
        target_seconds=terms.seconds,
        warn_seconds=warn_seconds,
        policy_name=terms.policy.name,
        policy_shop=terms.policy.shop,
        policy_version=terms.policy.version,
        started_at=work.now,
        due_at=work.now,
        warn_at=work.now,
    )


async def _apply(work: Work, clocks: Sequence[Clock], verb: Callable[[Clock, Reckoning], list[Step]]) -> None:
    """Move clocks that are locked, and write down and tell what happened to them."""
    known: dict[tuple[str, int] | None, Reckoning] = {None: _WALL}
    told = []
    for clock in clocks:
        hours = (clock.hours_shop, clock.hours_version) if clock.hours_shop and clock.hours_version else None
        if hours not in known and hours is not None:
            since = min(one.running_since or work.now for one in clocks)
            known[hours] = await calendar_of_version(work.session, *hours, since)
        steps = verb(clock, known[hours])
        if steps:
            clock.version += 1
            told.append((clock, steps))
    await _tell(work, told)


async def _tell(work: Work, told: Sequence[tuple[Clock, Sequence[Step]]]) -> None:
    """Every step as a fact, and its event in the outbox."""
    await store.add_facts(work.session, [_fact(work, clock, step) for clock, steps in told for step in steps])
    for clock, steps in told:
        await outbox.record(work, clock, *(step.event for step in steps if step.event is not None))


def _fact(work: Work, clock: Clock, step: Step) -> dict[str, Any]:
    return {
        "clock_id": clock.clock_id,
        "kind": step.kind,
        "at": step.at,
        "noted_at": work.now,
        "author": work.actor.subject,
        "hold": step.hold,
        "reason": step.reason,
        "status": step.status,
        "used": step.used,
        "due_at": step.due_at,
        "owner_staff_id": step.owner_staff_id,
        "group_code": step.group_code,
    }
