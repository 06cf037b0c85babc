"""History comes in by both ways at once, half of it in HTTP batches, half as events (E3), and goes on where
an earlier run was cut off.

What was acknowledged is noted beside the stack's data after every few hundred orders; a run that was killed may have
sent a few more than it noted, and those are sent again. That changes nothing: an order has its number, an event its
id. So the note only saves work, and nothing depends on it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, Field

from kit.bus import Bus, BusUnavailableError
from kit.envelope import headers
from ops.callers import Caller
from ops.credentials import write_private
from ops.demo.cdnow import CURRENCY, SHOP, Purchase, spent
from ops.demo.meter import Meter
from ops.environment import StackError

BATCH = 500
AT_ONCE = 2
WAVE = 250
_PATIENCE = 60.0
_LOOK_EVERY = 1.0


class Note(BaseModel):
    """How far earlier runs have come: orders to import, those of them acknowledged by each way, when the day began
    and which size of it was worked to its end."""

    orders: int = 0
    http: int = 0
    nats: int = 0
    began_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    day_done: str = ""


@dataclass
class Journal:
    """The note in its file."""

    path: Path
    note: Note = field(init=False)

    def __post_init__(self) -> None:
        self.note = Note.model_validate_json(self.path.read_bytes()) if self.path.exists() else Note()

    def write(self) -> None:
        """Put the note down, whole or not at all."""
        write_private(self.path, self.note.model_dump_json())


@dataclass(frozen=True)
class Totals:
    """Customers, orders and spend of the imported shop."""

    customers: int
    orders: int
    spend: str

    @classmethod
    def of(cls, purchases: Sequence[Purchase]) -> "Totals":
        """What the file itself says, added up as decimals."""
        return cls(len({one.customer for one in purchases}), len(purchases), f"{spent(purchases):.2f}")


@dataclass(frozen=True)
class Imported:
    """What one run sent and how long it took until the customer service knew all of it."""

    orders: int
    seconds: float


@dataclass(frozen=True)
class Import:
    """One import: who sends, who looks, and where it is noted. `bus` is the shop's own login at the broker."""

    storefront: Caller
    manager: Caller
    bus: Bus
    journal: Journal
    meter: Meter

    async def run(self, purchases: Sequence[Purchase]) -> Imported:
        """Send what hasn't been sent and wait until it is known. Raises `StackError` when something is refused, or
        what is known in the end is not what is in the file."""
        began, note = time.monotonic(), self.journal.note
        note.orders = len(purchases)
        by_http, by_nats = purchases[0::2][note.http :], purchases[1::2][note.nats :]
        await asyncio.gather(self._by_http(by_http), self._by_nats(by_nats), self._watch(len(purchases)))
        known, file = await totals(self.manager), Totals.of(purchases)
        if known != file:
            raise StackError(f"What the customer service knows is not what is in the file: {known}, not {file}.")
        return Imported(len(by_http) + len(by_nats), time.monotonic() - began)

    async def _by_http(self, purchases: Sequence[Purchase]) -> None:
        note = self.journal.note
        task = self.meter.begin("HTTP batches", note.http + len(purchases), note.http)
        for wave in _cut(purchases, BATCH * AT_ONCE):
            await asyncio.gather(*(self._send(batch) for batch in _cut(wave, BATCH)))
            note.http += len(wave)
            self.journal.write()
            self.meter.advance(task, len(wave))

    async def _by_nats(self, purchases: Sequence[Purchase]) -> None:
        note = self.journal.note
        task = self.meter.begin("NATS events", note.nats + len(purchases), note.nats)
        for wave in _cut(purchases, WAVE):
            await asyncio.gather(*map(self._publish, wave))
            note.nats += len(wave)
            self.journal.write()
            self.meter.advance(task, len(wave))

    async def _watch(self, wanted: int) -> None:
        """Look what is known until it is all, or nothing more has come for long."""
        known = (await totals(self.manager)).orders
        task, moved_at = self.meter.begin("known to the customer service", wanted, known), time.monotonic()
        while known < wanted and time.monotonic() - moved_at < _PATIENCE:
            await asyncio.sleep(_LOOK_EVERY)
            before, known = known, (await totals(self.manager)).orders
            moved_at = time.monotonic() if known > before else moved_at
            self.meter.reach(task, known)

    async def _send(self, batch: Sequence[Purchase]) -> None:
        orders = [purchase.as_order() for purchase in batch]
        answer = await self.storefront.expect(200, "POST", "/v1/orders/batches", {"orders": orders})
        if answer["refused"]:
            first = next(one for one in answer["results"] if one["outcome"] == "refused")
            raise StackError(f"{answer['refused']} of {len(batch)} orders were refused, the first: {first}")

    async def _publish(self, purchase: Purchase) -> None:
        """Publish it again as long as nobody knows whether the broker has it; its id makes that safe."""
        meta, event = purchase.as_event()
        body, named = event.model_dump_json().encode(), headers(meta, owner="storefront")
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                await self.bus.publish(event.SUBJECT, body, named)
                return
            except BusUnavailableError:
                if time.monotonic() > deadline:
                    raise StackError("The broker can't be reached.") from None
                await asyncio.sleep(0.5)


async def totals(caller: Caller) -> Totals:
    """What the customer service knows of the imported shop."""
    answer = await caller.expect(200, "GET", f"/v1/customer-reports/purchases?shop={SHOP}")
    rows = [row for row in answer["totals"] if row["currency"] == CURRENCY]
    return Totals(rows[0]["customers"], rows[0]["orders"], rows[0]["spend"]) if rows else Totals(0, 0, "0.00")


def _cut(purchases: Sequence[Purchase], size: int) -> list[Sequence[Purchase]]:
    return [purchases[place : place + size] for place in range(0, len(purchases), size)]
