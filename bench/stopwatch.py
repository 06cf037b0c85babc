"""A clock at the engine: what the statements of a use case take, and how the database went about them."""

import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event, text

from kit.db import Database
from kit.ids import new_id
from kit.principals import Principal
from kit.work import Transactions, Work

_TIMES, _MOST_TIMES, _SHORT = 9, 101, 50.0
STAFF = Principal("staff:bench", frozenset({"agent", "manager"}), staff_id=new_id())
Call = Callable[[Work], Awaitable[Any]]


@dataclass
class Stopwatch:
    """Takes the time of every statement, SQLAlchemy's and those that go straight to the driver."""

    spent: list[float] = field(default_factory=list)
    sent: list[tuple[str, Any]] = field(default_factory=list)
    _began: float = 0.0

    def watch(self, database: Database) -> None:
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)
        database.home.listeners.append(self._hear)

    def _hear(self, statement: str, values: Any, seconds: float) -> None:
        self.sent.append((statement, values))
        self.spent.append(seconds * 1000)

    def restart(self) -> None:
        self.spent, self.sent = [], []

    def _begin(self, _connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        self.sent.append((statement, values))
        self._began = time.perf_counter()

    def _end(self, *_: Any) -> None:
        self.spent.append((time.perf_counter() - self._began) * 1000)


@dataclass(frozen=True)
class Bench:
    """A loaded database, and what is needed to work on it."""

    database: Database
    transactions: Transactions
    watch: Stopwatch

    async def milliseconds(self, calls: Sequence[Call], *, first: bool = False) -> list[float]:
        """What the statements of each call took, or its first one alone, sorted; after a few for nothing."""
        for call in calls[:3]:
            await self._one(call)
        taken = [await self._one(call) for call in calls]
        return sorted(times[0] if first else sum(times) for times in taken)

    async def _one(self, call: Call) -> list[float]:
        async with self.transactions.look(STAFF) as work:
            self.watch.restart()
            await call(work)
            return self.watch.spent

    async def undone(self, call: Call) -> float:
        """The same for a call that changes something; the change is taken back."""
        with contextlib.suppress(_UndoneError):
            async with self.transactions.begin(STAFF) as work:
                self.watch.restart()
                await call(work)
                await work.session.flush()
                await work.session.write()
                raise _UndoneError
        return sum(self.watch.spent)

    async def inside(self, calls: Sequence[Call]) -> float:
        """What the first statement of these calls takes in the database, the median over all of them."""
        taken = []
        for call in calls:
            await self._one(call)
            taken.append((await self.plans(first=True))[0])
        return median(taken)

    async def plans(self, *, first: bool = False) -> tuple[float, list[str]]:
        """What the statements of the last call, or its first one, take in the database itself (ms, the median of
        several), and how it goes about them."""
        connection = await asyncpg.connect(self.database.url)
        spent, told = 0.0, []
        try:
            for statement, values in self.watch.sent[:1] if first else self.watch.sent:
                if statement.startswith("EXPLAIN"):
                    continue
                took, plan = await _plan(connection, statement, values)
                spent += took
                told.append(plan)
        finally:
            await connection.close()
        return spent, told

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.reading() as session:
            return (await session.execute(text(statement), values)).all()


class _UndoneError(Exception):
    pass


async def _plan(connection: Any, statement: str, values: Any) -> tuple[float, str]:
    """The steps of a plan in one line: what was read by which index, how many rows, how many of them for nothing."""
    taken: list[float] = []
    while len(taken) < _TIMES or (len(taken) < _MOST_TIMES and sum(taken) < _SHORT):
        ((told,),) = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *values)
        plan = orjson.loads(told)[0]
        taken.append(plan["Execution Time"])
    steps = []
    waiting = [plan["Plan"]]
    while waiting:
        node = waiting.pop(0)
        waiting += node.get("Plans", [])
        name = node.get("Index Name") or node.get("CTE Name") or node.get("Relation Name") or ""
        lost = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        step = f"{node['Node Type']} {name} {node['Actual Rows']:g}×{node['Actual Loops']}"
        steps.append(f"{step} −{lost:g}" if lost else step)
    return median(taken), f"{median(taken):.2f} ms: {re.sub(' +', ' ', '; '.join(steps))}"
