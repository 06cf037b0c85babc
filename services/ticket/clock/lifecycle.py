"""The life of a clock (T43, T47, T48): pure verbs that move it, tell about it, and say what becomes a fact.

A clock carries all that its verbs need: what it has used up, since when it runs, when it is due. Nothing is ever
derived again from its old facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockBreached, ClockEvent, ClockKind, ClockMet, ClockWarned
from contracts.ticket.ticket import TicketKind
from kit.lifecycle import Lifecycle
from services.ticket.calendar.reckoning import Reckoning
from services.ticket.clock.policy import SlaCase, case_of

# A request that began at the due instant may still be on its way to its row: it is given this long before the breach
# is told. The breach itself is at the due instant, whenever it is told.
GRACE = timedelta(milliseconds=500)


class ClockState(StrEnum):
    """状态. Late ones go on counting until what is due is done."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    BREACHED_PAUSED = "breached_paused"
    MET = "met"
    DROPPED = "dropped"


_S = ClockState
UNFINISHED = (_S.RUNNING, _S.PAUSED, _S.BREACHED, _S.BREACHED_PAUSED)
TICKING = (_S.RUNNING, _S.BREACHED)
LIFE = Lifecycle(
    noun="clock",
    states=ClockState,
    initial=_S.RUNNING,
    table={
        "warn": {_S.RUNNING: _S.RUNNING},
        "breach": {_S.RUNNING: _S.BREACHED},
        "pause": {_S.RUNNING: _S.PAUSED, _S.BREACHED: _S.BREACHED_PAUSED},
        "resume": {_S.PAUSED: _S.RUNNING, _S.BREACHED_PAUSED: _S.BREACHED},
        "pass_on": {state: state for state in UNFINISHED},
        "meet": dict.fromkeys(UNFINISHED, _S.MET),
        "drop": dict.fromkeys(UNFINISHED, _S.DROPPED),
    },
)


class Hold(StrEnum):
    """Why a clock stands still: its ticket waits for the customer (T43), or somebody paused this leg alone (T47)."""

    WAITING = "waiting"
    BY_HAND = "by_hand"


class FactKind(StrEnum):
    """What is written down of a clock, once and for ever (T47)."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    WARNED = "warned"
    BREACHED = "breached"
    MET = "met"
    DROPPED = "dropped"
    PASSED_ON = "passed_on"


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


class ClockLike(Protocol):
    """A clock as the table holds it. `used` is what had counted when it began to run at `running_since`."""

    clock_id: UUID
    kind: str
    ticket_id: UUID
    ticket_number: str
    ticket_kind: str
    shop: str
    owner_staff_id: UUID | None
    group_code: str | None
    unit_id: UUID | None
    status: str
    waiting: bool
    by_hand: bool
    target_seconds: int
    warn_seconds: int
    policy_version: int
    started_at: datetime
    running_since: datetime | None
    used: timedelta
    due_at: datetime
    warn_at: datetime
    wake_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a clock, and how it stood then: a fact, and the event that tells it where the
    catalogue has one."""

    kind: FactKind
    at: datetime
    status: str
    used: timedelta
    due_at: datetime
    owner_staff_id: UUID | None
    group_code: str | None
    event: ClockEvent | None = None
    hold: Hold | None = None
    reason: str | None = None


def start(clock: ClockLike, reckoning: Reckoning, at: datetime) -> Step:
    """开始: it runs from `at` on."""
    _run(clock, reckoning, at)
    return _step(clock, FactKind.STARTED, at)


def catch_up(clock: ClockLike, now: datetime) -> list[Step]:
    """What time alone has done to it: a breach at the due instant, once (T43). Met at the due instant is met, so
    nothing is breached before that instant has passed."""
    if clock.status != _S.RUNNING or now <= clock.due_at:
        return []
    LIFE.move(clock, "breach")
    clock.breached_at, clock.wake_at = clock.due_at, None
    told = ClockBreached(**_told(clock, clock.target_seconds), breached_at=clock.due_at)
    return [_step(clock, FactKind.BREACHED, clock.due_at, event=told)]


def wake(clock: ClockLike, now: datetime) -> list[Step]:
    """临期预警 and 超时, when it is time for them: the warning once, and not any more after the breach (T43)."""
    breach = catch_up(clock, now)
    if breach or clock.status != _S.RUNNING or clock.warned_at is not None or now < clock.warn_at:
        return breach
    LIFE.move(clock, "warn")
    clock.warned_at = clock.warn_at
    clock.wake_at = _next_wake(clock)
    told = ClockWarned(**_told(clock, clock.warn_seconds), warned_at=clock.warn_at)
    return [_step(clock, FactKind.WARNED, clock.warn_at, event=told)]


