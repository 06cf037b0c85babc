"""Refunds are asked for, approved, paid, refused, tried again, while the payment side has a bad day and ticket,
PostgreSQL and NATS are killed again and again. Afterwards the payment side's ledger, the books, the entries, the
payments, the stream and the trail must all say the same: every refund was paid, once."""

import asyncio
import collections
import itertools
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
from chaos import killed, value, work_through
from local_stack import Running, stack
from payment_stand_in import TOKEN, StandIn, answer_of, standing_in

from contracts.event import Event
from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually
from ops.callers import Caller, callers
from ops.credentials import Secrets
from ops.environment import StackError
from ops.story import hire

VICTIMS = ("ticket", "postgresql", "nats", "ticket")
AMOUNT = "20.00"
WORKERS = 12
RESOLVED_WITHIN = 300.0
QUERIES = {
    "paid": "SELECT count(*) FROM payment WHERE status = 'paid'",
    "not_paid": "SELECT count(*) FROM payment WHERE status <> 'paid'",
    "unknown": "SELECT count(*) FROM payment WHERE status IN ('unknown', 'calling')",
    "refunded_minor": "SELECT coalesce(sum(refunded_minor), 0) FROM order_book",
    "in_flight_minor": "SELECT coalesce(sum(in_flight_minor), 0) FROM order_book",
    "entered_minor": "SELECT coalesce(sum(amount_minor), 0) FROM book_entry WHERE kind = 'refunded'",
    "cases_entered": "SELECT count(DISTINCT cause_id) FROM book_entry WHERE kind = 'refunded'",
    "told_paid": "SELECT count(*) FROM outbox WHERE subject = 'refund.paid'",
    "told_paid_of": "SELECT count(DISTINCT aggregate_id) FROM outbox WHERE subject = 'refund.paid'",
    "trail_paid": "SELECT count(*) FROM audit WHERE noun = 'payment' AND action = 'pay'",
    "alarms": "SELECT count(*) FROM book_alarm",
    "dead_letters": "SELECT count(*) FROM dead_letter",
    "refunds_not_paid": "SELECT count(*) FROM refund WHERE status NOT IN ('paid', 'closed')",
}


