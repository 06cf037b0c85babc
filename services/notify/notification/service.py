"""Use cases of messages: told of an event, once; read by whom it was for; sent again (N3, N4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.notify import NotifyChannel
from kit import audit, outbox
from kit.envelope import Delivery
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.notify.copies import service as copies
from services.notify.notification import lifecycle, store
from services.notify.notification.models import Attempt, Notification
from services.notify.notification.news import of_event
from services.notify.notification.occurrence import Occurrence
from services.notify.notification.policy import QUIET_START
from services.notify.rule import service as rules
from services.notify.rule.policy import LEAD, People, applies, asks_lead, recipients, roles_of, tells_customer
from services.notify.rule.service import RuleInUse
from services.notify.template import service as templates
from services.notify.template.policy import VARIABLES

Message = Notification
"""A message, as other rooms name it."""

Due = tuple[Occurrence, RuleInUse]
_FIRST_ACTION = {lifecycle.READING.initial.value: "send", lifecycle.DELIVERING.initial.value: "queue"}


async def tell_of_events(work: Work, deliveries: Sequence[Delivery[Event]]) -> None:
    """Tell about these events as the rules say."""
    await tell(work, [of_event(one.meta, one.event) for one in deliveries])


async def tell(work: Work, occurrences: Sequence[Occurrence]) -> None:
    """Put what the rules say about these events into inboxes and in line for the post: one message per event,
    recipient and channel, however often the event comes. Imported history and what is older than the policy allows
    is not news."""
    policy = await in_force(work.session, QUIET_START, EVERYWHERE, work.now)
    news = [one for one in occurrences if not one.historic and policy.document.speaks(one.happened_at, work.now)]
    by_subject = await rules.rules_in_use(work) if news else {}
    due = [(one, rule) for one in news for rule in by_subject.get(one.subject, ()) if applies(rule, one.facts)]
    if not due:
        return
    due = await _with_customers(work, await _with_leads(work, due))
    people = await _people(work, due)
    versions = await templates.newest_versions(work, {rule.template for _, rule in due})
    fresh = await store.add_new(work.session, list(_messages(work, due, people, versions)))
    arrived = [message for message in fresh if message.channel == NotifyChannel.INBOX]
    await outbox.record_many(work, [(lifecycle.sent(message, work.now), message.event_seq) for message in arrived])
    await audit.record_many(
        work,
        [
            audit.entry(work, _FIRST_ACTION[one.status], "notification", one.notification_id, after=_traced(one))
            for one in fresh
        ],
    )


async def mark_read(work: Work, notification_id: UUID) -> Notification:
    """Mark one's own message as read. Raises Problem `not-found` for anybody else's, `transition-refused` when it was
    read before."""
    reader = work.actor.staff_id
    message = await store.get_for_update(work.session, notification_id) if reader else None
    if message is None or message.recipient_staff_id != reader:
        raise Problem("not-found")
    work.expect_version(message.version)
    before = _traced(message)
    event = lifecycle.read(message, work.now)
    message.version += 1
    await outbox.record(work, message, event)
    await audit.record(work, "read", "notification", notification_id, before=before, after=_traced(message))
    return message


async def resend(work: Work, notification_id: UUID, reason: str) -> Notification:
    """Put a message that failed, or is in doubt, in line again, with all its tries (N4).

    Raises Problem `not-found`, `stale-version`, and `transition-refused` for any other.
    """
    message = await store.get_for_update(work.session, notification_id)
    if message is None:
        raise Problem("not-found")
    work.expect_version(message.version)
    before = _traced(message)
    lifecycle.resend(message, work.now)
    message.version += 1
    after = _traced(message)
    await audit.record(
        work, "resend", "notification", notification_id, before=before, after=after, reason=scrub(reason)
    )
    return message


async def get(work: Work, notification_id: UUID) -> tuple[Notification, Sequence[Attempt]]:
    """A message and all attempts at handing it over. Raises Problem `not-found`."""
    message = await store.get(work.session, notification_id)
    if message is None:
        raise Problem("not-found")
    return message, await store.attempts_of(work.session, notification_id)


async def page(work: Work, filters: Mapping[str, object], after: UUID | None, limit: int) -> Sequence[Notification]:
    """Messages by these columns, newest first, after the given one."""
    return await store.page(work.session, filters, after, limit)


async def unread_count(work: Work, reader: UUID) -> int:
    """How many messages a member of staff has not read."""
    return await store.unread_count(work.session, reader)


async def waiting_by_channel(work: Work) -> dict[str, int]:
    """How many messages wait to be sent, by channel."""
    return await store.waiting_by_channel(work.session)


async def _with_leads(work: Work, due: Sequence[Due]) -> list[Due]:
    """The same, each naming the lead of its unit where its rule may tell them."""
    units = {one.unit_id for one, rule in due if one.unit_id is not None and asks_lead([rule])}
    leads = await copies.leads_of(work, units)
    return [
        (replace(one, named={**one.named, LEAD: (leads[one.unit_id],)}) if one.unit_id in leads else one, rule)
        for one, rule in due
    ]


async def _with_customers(work: Work, due: Sequence[Due]) -> list[Due]:
    """The same, each naming whose account it is about where its rule tells the customer and the event names none."""
    nameless = [tells_customer(rule) and one.customer_id is None for one, rule in due]
    accounts = {one.account_id for (one, _), asked in zip(due, nameless, strict=True) if asked and one.account_id}
    holders = await copies.holders_of(work, accounts)
    return [
        (replace(one, customer_id=holders.get(one.account_id)), rule) if asked and one.account_id else (one, rule)
        for (one, rule), asked in zip(due, nameless, strict=True)
    ]


async def _people(work: Work, due: Sequence[Due]) -> People:
    named = {staff_id for one, _ in due for those in one.named.values() for staff_id in those}
    at_work = await copies.staff_at_work(work, roles_of(rule for _, rule in due))
    return People(at_work, await copies.staff_gone(work, named))


def _messages(work: Work, due: Sequence[Due], people: People, versions: Mapping[str, int]) -> Iterator[Notification]:
    for one, rule in due:
        about = partial(_about, work, one, rule, versions[rule.template])
        for staff_id in recipients(rule, one.named, people):
            unread = lifecycle.READING.initial
            yield Notification(**about(), recipient_staff_id=staff_id, status=unread, attempts=1, event_seq=1)
        if tells_customer(rule) and one.customer_id is not None:
            pending = lifecycle.DELIVERING.initial
            yield Notification(
                **about(), recipient_customer_id=one.customer_id, status=pending, next_attempt_at=work.now
            )


def _about(work: Work, one: Occurrence, rule: RuleInUse, version: int) -> dict[str, Any]:
    return {
        "notification_id": new_id(),
        "event_id": one.event_id,
        "subject": one.subject,
        "ticket_id": one.ticket_id,
        "rule": rule.name,
        "template": rule.template,
        "template_version": version,
        "channel": rule.channel,
        "variables": _variables(one),
        "created_at": work.now,
    }


def _variables(one: Occurrence) -> dict[str, str]:
    return {name: value for name, value in one.facts.items() if value is not None and name in VARIABLES}


def _traced(message: Notification) -> dict[str, object]:
    return {
        "status": message.status,
        "template": message.template,
        "template_version": message.template_version,
        "channel": message.channel,
        "recipient": message.recipient_staff_id or message.recipient_customer_id,
        "event_id": message.event_id,
    }
