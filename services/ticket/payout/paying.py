"""Payments go out while this process leads: row first, call outside any transaction, the answer in a new one (T22).

What nobody can tell of a call is asked for until it is known. So a kill at any point leaves a row that says what is
to be done next, and whatever is said twice to the payment side is said under the same number.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.ticket.payment import DriftKind
from kit.db import is_transient
from kit.failpoints import reach
from kit.logs import log
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions
from services.ticket.book.alarms import Drift, raise_alarms
from services.ticket.payment import service as payments
from services.ticket.payment.http_side import open_side
from services.ticket.payment.port import Answer, Order, PaymentsAwayError, PaymentSide, Standing, Way
from services.ticket.payout.applying import Outcome, Verdict, take_answers

AT_ONCE = 16
GRACE = timedelta(seconds=5)
_PAYER = system("payer")
Step = Coroutine[Any, Any, None]


async def run(runtime: Runtime, *, poll_seconds: float = 1.0) -> None:
    """Pay what is due again and again while this process leads. Where the payment side isn't called but listens to
    events, there is nothing to do."""
    side = open_side()
    if side is None:
        return
    try:
        await Payer(runtime.transactions, side).run(runtime.relay.leads, poll_seconds=poll_seconds)
    finally:
        await side.close()


class Payer:
    """Calls and asks one payment side, so many payments at once; a slow one holds up no other."""

    def __init__(self, transactions: Transactions, side: PaymentSide) -> None:
        self._transactions = transactions
        self._side = side
        self._longest_call = timedelta(seconds=side.seconds) + GRACE

    async def run(self, leads: asyncio.Event, *, poll_seconds: float = 1.0) -> None:
        """Go on for ever. What is under way at the end is cut off: its rows say that it was."""
        doing: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                await leads.wait()
                steps = await self._next(AT_ONCE - len(doing))
                for step in steps:
                    task = group.create_task(step)
                    doing.add(task)
                    task.add_done_callback(doing.discard)
                if steps and len(doing) == AT_ONCE:
                    await asyncio.wait(doing, return_when=asyncio.FIRST_COMPLETED)
                elif not steps:
                    await asyncio.sleep(poll_seconds)

    async def pay_due(self) -> int:
        """Call what is due and ask what is unknown, and wait until all of it has ended; how many there were."""
        steps = await self._next(AT_ONCE)
        await asyncio.gather(*steps)
        return len(steps)

    async def _next(self, limit: int) -> list[Step]:
        """What is to be done next. Its rows say so already; where the database is away, there is nothing."""
        try:
            async with self._transactions.begin(_PAYER) as work:
                await payments.doubt_abandoned(work, AT_ONCE, self._longest_call)
                asks = await payments.begin_asks(work, limit)
                orders = await payments.begin_calls(work, limit - len(asks))
        except Exception as error:  # noqa: BLE001 - the loop must live; what is due is found again
            log.warning("payer.interrupted", error=error, transient=is_transient(error))
            return []
        steps = [self._alone(payment_key, self._ask(payment_key)) for payment_key in asks]
        return steps + [self._alone(order.payment_key, self._call(order)) for order in orders]

    async def _alone(self, payment_key: UUID, step: Step) -> None:
        """One payment's trouble is no other's. Where the database is away its row waits to be asked about; anything
        else is an alarm besides."""
        try:
            try:
                await step
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("payer.failed", payment_key=str(payment_key), error=error)
                await self._raise_alarm(payment_key)
        except Exception as error:  # noqa: BLE001 - the row is asked about, and an alarm not written is raised then
            log.warning("payer.interrupted", payment_key=str(payment_key), error=error)

    async def _call(self, order: Order) -> None:
        reach("before-send")
        said = await self._said(order.payment_key, self._side.pay(order))
        reach("after-send")
        if isinstance(said, Answer) and (await self._take(said, Way.CALL)).verdict is Verdict.APPLIED:
            return
        async with self._transactions.begin(_PAYER) as work:
            await payments.doubt(work, order.payment_key, order.attempt)

    async def _ask(self, payment_key: UUID) -> None:
        said = await self._said(payment_key, self._side.ask(payment_key))
        # A side that says again what it said of an earlier call knows nothing of the present one.
        heard_of = said is not Standing.NOT_KNOWN
        if isinstance(said, Answer):
            heard_of = (await self._take(said, Way.ASK)).verdict is not Verdict.REPEATED
        if not heard_of:
            async with self._transactions.begin(_PAYER) as work:
                await payments.renew(work, payment_key)

    async def _said(self, payment_key: UUID, saying: Coroutine[Any, Any, Answer | Standing]) -> Answer | Standing:
        """What the payment side says; nothing that can be understood is no answer yet."""
        try:
            return await saying
        except PaymentsAwayError as error:
            log.warning("payer.unanswered", payment_key=str(payment_key), reason=str(error))
            return Standing.PENDING

    async def _take(self, answer: Answer, way: Way) -> Outcome:
        async with self._transactions.begin(_PAYER) as work:
            (outcome,) = await take_answers(work, [answer], way)
        return outcome

    async def _raise_alarm(self, payment_key: UUID) -> None:
        async with self._transactions.begin(_PAYER) as work:
            payment = await payments.get(work.session, payment_key)
            if payment is not None:
                await raise_alarms(work, [about(payment, DriftKind.ANSWER_UNAPPLIED)])


def about(payment: payments.Payment, kind: DriftKind) -> Drift:
    """A drift of one payment of ours."""
    return Drift(
        kind,
        subject=str(payment.payment_key),
        shop=payment.shop,
        order_id=payment.order_id,
        payment_key=payment.payment_key,
        expected=payments.money_of(payment),
    )
