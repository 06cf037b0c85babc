"""对账警报: what doesn't add up is told at once and stays until somebody has settled it (T55)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.price import Difference
from contracts.ticket.payment import DriftKind, PaymentDrifted
from kit import audit, outbox
from kit.ids import new_id
from kit.logs import log
from kit.money import Money
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.book import store
from services.ticket.book.lifecycle import LIFE
from services.ticket.book.models import BookAlarm
from services.ticket.sight import Wanted

__all__ = ["BookAlarm", "Drift", "difference", "page_of", "raise_alarms", "settle_alarm", "settle_those"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that doesn't add up; `subject` is what it is about, in the words of its kind."""

    kind: DriftKind
    subject: str
    shop: str | None = None
    order_id: UUID | None = None
    payment_key: UUID | None = None
    expected: Money | None = None
    found: Money | None = None


async def raise_alarms(work: Work, drifts: Sequence[Drift]) -> list[UUID]:
    """Raise an alarm for each drift; one whose alarm is open already is counted there. Returns the new ones."""
    # Always in one order, so that two who raise the same ones never wait for each other.
    every = {(one.kind.value, one.subject): one for one in drifts}
    rows = [_alarm(work, every[name]) for name in sorted(every)]
    if not rows:
        return []
    fresh = await store.keep_alarms(work.session, rows)
    raised = [row for row in rows if row.alarm_id in fresh]
    await outbox.record_many(work, [(_drifted(row), 1) for row in raised])
    await audit.record_many(
        work, [audit.entry(work, "raise", "alarm", row.alarm_id, after=_audited(row)) for row in raised]
    )
    for row in raised:
        log.error("book.drift", kind=row.kind, alarm_id=str(row.alarm_id))
    return [row.alarm_id for row in raised]


async def page_of(work: Work, wanted: Wanted, after: UUID | None, limit: int) -> list[BookAlarm]:
    """Alarms with these values, newest first, after the given one."""
    return await store.page_of_alarms(work.session, wanted, after, limit)


async def settle_alarm(work: Work, alarm_id: UUID, note: str) -> BookAlarm:
    """Somebody looked into it and says what it was. Raises Problem `not-found`, `transition-refused`."""
    alarm = await store.get_alarm_for_update(work.session, alarm_id)
    if alarm is None or not (alarm.shop is None or work.actor.serves(alarm.shop)):
        raise Problem("not-found")
    await _settle(work, alarm, note)
    return alarm


async def settle_those(work: Work, drifts: Sequence[Drift], note: str) -> None:
    """What these alarms were about is put right: those that are open are settled."""
    for alarm in await store.open_alarms(work.session, {(one.kind.value, one.subject) for one in drifts}):
        await _settle(work, alarm, note)


async def _settle(work: Work, alarm: BookAlarm, note: str) -> None:
    before = LIFE.move(alarm, "settle")
    alarm.settled_at, alarm.settled_by, alarm.note = work.now, work.actor.subject, note
    after, why = {"status": alarm.status}, scrub(note)
    await audit.record(work, "settle", "alarm", alarm.alarm_id, before={"status": before}, after=after, reason=why)


def _alarm(work: Work, drift: Drift) -> BookAlarm:
    expected, found = drift.expected, drift.found
    return BookAlarm(
        alarm_id=new_id(),
        kind=drift.kind.value,
        subject=drift.subject,
        status=LIFE.initial,
        shop=drift.shop,
        order_id=drift.order_id,
        payment_key=drift.payment_key,
        currency=expected.currency if expected else None,
        expected_minor=expected.minor if expected else None,
        found_minor=found.minor if found else None,
        found_currency=found.currency if found else None,
        raised_at=work.now,
        last_seen_at=work.now,
        event_seq=1,
    )


def _drifted(row: BookAlarm) -> PaymentDrifted:
    return PaymentDrifted(
        alarm_id=row.alarm_id,
        kind=DriftKind(row.kind),
        shop=row.shop,
        order_id=row.order_id,
        payment_key=row.payment_key,
        expected=difference(row.expected_minor, row.currency),
        found=difference(row.found_minor, row.found_currency),
        raised_at=row.raised_at,
    )


def difference(minor: int | None, currency: str | None) -> Difference | None:
    """An amount of an alarm in the words of the API."""
    if minor is None or currency is None:
        return None
    return Difference(amount=Money(minor, currency).amount, currency=currency)


def _audited(row: BookAlarm) -> Mapping[str, Any]:
    return {"kind": row.kind, "expected_minor": row.expected_minor, "found_minor": row.found_minor}
