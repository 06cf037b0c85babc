"""对账: the payment side's own list held against ours, every night or whenever it is sent (T55).

What it lists as paid and we know as paid, to the cent and under the same reference, matches. What we don't know as
paid yet is applied like any other answer. Whatever else is an alarm, and so is one of ours that isn't listed.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from contracts.ticket.payment import DriftKind
from kit import audit
from kit.clock import BUSINESS_ZONE, as_utc, business_date
from kit.db import is_transient
from kit.ids import new_id
from kit.logs import log
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions, Work
from services.ticket.book.alarms import raise_alarms
from services.ticket.payment import service as payments
from services.ticket.payment.http_side import open_side
from services.ticket.payment.port import Answer, PaymentsAwayError, PaymentSide, Way
from services.ticket.payment.service import Payment, PaymentStatus, money_of
from services.ticket.payout import store
from services.ticket.payout.applying import Verdict, take_answers
from services.ticket.payout.models import Reconciliation
from services.ticket.payout.paying import about
from services.ticket.payout.policy import PAYMENT_CHECKS
from services.ticket.sight import ALL_SHOPS

_AUDITOR = system("reconciliation")
Day = tuple[datetime, datetime]


async def run(runtime: Runtime, *, poll_seconds: float = 60.0) -> None:
    """Ask for the lists of the days gone by, once each, while this process leads. A payment side that isn't called
    sends its lists itself."""
    side = open_side()
    if side is None:
        return
    try:
        while True:
            await runtime.relay.leads.wait()
            try:
                await reconcile_nights(runtime.transactions, side)
            except PaymentsAwayError as error:
                log.warning("reconciliation.unanswered", reason=str(error))
            except Exception as error:  # noqa: BLE001 - the loop must live; the day is asked for again
                log.error("reconciliation.failed", error=error, transient=is_transient(error))
            await asyncio.sleep(poll_seconds)
    finally:
        await side.close()


async def reconcile_nights(transactions: Transactions, side: PaymentSide) -> int:
    """Compare the days whose hour has come and that were not compared yet; returns how many. Raises
    PaymentsAwayError where a list can't be had."""
    async with transactions.begin(_AUDITOR) as work:
        days = await _days_due(work)
    for starts_at, ends_at in days:
        listed = [answer async for answer in side.list_paid(starts_at, ends_at)]
        async with transactions.begin(_AUDITOR) as work:
            await reconcile(work, starts_at, ends_at, listed, nightly=True)
    return len(days)


async def reconcile(
    work: Work, starts_at: datetime, ends_at: datetime, listed: Sequence[Answer], *, nightly: bool = False
) -> Reconciliation:
    """Compare what the payment side says it paid from one instant up to another, of the caller's shops."""
    known = await payments.named(work.session, [answer.number for answer in listed])
    unmatched = [answer for answer in listed if not _matches(work, known.get(answer.number), answer)]
    outcomes = await take_answers(work, unmatched, Way.LIST)
    missing = await _missing(work, starts_at, ends_at, listed)
    await raise_alarms(work, [about(payment, DriftKind.LISTED_MISSING) for payment in missing])
    refused = sum(outcome.verdict is Verdict.REFUSED for outcome in outcomes)
    made = Reconciliation(
        reconciliation_id=new_id(),
        starts_at=starts_at,
        ends_at=ends_at,
        nightly=nightly,
        listed=len(listed),
        matched=len(listed) - len(unmatched),
        settled=len(unmatched) - refused,
        drifted=refused,
        missing=len(missing),
        ran_by=work.actor.subject,
        ran_at=work.now,
    )
    await store.add(work.session, made)
    said = made.model_dump(include={"listed", "matched", "settled", "drifted", "missing", "nightly"})
    await audit.record(work, "reconcile", "reconciliation", made.reconciliation_id, after=said)
    return made


def _matches(work: Work, payment: Payment | None, answer: Answer) -> bool:
    return (
        payment is not None
        and work.actor.serves(payment.shop)
        and payment.status == PaymentStatus.PAID
        and (payment.reference, money_of(payment)) == (answer.reference, answer.amount)
    )


async def _missing(work: Work, starts_at: datetime, ends_at: datetime, listed: Sequence[Answer]) -> list[Payment]:
    shops = None if ALL_SHOPS in work.actor.shops else sorted(work.actor.shops)
    ours = await payments.paid_between(work.session, starts_at, ends_at, shops)
    named = {answer.number for answer in listed}
    return [payment for payment in ours if named.isdisjoint((payment.payment_key, payment.cause_id))]


async def _days_due(work: Work) -> list[Day]:
    """The business days gone by, the earliest first, that are to be compared by now and were not."""
    rules = (await in_force(work.session, PAYMENT_CHECKS, EVERYWHERE, work.now)).document
    today = business_date(work.now - timedelta(hours=rules.reconcile_hour))
    days = [_day(today - timedelta(days=back)) for back in range(rules.catch_up_days, 0, -1)]
    done = await store.nights(work.session, days[0][0])
    return [day for day in days if day[0] not in done]


def _day(day: date) -> Day:
    """From its first instant up to the next day's, in the business zone (X5)."""
    begins = datetime.combine(day, time(), BUSINESS_ZONE)
    return as_utc(begins), as_utc(begins + timedelta(days=1))
