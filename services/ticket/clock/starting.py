"""New clocks, frozen under the policies of their start (T43, T58, X3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.ticket.clock import ClockKind
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import InForce
from kit.rows import made
from kit.work import Work
from services.ticket.calendar.service import calendar_in_force, note_unannounced
from services.ticket.clock import lifecycle, store
from services.ticket.clock.lifecycle import Timed
from services.ticket.clock.models import Clock
from services.ticket.clock.policy import SLA_TARGETS, SlaTargets
from services.ticket.clock.state import LIFE
from services.ticket.clock.telling import WALL, tell


@dataclass(frozen=True, slots=True)
class Terms:
    """What a clock is started under."""

    kind: ClockKind
    seconds: int
    policy: InForce[Any]
    by_the_wall: bool = False


async def sla_in_force(work: Work, shop: str) -> InForce[SlaTargets]:
    """The table of targets that holds for a shop now."""
    return await in_force(work.session, SLA_TARGETS, shop, work.now)


def by_table(sla: InForce[SlaTargets], timed: Timed, kind: ClockKind) -> list[Terms]:
    """The terms of the table of targets, none where it has no target (T43, T58)."""
    seconds = sla.document.seconds(timed.line, kind, timed.tier)
    return [] if seconds is None else [Terms(kind, seconds, sla)]


async def start_by_table(work: Work, timed: Timed, kind: ClockKind) -> list[Clock]:
    """Start the clock of that kind, if the table has a target for it."""
    sla = await sla_in_force(work, timed.shop)
    return await start(work, timed, sla.document, by_table(sla, timed, kind))


async def start(work: Work, timed: Timed, sla: SlaTargets, terms: Sequence[Terms]) -> list[Clock]:
    """Start a clock under each of the terms."""
    if not terms:
        return []
    hours, calendar = await calendar_in_force(work.session, timed.shop, work.now)
    clocks, told = [], []
    for one in terms:
        clock = _new(work, timed, one, warn_seconds=-(-one.seconds * sla.warn_percent // 100))
        if not one.by_the_wall:
            clock.hours_shop, clock.hours_version = hours.shop, hours.version
        told.append((clock, [lifecycle.start(clock, WALL if one.by_the_wall else calendar, work.now)]))
        if not one.by_the_wall:
            note_unannounced(calendar, work.now, clock.due_at)
        clocks.append(clock)
    await work.session.flush()  # one of the same kind may have ended in this very transaction
    store.add(work.session, clocks)
    await tell(work, told)
    return clocks


def _new(work: Work, timed: Timed, terms: Terms, *, warn_seconds: int) -> Clock:
    return made(
        Clock,
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
        status=LIFE.initial,
        target_seconds=terms.seconds,
        warn_seconds=warn_seconds,
        policy_name=terms.policy.name,
        policy_shop=terms.policy.shop,
        policy_version=terms.policy.version,
        started_at=work.now,
        due_at=work.now,
        warn_at=work.now,
    )
