"""A payment side for tests: it pays each number once, and does whatever a network and a hurried programmer can do to
what it says of it.

By its seed a call is answered, answered after it has hung or failed with the work done or not done, refused for now,
or taken to be answered later; and what was done is called back late, doubled and in any order, each callback again
until somebody has taken it. Its ledger says how often money has left under each number.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from kit.ids import new_id
from kit.testing.poll import eventually

PATIENCE_SECONDS = 300
TOKEN = "payment-side-token"
Tell = Callable[[Mapping[str, Any]], Awaitable[bool]]
# How a call goes, and how often of a hundred.
WAYS = {"plain": 55, "hang-after": 8, "hang-before": 7, "break-after": 8, "break-before": 7, "refuse": 7, "later": 8}


@dataclass
class StandIn:
    """The payment side. `tell` is told what became of payments, and says whether it took it."""

    seed: int = 0
    tell: Tell | None = None
    ways: Mapping[str, int] = field(default_factory=lambda: WAYS)
    hang_seconds: float = 3.0
    latest_seconds: float = 4.0
    most_refusals: int = 2
    url: str = ""
    left: Counter[str] = field(default_factory=Counter)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    async def pay(self, request: web.Request) -> web.StreamResponse:
        """PUT /payments/{number}."""
        self._expect_token(request)
        key, told = request.match_info["key"], await request.json()
        terms = (told["amount"], told["currency"], told["cause_id"])
        if self.asked.setdefault(key, terms) != terms:
            self.wrong.append(f"{key}: {self.asked[key]}, then {terms}")
        way = self._chance.choices(list(self.ways), list(self.ways.values()))[0]
        self.calls[way] += 1
        if way == "hang-before":
            await self._pass(self.hang_seconds)
            return web.Response(status=504)
        if way == "break-before":
            return web.Response(status=500)
        if way == "later":
            self._later(lambda: self._do(key))
            return web.json_response(self._standing(key), status=202)
        refused = way == "refuse" and self.refusals[key] < self.most_refusals
        said = self._refuse(key) if refused else self._do(key)
        if way == "hang-after":
            await self._pass(self.hang_seconds)
            return web.Response(status=504)
        if way == "break-after":
            return web.Response(status=500)
        return web.json_response(said)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """GET /payments/{number}."""
        self._expect_token(request)
        self.calls["ask"] += 1
        said = self.said.get(request.match_info["key"])
        if self._chance.random() < 0.1:
            return web.Response(status=500)
        return web.Response(status=404) if said is None else web.json_response(said)

    async def list_paid(self, request: web.Request) -> web.StreamResponse:
        """GET /payments?from=&to=&cursor=, two to a page."""
        self._expect_token(request)
        span = [datetime.fromisoformat(request.query[name]) for name in ("from", "to")]
        paid = [one for one in self.said.values() if one["status"] == "paid"]
        listed = [one for one in paid if span[0] <= datetime.fromisoformat(one["at"]) < span[1]]
        first = int(request.query.get("cursor", "0"))
        more = str(first + 2) if len(listed) > first + 2 else None
        return web.json_response({"items": listed[first : first + 2], "next_cursor": more})

    @property
    def under_way(self) -> int:
        """How many callbacks nobody has taken yet."""
        return len(self._tasks)

    async def quiet(self) -> None:
        """Wait until everything has been called back."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _pass(self, seconds: float) -> None:
        """Let that long go by, or what is left of the side's life."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    def _do(self, key: str) -> dict[str, Any]:
        """Pay, if that number wasn't paid; what is said of it from now on."""
        known = self.said.get(key)
        if known is not None and known["status"] == "paid":
            return known
        self.left[key] += 1
        return self._keep(key, status="paid", reference=f"P-{new_id()}")

    def _refuse(self, key: str) -> dict[str, Any]:
        known = self.said.get(key)
        if known is not None and known["status"] == "paid":
            return known
        self.refusals[key] += 1
        return self._keep(key, status="failed", reference=f"F-{new_id()}", failure="bank_closed", retryable=True)

    def _keep(self, key: str, **facts: Any) -> dict[str, Any]:
        said = {**self._standing(key), **facts, "at": datetime.now(UTC).isoformat()}
        self.said[key] = said
        if self.tell is not None:
            for _ in range(self._chance.choice((1, 2, 2, 3))):
                self._later(lambda: said)
        return said

    def _standing(self, key: str) -> dict[str, Any]:
        amount, currency, _ = self.asked[key]
        return {"payment_key": key, "amount": amount, "currency": currency, "status": "pending"}

    def _later(self, said: Callable[[], Mapping[str, Any]]) -> None:
        """Do it or say it in a while, again and again until it is taken."""

        async def do() -> None:
            await self._pass(self._chance.uniform(0, self.latest_seconds))
            told, tell = said(), self.tell
            if tell is not None:
                await eventually(lambda: tell(told), within=PATIENCE_SECONDS)

        task = asyncio.get_running_loop().create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _expect_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized


@contextlib.asynccontextmanager
async def standing_in(side: StandIn) -> AsyncIterator[StandIn]:
    """The payment side at a port of its own."""
    app = web.Application()
    app.router.add_put("/payments/{key}", side.pay)
    app.router.add_get("/payments/{key}", side.ask)
    app.router.add_get("/payments", side.list_paid)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    side.url = f"http://{host}:{port}"
    try:
        yield side
    finally:
        side._ended.set()
        for task in set(side._tasks):
            task.cancel()
        await runner.cleanup()


def answer_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a payment, as `POST /v1/payments/answers` takes it."""
    failed = {"failure": said["failure"], "retryable": said["retryable"]} if said["status"] == "failed" else {}
    return {
        "payment_key": said["payment_key"], "result": said["status"], "payment_reference": said["reference"],
        "amount": said["amount"], "currency": said["currency"], "at": said["at"], **failed,
    }  # fmt: skip
