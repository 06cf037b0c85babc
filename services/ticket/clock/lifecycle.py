"""The life of a clock (T43, T47, T48): pure verbs that move it, tell about it, and say what becomes a fact.

A clock carries all that its verbs need: what it has used up, since when it runs, when it is due. Nothing is ever
derived again from its old facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockBreached, ClockKind, ClockMet, ClockParty, ClockWarned
from contracts.ticket.ticket import TicketKind
from kit.problems import Problem
from services.ticket.calendar.reckoning import Reckoning
from services.ticket.clock.policy import SlaCase, case_of, party_of
from services.ticket.clock.state import (
    LIFE,
    TICKING,
    UNFINISHED,
    ClockLike,
    ClockState,
    FactKind,
    Hold,
    Step,
    step_of,
    told_of,
)

# A request that began at the due instant may still be on its way to its row: it is given this long before the breach
# is told. The breach itself is at the due instant, whenever it is told.
GRACE = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Timed:
    """What clocks know of their ticket. `tier` is the one frozen at opening (T58); `case` the line of the table of
    targets, where its kind alone doesn't say it; `emergency`: of that kind, or a complaint of that category (T42)."""

    ticket_id: UUID
    number: str
    kind: TicketKind
    shop: str
    tier: Tier | None
    owner_staff_id: UUID | None
    group: str | None
    unit_id: UUID | None
    emergency: bool = False
    case: SlaCase | None = None

    @property
    def line(self) -> SlaCase:
        """The line of the table of targets that holds for it."""
        return self.case or case_of(self.kind)


def start(clock: ClockLike, reckoning: Reckoning, at: datetime) -> Step:
    """开始: it runs from `at` on."""
    _run(clock, reckoning, at)
    return step_of(clock, FactKind.STARTED, at)


def catch_up(clock: ClockLike, now: datetime) -> list[Step]:
    """What time alone has done to it: a breach at the due instant, once (T43). Met at the due instant is met, so
    nothing is breached before that instant has passed."""
    if clock.status != ClockState.RUNNING or now <= clock.due_at:
        return []
    LIFE.move(clock, "breach")
    clock.breached_at, clock.wake_at = clock.due_at, None
    told = ClockBreached(**told_of(clock, clock.target_seconds), breached_at=clock.due_at)
    return [step_of(clock, FactKind.BREACHED, clock.due_at, event=told)]


def wake(clock: ClockLike, now: datetime) -> list[Step]:
    """临期预警 and 超时, when it is time for them: the warning once, and not any more after the breach (T43)."""
    breach = catch_up(clock, now)
    if breach or clock.status != ClockState.RUNNING or clock.warned_at is not None or now < clock.warn_at:
        return breach
    LIFE.move(clock, "warn")
    clock.warned_at = clock.warn_at
    clock.wake_at = _next_wake(clock)
    told = ClockWarned(
        **told_of(clock, max(clock.warn_seconds, int(clock.used.total_seconds()))), warned_at=clock.warn_at
    )
    return [step_of(clock, FactKind.WARNED, clock.warn_at, event=told)]


def pause(clock: ClockLike, hold: Hold, reason: str, at: datetime, reckoning: Reckoning) -> list[Step]:
    """暂停, with a reason (T48). A clock that stands still for one cause may be held by the other one as well.

    Raises Problem `transition-refused` when it has ended or is held by this cause already.
    """
    if _is_held(clock, hold):
        raise refused(clock, "pause")
    steps = catch_up(clock, at)
    if clock.running_since is not None or ClockState(clock.status) not in UNFINISHED:
        LIFE.move(clock, "pause")
        _stand_still(clock, at, reckoning)
    _set_hold(clock, hold, held=True)
    return [*steps, step_of(clock, FactKind.PAUSED, at, hold=hold, reason=reason)]


def resume(clock: ClockLike, hold: Hold, reason: str | None, at: datetime, reckoning: Reckoning) -> list[Step]:
    """继续: what was left when it paused is left now. It goes on when no other cause holds it.

    Raises Problem `transition-refused` when this cause doesn't hold it.
    """
    if not _is_held(clock, hold) or ClockState(clock.status) not in UNFINISHED:
        raise refused(clock, "resume")
    _set_hold(clock, hold, held=False)
    if not (clock.waiting or clock.by_hand):
        LIFE.move(clock, "resume")
        _run(clock, reckoning, at)
    return [step_of(clock, FactKind.RESUMED, at, hold=hold, reason=reason)]