@dataclass
class Verdict:
    """What there was afterwards."""

    seed: int
    refunds: int
    kills: dict[str, int]
    calls: dict[str, int] = field(default_factory=dict)
    left: int = 0
    left_twice: int = 0
    wrong: list[str] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)
    list_said: dict[str, Any] = field(default_factory=dict)
    load_seconds: float = 0.0
    resolve_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Every refund paid exactly once, and everybody says so."""
        sums = dict.fromkeys(("refunded_minor", "entered_minor"), self.refunds * 20_00)
        ones = dict.fromkeys(("paid", "cases_entered", "told_paid", "told_paid_of", "trail_paid"), self.refunds)
        none = dict.fromkeys(
            ("not_paid", "unknown", "in_flight_minor", "alarms", "dead_letters", "refunds_not_paid"), 0
        )
        listed = {"listed": self.refunds, "matched": self.refunds, "settled": 0, "drifted": 0, "missing": 0}
        return (
            not self.wrong
            and (self.left, self.left_twice) == (self.refunds, 0)
            and self.found == sums | ones | none
            and self.list_said == listed
        )


@dataclass
class Office:
    """Who asks and who approves, and the payment side's way to tell us."""

    running: Running
    asker: Caller
    approver: Caller
    storefront: Caller
    chance: random.Random
    sequences: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def order(self, numbers: range, seed: int) -> None:
        """Paid orders."""
        at = datetime.now(UTC) - timedelta(days=2)
        line = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": AMOUNT}
        times = {"placed_at": at.isoformat(), "paid_at": at.isoformat()}
        orders = [
            {
                "shop": "main", "order_no": f"P{seed}-{number}", "buyer_ref": f"buyer-{number}", "lines": [line],
                "paid": AMOUNT, "payer_token": f"payer-{number}", **times,
            }
            for number in numbers
        ]  # fmt: skip
        await self.storefront.expect(
            200, "POST", "/v1/orders/batches", {"orders": orders}, Idempotency_Key=f"o{seed}"
        )

    async def refund(self, key: str) -> str:
        """One refund until it is paid, tried again whenever it could not be; its payment's number."""
        asked = {
            "order_no": f"P{key}", "kind": "money_only", "reason": "out_of_stock",
            "lines": [{"line_no": 1, "quantity": 2}],
        }  # fmt: skip
        asking = f"ask-{key}"
        made = await answered(self.asker, "POST", "/v1/refunds", asked, wanted=201, Idempotency_Key=asking)
        path = f"/v1/refunds/{made['refund_id']}"
        await self._step(self.asker, path, "review", f"review-{key}", made)
        await self._step(self.approver, path, "approve", f"approve-{key}", None)
        for attempt in itertools.count(1):
            now = await eventually(lambda: self._answered(path), within=RESOLVED_WITHIN)
            if now["status"] == "paid":
                return str(now["payment_key"])
            await self._step(self.asker, path, "retry", f"retry-{attempt}-{key}", now)
        raise AssertionError

    async def tell(self, said: Mapping[str, Any], cause_id: str) -> bool:
        """The payment side calls back, by HTTP or as an event; whether somebody took it."""
        if self.chance.random() < 0.5:
            return bool(await answered(self.storefront, "POST", "/v1/payments/answers", answer_of(said)))
        return await self._publish(event_of(said, cause_id))

    async def _publish(self, event: Event) -> bool:
        meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, next(self.sequences), datetime.now(UTC))
        try:
            client = await nats.connect(self.running.note["nats"], connect_timeout=2, max_reconnect_attempts=1)
            try:
                sent = headers(meta, owner="storefront")
                body = event.model_dump_json().encode()
                await client.jetstream().publish(event.SUBJECT, body, headers=sent, timeout=3)
            finally:
                await client.close()
        except (nats.errors.Error, OSError, TimeoutError):
            return False
        return True

    async def _step(self, who: Caller, path: str, verb: str, key: str, seen: Mapping[str, Any] | None) -> None:
        """One verb on the version that was seen, or on the present one."""
        version = (seen or await answered(who, "GET", path))["ticket"]["version"]
        decided = {"If_Match": f'"{version}"', "Idempotency_Key": key}
        try:
            await answered(who, "POST", f"{path}/{verb}", **decided)
        except StackError:
            if verb != "retry":  # it was paid after all while we were at it
                raise

    async def _answered(self, path: str) -> Any:
        now = await answered(self.asker, "GET", path)
        return now if now["status"] in ("paid", "pay_failed") else None


def event_of(said: Mapping[str, Any], cause_id: str) -> Event:
    """What is said of a payment, as the storefront tells it."""
    told = {
        "refund_id": cause_id, "payment_reference": said["reference"],
        "amount": Price(amount=said["amount"], currency=said["currency"]),
    }  # fmt: skip
    if said["status"] == "paid":
        return StorefrontRefundPaid.model_validate({**told, "paid_at": said["at"]})
    return StorefrontRefundFailed.model_validate({**told, "failure": said["failure"], "failed_at": said["at"]})


async def run(refunds: int, kills: int, seed: int, home: Path) -> Verdict:
    """One whole run: refunds under kills, then everybody is asked what they know."""
    side = StandIn(seed=seed, hang_seconds=4)
    async with standing_in(side):
        told = {"KEFU_PAYMENTS_URL": side.url, "KEFU_PAYMENTS_TOKEN": TOKEN, "KEFU_PAYMENTS_SECONDS": "2"}
        async with stack(home, **told) as running:
            secrets = Secrets.model_validate_json((running.home / "secrets.json").read_bytes())
            async with callers(running.note["gateway"], secrets) as people:
                _, asker = await hire(people, "退款")
                office = Office(running, asker, people.staff("supervisor"), people.storefront, random.Random(seed))
                side.tell = lambda said: office.tell(said, side.asked[said["payment_key"]][2])
                return await refunded(office, side, refunds, kills, seed)


