"""How a clock stands, what is written down of it, and the drawing of its life (T47): pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.ticket.clock import ClockEvent, ClockKind
from contracts.ticket.ticket import TicketKind
from kit.lifecycle import Lifecycle
from services.ticket.clock.policy import party_of


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


def step_of(
    clock: ClockLike,
    kind: FactKind,
    at: datetime,
    *,
    event: ClockEvent | None = None,
    hold: Hold | None = None,
    reason: str | None = None,
) -> Step:
    """What happens to a clock now, as it stands."""
    owner, group = clock.owner_staff_id, clock.group_code
    return Step(kind, at, clock.status, clock.used, clock.due_at, owner, group, event, hold, reason)


def told_of(clock: ClockLike, elapsed_seconds: int) -> dict[str, Any]:
    """What every event of the clock says."""
    return {
        "clock_id": clock.clock_id,
        "kind": ClockKind(clock.kind),
        "ticket_id": clock.ticket_id,
        "ticket_number": clock.ticket_number,
        "ticket_kind": TicketKind(clock.ticket_kind),
        "shop": clock.shop,
        "party": party_of(ClockKind(clock.kind)),
        "owner_staff_id": clock.owner_staff_id,
        "group": clock.group_code,
        "unit_id": clock.unit_id,
        "target_seconds": clock.target_seconds,
        "elapsed_seconds": elapsed_seconds,
        "policy_version": clock.policy_version,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
    }
