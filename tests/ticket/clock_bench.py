"""Clocks as their tests work with them: pure ones on a table, and those of tickets that nobody opened."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from calendar_hand import CALENDARS, instant_of
from sqlalchemy import event, text
from stage import NOON, Client

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockEvent, ClockKind
from contracts.ticket.ticket import TicketKind
from kit.ids import new_id
from kit.principals import Principal
from kit.work import Work
from services.ticket import app
from services.ticket.calendar.reckoning import Reckoning, WallTime
from services.ticket.clock import lifecycle, service
from services.ticket.clock.lifecycle import Timed
from services.ticket.clock.state import Hold, Step
from services.ticket.clock.sweep import sweep

AGENT = Principal("staff:fei", frozenset({"agent"}))
WALL = WallTime()
T = TypeVar("T")


@dataclass
class Held:
    """A clock in memory, as the table would hold it."""

    clock_id: UUID = field(default_factory=new_id)
    kind: str = "solution"
    ticket_id: UUID = field(default_factory=new_id)
    ticket_number: str = "T20261121-000001"
    ticket_kind: str = "complaint"
    shop: str = "main"
    owner_staff_id: UUID | None = None
    group_code: str | None = None
    unit_id: UUID | None = None
    status: str = "running"
    waiting: bool = False
    by_hand: bool = False
    target_seconds: int = 3600
    warn_seconds: int = 2880
    policy_version: int = 1
    started_at: datetime = NOON
    running_since: datetime | None = None
    used: timedelta = timedelta()
    due_at: datetime = NOON
    warn_at: datetime = NOON
    wake_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None


def started(at: datetime = NOON, reckoning: Reckoning = WALL, seconds: int = 3600, **facts: Any) -> Held:
    """A clock that runs from `at` on and warns at 80%."""
    clock = Held(target_seconds=seconds, warn_seconds=-(-seconds * 4 // 5), started_at=at, **facts)
    lifecycle.start(clock, reckoning, at)
    return clock


def paused(clock: Held, at: datetime, reckoning: Reckoning = WALL, hold: Hold = Hold.WAITING) -> list[Step]:
    return lifecycle.pause(clock, hold, "等客户照片", at, reckoning)


def resumed(clock: Held, at: datetime, reckoning: Reckoning = WALL, hold: Hold = Hold.WAITING) -> list[Step]:
    return lifecycle.resume(clock, hold, None, at, reckoning)


def events(steps: Sequence[Step]) -> list[ClockEvent]:
    return [step.event for step in steps if step.event is not None]


def a_ticket(kind: TicketKind = TicketKind.COMPLAINT, **facts: Any) -> Timed:
    """A ticket as clocks know it; `facts` overrides any of what they know."""
    known: dict[str, Any] = {
        "ticket_id": new_id(),
        "number": "T20261121-000001",
        "kind": kind,
        "shop": "main",
        "tier": None,
        "owner_staff_id": None,
        "group": "aftersales",
        "unit_id": None,
        **facts,
    }
    return Timed(**known)


def wall(text: str) -> datetime:
    """An instant on Shanghai's wall."""
    return instant_of(text, CALENDARS["office"])


async def begin(work: Work, ticket: Timed, *, open_chats: int | None) -> datetime | None:
    """Begin its clocks; what is due first."""
    return service.earliest_due(await service.begin(work, ticket, open_chats=open_chats))


@dataclass
class Bench:
    """The clock room of a running service, driven as the ticket's verbs drive it."""

    client: Client

    async def do(self, use_case: Callable[..., Any], *given: Any, by: Principal = AGENT, **more: Any) -> Any:
        """One use case in a transaction of its own."""
        async with self.client.transactions.begin(by) as work:
            return await use_case(work, *given, **more)

    async def all(self, *steps: Callable[[Work], Any]) -> None:
        """Several use cases in one transaction."""
        async with self.client.transactions.begin(AGENT) as work:
            for step in steps:
                await step(work)

    async def sweep(self) -> int:
        """What time alone does now, all of it."""
        done = 0
        while found := await sweep(self.client.transactions):
            done += found
        return done

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.client.runtime.database.reading() as session:
            return (await session.execute(text(statement), values)).all()

    async def clocks(self, timed: Timed) -> dict[str, Any]:
        """The ticket's latest clock of each kind."""
        statement = "SELECT * FROM clock WHERE ticket_id = :ticket ORDER BY clock_id"
        return {row.kind: row for row in await self.rows(statement, ticket=timed.ticket_id)}

    async def clock(self, timed: Timed, kind: ClockKind = ClockKind.SOLUTION) -> Any:
        return (await self.clocks(timed))[kind]

    async def facts(self, clock: Any) -> list[str]:
        """What was written down of a clock."""
        statement = "SELECT kind FROM clock_fact WHERE clock_id = :clock ORDER BY fact_id"
        return [row.kind for row in await self.rows(statement, clock=clock.clock_id)]

    async def told(self, clock: Any) -> list[str]:
        """What was told of a clock; its sequence has no gap (E4)."""
        statement = "SELECT subject, sequence FROM outbox WHERE aggregate_id = :clock ORDER BY id"
        found = await self.rows(statement, clock=clock.clock_id)
        assert [row.sequence for row in found] == list(range(1, len(found) + 1))
        return [row.subject for row in found]


def without_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service leaves its clocks alone; the test says when time has done something to them."""
    monkeypatch.setattr(app, "WIRING", replace(app.WIRING, loops=()))


@contextmanager
def counted(bench: Bench, seen: list[str]) -> Iterator[None]:
    """Notes the statements about clocks while the block lasts."""

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "clock" in statement:
            seen.append(statement)

    engine = bench.client.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


TIERS: tuple[Tier | None, ...] = (*Tier, None)
