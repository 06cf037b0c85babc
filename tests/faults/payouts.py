"""Refunds are asked for, approved, paid, refused, tried again, while the payment side has a bad day."""

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
from history import GivenUpError, History
from local_stack import Running
from payment_stand_in import StandIn, answer_of
from tables import rows

from contracts.event import Event
from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.bus import servers_of
from kit.envelope import Meta, headers
from kit.ids import new_id
from kit.testing.poll import eventually
from ops.callers import Caller
from ops.environment import StackError

AMOUNT, AMOUNT_MINOR = "20.00", 20_00
ANSWER_SECONDS = 300.0
LOOK_SECONDS = 2.0
BATCH = 500
FAILED = "SELECT refund_id::text FROM refund WHERE status = 'pay_failed'"


@dataclass
class Office:
    """Who asks and who approves, and the payment side's way to tell us."""

    running: Running
    history: History
    asker: Caller
    approver: Caller
    storefront: Caller
    chance: random.Random
    attempts: Counter[str] = field(default_factory=Counter)
    sequences: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def order(self, numbers: Sequence[int]) -> None:
        """Paid orders."""
        at = datetime.now(UTC) - timedelta(days=2)
        line = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": AMOUNT}
        times = {"placed_at": at.isoformat(), "paid_at": at.isoformat()}
        orders = [
            {
                "shop": "main", "order_no": self._order_no(number), "buyer_ref": f"buyer-{number}", "lines": [line],
                "paid": AMOUNT, "payer_token": f"payer-{number}", **times,
            }
            for number in numbers
        ]  # fmt: skip
        for first in range(0, len(orders), BATCH):
            batch = {"orders": orders[first : first + BATCH]}
            await self.storefront.expect(200, "POST", "/v1/orders/batches", batch, Idempotency_Key=f"orders-{first}")

    async def refund(self, number: int) -> str:
        """One refund until it is approved; its ticket."""
        asked = {
            "order_no": self._order_no(number), "kind": "money_only", "reason": "out_of_stock", "channel": "phone",
            "lines": [{"line_no": 1, "quantity": 2}],
        }  # fmt: skip
        key = f"{self.history.seed}-{number}"
        made = await self.history.ask(self.asker, "ask", key, "POST", "/v1/refunds", asked, wanted=201)
        path, match = f"/v1/refunds/{made['refund_id']}", f'"{made["ticket"]["version"]}"'
        seen = await self.history.ask(self.asker, "review", key, "POST", f"{path}/review", If_Match=match)
        match = f'"{seen["ticket"]["version"]}"'
        await self.history.ask(self.approver, "approve", key, "POST", f"{path}/approve", If_Match=match)
        return str(made["ticket"]["ticket_id"])

    async def mend(self, done: asyncio.Event) -> None:
        """Try every payment again that has failed, until everything is done."""
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), LOOK_SECONDS)
            for (refund_id,) in await rows(self.running, "ticket", FAILED):
                await self._try_again(refund_id)

    async def _try_again(self, refund_id: str) -> None:
        path = f"/v1/refunds/{refund_id}"
        now = await answered(self.asker, "GET", path)
        if now["status"] != "pay_failed":
            return
        self.attempts[refund_id] += 1
        key, match = f"{refund_id}-{self.attempts[refund_id]}", f'"{now["ticket"]["version"]}"'
        with contextlib.suppress(GivenUpError):  # it may have been paid after all while we were at it
            await self.history.ask(self.asker, "retry", key, "POST", f"{path}/retry", If_Match=match)

    def _order_no(self, number: int) -> str:
        return f"P{self.history.seed}-{number}"

    async def tell(self, said: Mapping[str, Any], cause_id: str) -> bool:
        """The payment side calls back, by HTTP or as an event; whether somebody took it."""
        if self.chance.random() < 0.5:
            return bool(await answered(self.storefront, "POST", "/v1/payments/answers", answer_of(said)))
        return await self._publish(event_of(said, cause_id))

    async def _publish(self, event: Event) -> bool:
        meta = Meta(new_id(), event.SUBJECT, event.aggregate_id, next(self.sequences), datetime.now(UTC))
        try:
            client = await nats.connect(
                servers_of(self.running.note["nats"]), connect_timeout=2, max_reconnect_attempts=1
            )
            try:
                sent = headers(meta, owner="storefront")
                body = event.model_dump_json().encode()
                await client.jetstream().publish(event.SUBJECT, body, headers=sent, timeout=3)
            finally:
                await client.close()
        except (nats.errors.Error, OSError, TimeoutError):
            return False
        return True


def event_of(said: Mapping[str, Any], cause_id: str) -> Event:
    """What is said of a payment, as the storefront tells it."""
    told = {
        "refund_id": cause_id, "payment_reference": said["reference"],
        "amount": Price(amount=said["amount"], currency=said["currency"]),
    }  # fmt: skip
    if said["status"] == "paid":
        return StorefrontRefundPaid.model_validate({**told, "paid_at": said["at"]})
    return StorefrontRefundFailed.model_validate({**told, "failure": said["failure"], "failed_at": said["at"]})


async def answered(
    who: Caller, method: str, path: str, json: object = None, *, wanted: int = 200, **more: str
) -> Any:
    """The JSON of the answer, however long there is none: somebody is being killed."""

    async def asked() -> tuple[int, Any] | None:
        try:
            return await who.call(method, path, json, **more)
        except StackError:
            return None

    status, body = await eventually(asked, within=ANSWER_SECONDS)
    if status != wanted:
        raise StackError(f"{method} {path} answered {status}: {body}")
    return body


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
