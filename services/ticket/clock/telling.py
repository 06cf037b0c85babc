"""Moving clocks that are locked, and writing down and telling what happened to them."""

from collections.abc import Callable, Sequence
from typing import Any

from kit import outbox
from kit.work import Work
from services.ticket.calendar.reckoning import Reckoning, WallTime
from services.ticket.calendar.service import calendar_of_version
from services.ticket.clock import store
from services.ticket.clock.models import Clock
from services.ticket.clock.state import Step

WALL = WallTime()


async def apply(work: Work, clocks: Sequence[Clock], verb: Callable[[Clock, Reckoning], list[Step]]) -> None:
    """Take each through the verb, by the hours that it was started under."""
    known: dict[tuple[str, int] | None, Reckoning] = {None: WALL}
    told = []
    for clock in clocks:
        hours = (clock.hours_shop, clock.hours_version) if clock.hours_shop and clock.hours_version else None
        if hours is not None and hours not in known:
            since = min(one.running_since or work.now for one in clocks)
            known[hours] = await calendar_of_version(work.session, *hours, since)
        steps = verb(clock, known[hours])
        if steps:
            clock.version += 1
            told.append((clock, steps))
    await tell(work, told)


async def tell(work: Work, told: Sequence[tuple[Clock, Sequence[Step]]]) -> None:
    """Every step as a fact (T47), and its event in the outbox where the catalogue has one."""
    events = []
    for clock, steps in told:
        for step in steps:
            store.add_fact(work.session, _fact(work, clock, step))
            if step.event is not None:
                clock.event_seq += 1
                events.append((step.event, clock.event_seq))
    await outbox.record_many(work, events)


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
