"""One unit of work: the session, who acts, and the single instant at which all of it happens."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from kit.clock import Clock
from kit.db import Database
from kit.failpoints import Point
from kit.memory import Memory
from kit.principals import Principal
from kit.problems import Problem
from kit.session import Session
from kit.vault import Vault


@dataclass(slots=True)
class Work:
    """What a use case needs around its arguments. It is made at the edge (route, event, timer) and never commits."""

    session: Session
    actor: Principal
    now: datetime
    key: bytes = field(repr=False)
    request_id: str | None = None
    traceparent: str | None = None
    expected_version: int | None = None
    idempotency: tuple[str, bytes] | None = None
    recorded_events: int = 0
    sealing: Vault | None = field(default=None, repr=False)
    only_reads: bool = False
    _then: list[Callable[[], None]] = field(default_factory=list, repr=False)
    _remembered: Memory = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._remembered = self.session.memory

    def after_commit(self, call: Callable[[], None]) -> None:
        """Something of this process that is to happen once it is committed, and not at all if it isn't."""
        self._then.append(call)

    def outdate(self) -> None:
        """It changes what is remembered across units of work (`kit.memory`)."""
        self.after_commit(self._remembered.forget)
        self.session.memory = Memory()

    def committed(self) -> None:
        """It is."""
        for call in self._then:
            call()

    def expect_recording(self) -> None:
        """Raises RuntimeError in a unit of work that only reads: nothing it wrote would be one change (I1)."""
        if self.only_reads:
            raise RuntimeError("a unit of work that only reads records nothing")

    @property
    def vault(self) -> Vault:
        """Seals and opens personal values; only a service that is wired to seal has one."""
        if self.sealing is None:
            raise RuntimeError("this service is not wired to seal anything")
        return self.sealing

    def expect_version(self, version: int) -> None:
        """Raises Problem `stale-version` when the caller's If-Match names another version."""
        if self.expected_version is not None and self.expected_version != version:
            raise Problem("stale-version")


@dataclass(frozen=True)
class Transactions:
    """Opens units of work on one database, commits them when their block ends well, and wakes the relay."""

    database: Database
    clock: Clock
    key: bytes = field(repr=False)
    wake_relay: Callable[[], None]
    vault: Vault | None = field(default=None, repr=False)

    @asynccontextmanager
    async def begin(
        self,
        actor: Principal,
        *,
        before: Point = "before-commit",
        after: Point = "after-commit",
        request_id: str | None = None,
        traceparent: str | None = None,
        expected_version: int | None = None,
    ) -> AsyncIterator[Work]:
        """One transaction; `before` and `after` name the failpoints on either side of its commit."""
        async with self.database.transaction(before, after, outdates=False) as session:
            work = Work(
                session=session,
                actor=actor,
                now=self.clock.now(),
                key=self.key,
                request_id=request_id,
                traceparent=traceparent,
                expected_version=expected_version,
                sealing=self.vault,
            )
            yield work
        work.committed()
        if work.recorded_events:
            self.wake_relay()

    @asynccontextmanager
    async def look(
        self, actor: Principal, *, request_id: str | None = None, traceparent: str | None = None
    ) -> AsyncIterator[Work]:
        """A unit of work that only reads, without a transaction around it."""
        async with self.database.reading() as session:
            yield Work(
                session=session,
                actor=actor,
                now=self.clock.now(),
                key=self.key,
                request_id=request_id,
                traceparent=traceparent,
                only_reads=True,
                sealing=self.vault,
            )
