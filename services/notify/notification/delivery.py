"""Use cases of the post, each a short transaction around what happens outside of any (N4).

A message is taken (a lease, still pending), handed over (an attempt is written down and committed before the provider
hears of it), and settled by what the provider answered. Whoever dies in between leaves a lease behind: what was only
taken is taken again, what was handed over is in doubt and never sent again by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.event import Event
from kit import audit, outbox
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.work import Work
from services.notify.copies import service as copies
from services.notify.notification import lifecycle, store
from services.notify.notification.lifecycle import Status
from services.notify.notification.models import Attempt, Notification
from services.notify.notification.policy import DELIVERY_PAUSES
from services.notify.template import service as templates

LEASE = timedelta(seconds=90)
"""Longer than any attempt may take, so that nobody is taken for dead who is only slow."""

_AT_ONCE = 50


class Outcome(StrEnum):
    """How an attempt ended: taken, not now, never, or nobody knows."""

    ACCEPTED = "accepted"
    POSTPONED = "postponed"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that was taken: for whom, in which words, and until when it is ours."""

    notification_id: UUID
    customer_id: UUID
    channel: str
    subject: str
    body: str
    language: str
    leased_until: datetime


async def take(work: Work, channels: Collection[str], limit: int) -> list[Parcel]:
    """Take messages whose time has come. What nobody may be written to any more is failed here."""
    parcels = []
    for message in await store.due(work.session, channels, work.now, limit):
        customer_id = message.recipient_customer_id
        addressee = await copies.addressee_of(work, customer_id) if customer_id else None
        if addressee is None or addressee.erased:
            await _tell(work, message, "fail", lifecycle.fail(message, "erased", work.now))
            continue
        key = (message.template, message.template_version)
        words = (await templates.wordings(work, [key], addressee.language))[key]
        subject, body = words.fill(message.variables)
        message.leased_until = work.now + LEASE
        parcels.append(
            Parcel(
                notification_id=message.notification_id,
                customer_id=addressee.customer_id,
                channel=message.channel,
                subject=subject,
                body=body,
                language=addressee.language,
                leased_until=message.leased_until,
            )
        )
    return parcels


async def give_back(work: Work, parcel: Parcel, pause: timedelta) -> None:
    """Put a message back in line without counting a try: the trouble was ours, not the provider's."""
    message = await _held(work, parcel)
    if message is not None:
        message.leased_until, message.next_attempt_at = None, work.now + pause


async def fail_unsent(work: Work, parcel: Parcel, failure: str) -> None:
    """Give a message up before any provider heard of it."""
    message = await _held(work, parcel)
    if message is not None:
        await _tell(work, message, "fail", lifecycle.fail(message, failure, work.now))


async def hand_over(work: Work, parcel: Parcel) -> int | None:
    """Write down that the provider is about to get the message; the number of the attempt, None when it is not ours
    any more."""
    message = await _held(work, parcel)
    if message is None:
        return None
    lifecycle.attempt(message, work.now + LEASE)
    attempt = Attempt(notification_id=message.notification_id, number=message.attempts, started_at=work.now)
    await store.add_attempt(work.session, attempt)
    return message.attempts


async def settle(work: Work, parcel: Parcel, number: int, outcome: Outcome, answer: str) -> None:
    """Write down what became of an attempt. A word that comes late still ends a doubt, but not a later attempt."""
    message = await store.get_for_update(work.session, parcel.notification_id)
    await store.end_attempt(work.session, parcel.notification_id, number, work.now, outcome, answer)
    if message is None or message.attempts != number:
        return
    if message.status == Status.IN_DOUBT and outcome is Outcome.ACCEPTED:
        await _tell(work, message, "accept", lifecycle.accept(message, work.now))
    elif message.status == Status.SENDING:
        await _settle(work, message, outcome)


async def doubt_abandoned(work: Work) -> int:
    """List as in doubt what was handed over by somebody who never came back; how many those were."""
    messages = await store.abandoned(work.session, work.now, _AT_ONCE)
    for message in messages:
        await store.end_attempt(
            work.session, message.notification_id, message.attempts, work.now, Outcome.IN_DOUBT, None
        )
        await _tell(work, message, "doubt", lifecycle.doubt(message, work.now))
    return len(messages)


async def _settle(work: Work, message: Notification, outcome: Outcome) -> None:
    if outcome is Outcome.ACCEPTED:
        await _tell(work, message, "accept", lifecycle.accept(message, work.now))
    elif outcome is Outcome.IN_DOUBT:
        await _tell(work, message, "doubt", lifecycle.doubt(message, work.now))
    elif outcome is Outcome.REFUSED:
        await _tell(work, message, "fail", lifecycle.fail(message, "refused", work.now))
    else:
        pauses = await in_force(work.session, DELIVERY_PAUSES, EVERYWHERE, work.now)
        pause = pauses.document.pause_after(message.tries)
        if pause is None:
            await _tell(work, message, "fail", lifecycle.fail(message, "gave_up", work.now))
        else:
            lifecycle.postpone(message, work.now + pause)


async def _tell(work: Work, message: Notification, action: str, event: Event) -> None:
    """A message has come to an end or to a doubt: others hear of it, and the trail does."""
    message.version += 1
    await outbox.record(work, message, event)
    after = {"status": message.status, "attempts": message.attempts, "failure": message.failure}
    await audit.record(work, action, "notification", message.notification_id, after=after)


async def _held(work: Work, parcel: Parcel) -> Notification | None:
    """The message under its lock, when it is still ours: nobody took it after our lease had run out."""
    message = await store.get_for_update(work.session, parcel.notification_id)
    if message is None or message.status != Status.PENDING or message.leased_until != parcel.leased_until:
        return None
    return message
