"""Use cases of clocks. The ticket's verbs call them with its row locked; every one but `begin`, which returns the new
clocks, returns what is due first among the ticket's clocks that tick, late ones included, or None.

Every step becomes a fact with its author, and an event where the catalogue has one. What a verb of the ticket does to
its clocks stands in the ticket's own audit row; what somebody does to a single clock by hand has an audit row.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.ticket.clock import ClockKind
from kit import audit
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.clock import lifecycle, store
from services.ticket.clock.lifecycle import Timed, earliest_due
from services.ticket.clock.models import Clock
from services.ticket.clock.policy import EMERGENCY_CONTAINMENT, FIRST_REPLY_LOAD, NEVER_PAUSED
from services.ticket.clock.showing import clocks_of, shown
from services.ticket.clock.starting import Terms, by_table, sla_in_force, start, start_by_table
from services.ticket.clock.state import Hold
from services.ticket.clock.telling import apply, tell

__all__ = [
    "Answered", "Clock", "begin", "clocks_of", "customer_wrote", "drop", "drop_leg", "earliest_due", "finish", "hold",
    "meet_leg", "pass_on", "pause", "release", "reopen", "replied", "resume", "shown", "start_leg", "wake_due",
]  # fmt: skip

_REPLIES = (ClockKind.FIRST_REPLY, ClockKind.NEXT_REPLY)
_SOLVED = (ClockKind.SOLUTION, ClockKind.CONTAINMENT)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a visible reply of a person did: whether it was the first one, as far as a clock for it ran; how long the
    customer had waited by the clock on the wall (None when no clock ran for it); what is due next."""

    first: bool
    waited_seconds: int | None
    due_at: datetime | None


async def begin(work: Work, timed: Timed, *, open_chats: int | None) -> list[Clock]:
    """受理: the clocks of a new ticket: its first reply, by the agent's open chats for a chat that was routed to one
    (T41), else by the table (T43); its solution; its containing, for an emergency (T42)."""
    sla = await sla_in_force(work, timed.shop)
    terms = by_table(sla, timed, ClockKind.SOLUTION)
    if open_chats is None:
        terms += by_table(sla, timed, ClockKind.FIRST_REPLY)
    else:
        load = await in_force(work.session, FIRST_REPLY_LOAD, timed.shop, work.now)
        seconds = sla.document.for_tier(load.document.target(open_chats).seconds, timed.tier)
        terms.append(Terms(ClockKind.FIRST_REPLY, seconds, load, by_the_wall=True))
    if timed.emergency:
        emergency = await in_force(work.session, EMERGENCY_CONTAINMENT, timed.shop, work.now)
        seconds = emergency.document.in_time_seconds
        terms.append(Terms(ClockKind.CONTAINMENT, seconds, emergency, by_the_wall=True))
    return await start(work, timed, sla.document, terms)


async def replied(work: Work, timed: Timed) -> Answered:
    """A person wrote something that the customer can see: the reply that was due is given (T48). An automatic one is
    none (T41)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    due = [clock for clock in clocks if clock.kind in _REPLIES]
    await apply(work, due, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    # Never less than nothing: a machine's clock may have been set back meanwhile.
    waited = max((max(int((work.now - clock.started_at).total_seconds()), 0) for clock in due), default=None)
    first = any(clock.kind == ClockKind.FIRST_REPLY for clock in due)
    return Answered(first, waited, earliest_due(clocks))


async def customer_wrote(work: Work, timed: Timed) -> datetime | None:
    """The customer wrote: the next reply is due, unless one is already (T43)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    if any(clock.kind in _REPLIES for clock in clocks):
        return earliest_due(clocks)
    return earliest_due([*clocks, *await start_by_table(work, timed, ClockKind.NEXT_REPLY)])


async def pause(work: Work, timed: Timed, reason: str) -> datetime | None:
    """等待客户: the clocks that the policy names stand still, with the reason and its author (T43, T48)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    sla = await sla_in_force(work, timed.shop)
    why = scrub(reason)
    standing = [clock for clock in clocks if clock.kind in sla.document.paused_in_waiting and not clock.waiting]
    await apply(work, standing, lambda clock, time: lifecycle.pause(clock, Hold.WAITING, why, work.now, time))
    return earliest_due(clocks)


async def resume(work: Work, timed: Timed) -> datetime | None:
    """不再等待: what stood still for it goes on with what was left."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    standing = [clock for clock in clocks if clock.waiting]
    await apply(work, standing, lambda clock, time: lifecycle.resume(clock, Hold.WAITING, None, work.now, time))
    return earliest_due(clocks)


async def finish(work: Work, timed: Timed) -> None:
    """解决 or 关单: the solution is met, an emergency contained by now; what else is due ends without a verdict. Not
    the first reply: a change of status never stops it, only a message that the customer can see does (T48)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    solved = [clock for clock in clocks if clock.kind in _SOLVED]
    others = [clock for clock in clocks if clock.kind not in (*_SOLVED, ClockKind.FIRST_REPLY)]
    await apply(work, solved, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    await apply(work, others, lambda clock, reckoning: lifecycle.drop(clock, "finished", work.now, reckoning))


async def drop(work: Work, timed: Timed) -> None:
    """撤单 or 并单: nothing is due any more, and nothing was met."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    await apply(work, clocks, lambda clock, reckoning: lifecycle.drop(clock, "dropped", work.now, reckoning))