async def refunded(office: Office, side: StandIn, refunds: int, kills: int, seed: int) -> Verdict:
    """The load under kills, the wait until nothing is open, and what there is then."""
    await office.order(range(refunds), seed)
    numbers = iter(range(refunds))

    async def worker() -> None:
        for number in numbers:
            await office.refund(f"{seed}-{number}")

    started = time.monotonic()
    load = asyncio.create_task(work_through(WORKERS, worker))
    done = await kill_on(office.running, kills, seed, load)
    await load
    verdict = Verdict(seed, refunds, dict(done), load_seconds=time.monotonic() - started)
    started = time.monotonic()
    await side.quiet()
    await eventually(lambda: through(office.running), within=RESOLVED_WITHIN)
    verdict.resolve_seconds = time.monotonic() - started
    verdict.calls, verdict.wrong = dict(side.calls), side.wrong
    verdict.left = len(side.left)
    verdict.left_twice = sum(times - 1 for times in side.left.values())
    verdict.found = {name: await value(office.running, "ticket", query) for name, query in QUERIES.items()}
    verdict.list_said = await reconciled(office, side)
    return verdict


async def answered(
    who: Caller, method: str, path: str, json: object = None, *, wanted: int = 200, **more: str
) -> Any:
    """The JSON of the answer, however long there is none: somebody is being killed."""

    async def asked() -> tuple[int, Any] | None:
        try:
            return await who.call(method, path, json, **more)
        except StackError:
            return None

    status, body = await eventually(asked, within=RESOLVED_WITHIN)
    if status != wanted:
        raise StackError(f"{method} {path} answered {status}: {body}")
    return body


async def kill_on(running: Running, kills: int, seed: int, load: asyncio.Task[Any]) -> collections.Counter[str]:
    """SIGKILL the victims in turn while refunds are under way."""
    chance = random.Random(seed)
    done: collections.Counter[str] = collections.Counter()
    for turn in range(kills):
        await asyncio.wait([load], timeout=chance.uniform(2.0, 6.0))
        victim = VICTIMS[(turn + seed) % len(VICTIMS)]
        await eventually(lambda: killed(running, victim), within=60)  # noqa: B023 - asked within this turn
        done[victim] += 1
    return done


async def through(running: Running) -> bool:
    """Whether nothing is open any more, every event is out, and everything told was taken."""
    open_ones = await value(running, "ticket", "SELECT count(*) FROM payment WHERE status <> 'paid'")
    unpublished = await value(running, "ticket", "SELECT count(*) FROM outbox WHERE published_at IS NULL")
    return open_ones == unpublished == 0 and await nothing_pending(running)


async def nothing_pending(running: Running) -> bool:
    """Whether the ticket service has taken all that was published to it of refunds."""
    try:
        client = await nats.connect(running.note["nats"], connect_timeout=2, max_reconnect_attempts=1)
        try:
            known = await client.jetstream().consumer_info("STOREFRONT", "ticket-storefront-refund")
        finally:
            await client.close()
    except (nats.errors.Error, OSError, TimeoutError):
        return False
    return known.num_pending == known.num_ack_pending == 0


async def reconciled(office: Office, side: StandIn) -> dict[str, Any]:
    """The payment side sends its list of the day; what it came to."""
    now = datetime.now(UTC)
    listed = [
        {
            "payment_key": key, "payment_reference": said["reference"], "amount": said["amount"],
            "currency": said["currency"], "at": said["at"],
        }
        for key, said in side.said.items()
        if said["status"] == "paid"
    ]  # fmt: skip
    span = {"starts_at": (now - timedelta(days=1)).isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    body = {**span, "payments": listed}
    path = "/v1/payments/reconciliations"
    answer = await answered(office.storefront, "POST", path, body, wanted=201, Idempotency_Key=str(new_id()))
    return {name: answer[name] for name in ("listed", "matched", "settled", "drifted", "missing")}