def meet(clock: ClockLike, at: datetime, reckoning: Reckoning) -> list[Step]:
    """达成: what was due is done; `late` when that was after the breach (T43, T48)."""
    steps = catch_up(clock, at)
    paused = clock.status == ClockState.PAUSED
    LIFE.move(clock, "meet")
    _stand_still(clock, at, reckoning)
    if paused:
        clock.due_at = reckoning.after(at, _left(clock))
    _end(clock, at)
    late = clock.breached_at is not None
    told = ClockMet(**told_of(clock, int(clock.used.total_seconds())), late=late, met_at=at)
    return [*steps, step_of(clock, FactKind.MET, at, event=told)]


def drop(clock: ClockLike, reason: str, at: datetime, reckoning: Reckoning) -> list[Step]:
    """It ends without a verdict; a breach that has been stays one."""
    steps = catch_up(clock, at)
    LIFE.move(clock, "drop")
    _stand_still(clock, at, reckoning)
    _end(clock, at)
    return [*steps, step_of(clock, FactKind.DROPPED, at, reason=reason)]


def pass_on(clock: ClockLike, timed: Timed, at: datetime) -> list[Step]:
    """转交: from now on somebody else of the desk has to act, or to look after what others owe; who was late until
    then stays in the facts (T47)."""
    owner = timed.owner_staff_id if party_of(ClockKind(clock.kind)) is ClockParty.DESK else clock.owner_staff_id
    before, after = (clock.owner_staff_id, clock.group_code, clock.unit_id), (owner, timed.group, timed.unit_id)
    if before == after:
        return []
    steps = catch_up(clock, at)
    LIFE.move(clock, "pass_on")
    clock.owner_staff_id, clock.group_code, clock.unit_id = after
    return [*steps, step_of(clock, FactKind.PASSED_ON, at)]


def refused(clock: ClockLike, verb: str) -> Problem:
    """The 409 of a verb that the drawing may allow and this clock doesn't: it never stands still, or for another
    cause."""
    refusal = LIFE.refusal(ClockState(clock.status), verb)
    refusal.facts["allowed"] = [one for one in LIFE.allowed(ClockState(clock.status)) if one != verb]
    return refusal


def earliest_due(clocks: Iterable[ClockLike]) -> datetime | None:
    """What is due first among the clocks that tick, late ones included; None when none does."""
    return min((clock.due_at for clock in clocks if clock.status in TICKING), default=None)


def _run(clock: ClockLike, reckoning: Reckoning, at: datetime) -> None:
    clock.running_since = at
    if clock.breached_at is None:
        clock.due_at = reckoning.after(at, _left(clock))
        if clock.warned_at is None:
            clock.warn_at = reckoning.after(at, timedelta(seconds=clock.warn_seconds) - clock.used)
        clock.wake_at = _next_wake(clock)


def _stand_still(clock: ClockLike, at: datetime, reckoning: Reckoning) -> None:
    if clock.running_since is not None:
        clock.used += max(reckoning.between(clock.running_since, at), timedelta())  # the machine's clock was set back
    clock.running_since = clock.wake_at = None


def _end(clock: ClockLike, at: datetime) -> None:
    clock.ended_at, clock.waiting, clock.by_hand = at, False, False


def _next_wake(clock: ClockLike) -> datetime:
    breach = clock.due_at + GRACE
    return breach if clock.warned_at is not None else min(clock.warn_at, breach)


def _left(clock: ClockLike) -> timedelta:
    return timedelta(seconds=clock.target_seconds) - clock.used


def _is_held(clock: ClockLike, hold: Hold) -> bool:
    return clock.waiting if hold is Hold.WAITING else clock.by_hand


def _set_hold(clock: ClockLike, hold: Hold, *, held: bool) -> None:
    if hold is Hold.WAITING:
        clock.waiting = held
    else:
        clock.by_hand = held