def pause(clock: ClockLike, hold: Hold, reason: str, at: datetime, reckoning: Reckoning) -> list[Step]:
    """暂停, with a reason (T48). A clock that stands still for one cause may be held by the other one as well.

    Raises Problem `transition-refused` when it has ended or is held by this cause already.
    """
    if _is_held(clock, hold):
        raise LIFE.refusal(_S(clock.status), "pause")
    steps = catch_up(clock, at)
    if clock.running_since is not None or _S(clock.status) not in UNFINISHED:
        LIFE.move(clock, "pause")
        _stand_still(clock, at, reckoning)
    _set_hold(clock, hold, held=True)
    return [*steps, _step(clock, FactKind.PAUSED, at, hold=hold, reason=reason)]


def resume(clock: ClockLike, hold: Hold, reason: str | None, at: datetime, reckoning: Reckoning) -> list[Step]:
    """继续: what was left when it paused is left now. It goes on when no other cause holds it.

    Raises Problem `transition-refused` when this cause doesn't hold it.
    """
    if not _is_held(clock, hold) or _S(clock.status) not in UNFINISHED:
        raise LIFE.refusal(_S(clock.status), "resume")
    _set_hold(clock, hold, held=False)
    if not (clock.waiting or clock.by_hand):
        LIFE.move(clock, "resume")
        _run(clock, reckoning, at)
    return [_step(clock, FactKind.RESUMED, at, hold=hold, reason=reason)]


def meet(clock: ClockLike, at: datetime, reckoning: Reckoning) -> list[Step]:
    """达成: what was due is done; `late` when that was after the breach (T43, T48)."""
    steps = catch_up(clock, at)
    paused = clock.status == _S.PAUSED
    LIFE.move(clock, "meet")
    _stand_still(clock, at, reckoning)
    if paused:
        clock.due_at = reckoning.after(at, _left(clock))
    _end(clock, at)
    late = clock.breached_at is not None
    told = ClockMet(**_told(clock, int(clock.used.total_seconds())), late=late, met_at=at)
    return [*steps, _step(clock, FactKind.MET, at, event=told)]


def drop(clock: ClockLike, reason: str, at: datetime, reckoning: Reckoning) -> list[Step]:
    """It ends without a verdict; a breach that has been stays one."""
    steps = catch_up(clock, at)
    LIFE.move(clock, "drop")
    _stand_still(clock, at, reckoning)
    _end(clock, at)
    return [*steps, _step(clock, FactKind.DROPPED, at, reason=reason)]


def pass_on(clock: ClockLike, timed: Timed, at: datetime) -> list[Step]:
    """转交: somebody else has to act from now on; who was late until now stays in the facts (T47)."""
    before = clock.owner_staff_id, clock.group_code, clock.unit_id
    if before == (timed.owner_staff_id, timed.group, timed.unit_id):
        return []
    steps = catch_up(clock, at)
    LIFE.move(clock, "pass_on")
    clock.owner_staff_id, clock.group_code, clock.unit_id = timed.owner_staff_id, timed.group, timed.unit_id
    return [*steps, _step(clock, FactKind.PASSED_ON, at)]


def earliest_due(clocks: Iterable[ClockLike]) -> datetime | None:
    """What is due first among the clocks that tick, late ones included; None when none does."""
    return min((clock.due_at for clock in clocks if clock.status in TICKING), default=None)


def _step(
    clock: ClockLike,
    kind: FactKind,
    at: datetime,
    *,
    event: ClockEvent | None = None,
    hold: Hold | None = None,
    reason: str | None = None,
) -> Step:
    owner, group = clock.owner_staff_id, clock.group_code
    return Step(kind, at, clock.status, clock.used, clock.due_at, owner, group, event, hold, reason)


def _run(clock: ClockLike, reckoning: Reckoning, at: datetime) -> None:
    clock.running_since = at
    if clock.breached_at is None:
        clock.due_at = reckoning.after(at, _left(clock))
        if clock.warned_at is None:
            clock.warn_at = reckoning.after(at, timedelta(seconds=clock.warn_seconds) - clock.used)
        clock.wake_at = _next_wake(clock)


def _stand_still(clock: ClockLike, at: datetime, reckoning: Reckoning) -> None:
    if clock.running_since is not None:
        clock.used += reckoning.between(clock.running_since, at)
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


def _told(clock: ClockLike, elapsed_seconds: int) -> dict[str, Any]:
    """What every event of the clock says."""
    return {
        "clock_id": clock.clock_id,
        "kind": ClockKind(clock.kind),
        "ticket_id": clock.ticket_id,
        "ticket_number": clock.ticket_number,
        "ticket_kind": TicketKind(clock.ticket_kind),
        "shop": clock.shop,
        "owner_staff_id": clock.owner_staff_id,
        "group": clock.group_code,
        "unit_id": clock.unit_id,
        "target_seconds": clock.target_seconds,
        "elapsed_seconds": elapsed_seconds,
        "policy_version": clock.policy_version,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
    }