async def reopen(work: Work, timed: Timed) -> datetime | None:
    """重开: a new solution clock; what was long ago is not looked at (T47)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    return earliest_due([*clocks, *await start_by_table(work, timed, ClockKind.SOLUTION)])


async def pass_on(work: Work, timed: Timed) -> None:
    """转交: what is due of the desk is due by somebody else from now on; others' legs stay theirs, and the ticket's
    group looks after them (T47)."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    await apply(work, clocks, lambda clock, _: lifecycle.pass_on(clock, timed, work.now))


async def start_leg(work: Work, timed: Timed, kind: ClockKind) -> datetime | None:
    """Start the clock of a leg (T47), by whoever is the owner in `timed`; one that runs already goes on."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    if any(clock.kind == kind for clock in clocks):
        return earliest_due(clocks)
    return earliest_due([*clocks, *await start_by_table(work, timed, kind)])


async def meet_leg(work: Work, timed: Timed, kind: ClockKind) -> datetime | None:
    """The leg is done (T47), the emergency contained (T42); nothing happens when no such clock runs."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    done = [clock for clock in clocks if clock.kind == kind]
    await apply(work, done, lambda clock, reckoning: lifecycle.meet(clock, work.now, reckoning))
    return earliest_due(clocks)


async def drop_leg(work: Work, timed: Timed, kind: ClockKind, reason: str) -> datetime | None:
    """The leg isn't due any more and was not done (T47): it ends without a verdict; a breach that has been stays."""
    clocks = await store.lock_unfinished(work.session, timed.ticket_id)
    needless = [clock for clock in clocks if clock.kind == kind]
    await apply(work, needless, lambda clock, reckoning: lifecycle.drop(clock, reason, work.now, reckoning))
    return earliest_due(clocks)


async def hold(work: Work, ticket_id: UUID, clock_id: UUID, reason: str) -> tuple[Clock, datetime | None]:
    """暂停 one clock by hand, with a reason and an author (T47, T48). The caller holds the ticket's row lock.

    Raises Problem `not-found`; `transition-refused` for one that has ended, is paused by hand already, or never
    stands still: the first reply and the containing of an emergency.
    """
    clocks, clock = await _one(work, ticket_id, clock_id, "pause")
    if clock.kind in NEVER_PAUSED:
        raise lifecycle.refused(clock, "pause")
    before, why = clock.status, scrub(reason)
    await apply(work, [clock], lambda it, time: lifecycle.pause(it, Hold.BY_HAND, why, work.now, time))
    await _audit(work, "pause", clock, before, why)
    return clock, earliest_due(clocks)


async def release(work: Work, ticket_id: UUID, clock_id: UUID, reason: str) -> tuple[Clock, datetime | None]:
    """继续 a clock that was paused by hand; while its ticket waits for the customer it stands still nevertheless.

    Raises Problem `not-found`, `transition-refused` for one that nobody paused by hand.
    """
    clocks, clock = await _one(work, ticket_id, clock_id, "resume")
    before, why = clock.status, scrub(reason)
    await apply(work, [clock], lambda it, time: lifecycle.resume(it, Hold.BY_HAND, why, work.now, time))
    await _audit(work, "resume", clock, before, why)
    return clock, earliest_due(clocks)


async def wake_due(work: Work, limit: int) -> int:
    """Warn and breach what is due at this instant, the longest due first; returns how many clocks were due."""
    clocks = await store.lock_due(work.session, work.now, limit)
    told = []
    for clock in clocks:
        clock.version += 1
        told.append((clock, lifecycle.wake(clock, work.now)))
    await tell(work, told)
    await store.save_woken(work.session, clocks)
    return len(clocks)


async def put_off(work: Work, until: datetime) -> UUID | None:
    """Look at the clock that is due longest another time: it made its waking fail. Returns which one that was."""
    clocks = await store.lock_due(work.session, work.now, 1)
    for clock in clocks:
        clock.wake_at = until
        await store.save_woken(work.session, clocks)
        return clock.clock_id
    return None


async def _one(work: Work, ticket_id: UUID, clock_id: UUID, verb: str) -> tuple[list[Clock], Clock]:
    """A clock and the others of its ticket that have not ended, all locked. Raises Problem `not-found`,
    `stale-version`, and `transition-refused` for one that has ended."""
    clocks = await store.lock_unfinished(work.session, ticket_id)
    for clock in clocks:
        if clock.clock_id == clock_id:
            work.expect_version(clock.version)
            return clocks, clock
    ended = await store.get(work.session, clock_id)
    if ended is None or ended.ticket_id != ticket_id:
        raise Problem("not-found")
    raise lifecycle.refused(ended, verb)


async def _audit(work: Work, verb: str, clock: Clock, before: str, reason: str) -> None:
    """What somebody did to a single clock by hand."""
    after = {"status": clock.status, "kind": clock.kind, "ticket": clock.ticket_number}
    await audit.record(work, verb, "clock", clock.clock_id, before={"status": before}, after=after, reason=reason)
