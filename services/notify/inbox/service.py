"""Use cases of the inbox: told of an event, once; read by whom it was for (N3, N4)."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from contracts.ticket.order import OrderFlagged
from contracts.ticket.ticket import TicketEvent
from kit import audit, outbox
from kit.envelope import Delivery
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.problems import Problem
from kit.work import Work
from services.notify.copies import service as copies
from services.notify.inbox import lifecycle, store
from services.notify.inbox.models import Notification
from services.notify.inbox.occurrence import Occurrence, of_flag, of_ticket
from services.notify.inbox.policy import QUIET_START
from services.notify.rule import service as rules
from services.notify.rule.policy import People, applies, recipients, roles_of
from services.notify.rule.service import RuleInUse
from services.notify.template import service as templates
from services.notify.template.policy import VARIABLES

Due = tuple[Occurrence, RuleInUse]


async def tell_of_tickets(work: Work, deliveries: Sequence[Delivery[TicketEvent]]) -> None:
    """Tell about tickets as the rules say."""
    await tell(work, [of_ticket(one.meta, one.event) for one in deliveries])


async def tell_of_flags(work: Work, deliveries: Sequence[Delivery[OrderFlagged]]) -> None:
    """Tell about flags as the rules say (T32)."""
    await tell(work, [of_flag(one.meta, one.event) for one in deliveries])


async def tell(work: Work, occurrences: Sequence[Occurrence]) -> None:
    """Put what the rules say about these events into inboxes: one message per event and recipient, however often the
    event comes. Imported history and what is older than the policy allows is not news."""
    policy = await in_force(work.session, QUIET_START, EVERYWHERE, work.now)
    news = [one for one in occurrences if not one.historic and policy.document.speaks(one.happened_at, work.now)]
    by_subject = await rules.rules_for(work, {one.subject for one in news}) if news else {}
    due = [(one, rule) for one in news for rule in by_subject.get(one.subject, ()) if applies(rule, one.facts)]
    if not due:
        return
    people = await _people(work, due)
    versions = await templates.newest_versions(work, {rule.template for _, rule in due})
    fresh = await store.add_new(work.session, list(_messages(work, due, people, versions)))
    await outbox.record_many(work, [(lifecycle.sent(message), message.event_seq) for message in fresh])
    await audit.record_many(
        work,
        [
            audit.entry(work, "send", "notification", message.notification_id, after=_traced(message))
            for message in fresh
        ],
    )


async def mark_read(work: Work, notification_id: UUID) -> Notification:
    """Mark one's own message as read. Raises Problem `not-found` for anybody else's, `transition-refused` when it was
    read before."""
    reader = work.actor.staff_id
    message = await store.get_for_update(work.session, notification_id, reader) if reader else None
    if message is None:
        raise Problem("not-found")
    work.expect_version(message.version)
    before = _traced(message)
    event = lifecycle.read(message, work.now)
    message.version += 1
    await outbox.record(work, message, event)
    await audit.record(work, "read", "notification", notification_id, before=before, after=_traced(message))
    return message


async def _people(work: Work, due: Sequence[Due]) -> People:
    named = {staff_id for one, _ in due for staff_id in one.named.values() if staff_id is not None}
    at_work = await copies.staff_at_work(work, roles_of(rule for _, rule in due))
    return People(at_work, await copies.staff_gone(work, named))


def _messages(work: Work, due: Sequence[Due], people: People, versions: Mapping[str, int]) -> Iterator[Notification]:
    for one, rule in due:
        for staff_id in recipients(rule, one.named, people):
            yield Notification(
                notification_id=new_id(),
                event_id=one.event_id,
                subject=one.subject,
                ticket_id=one.ticket_id,
                rule=rule.name,
                template=rule.template,
                template_version=versions[rule.template],
                recipient_staff_id=staff_id,
                channel=rule.channel,
                variables=_variables(one),
                status=lifecycle.LIFE.initial,
                created_at=work.now,
                event_seq=1,
            )


def _variables(one: Occurrence) -> dict[str, str]:
    return {name: value for name, value in one.facts.items() if value is not None and name in VARIABLES}


def _traced(message: Notification) -> dict[str, object]:
    return {
        "status": message.status,
        "template": message.template,
        "template_version": message.template_version,
        "recipient": message.recipient_staff_id,
        "event_id": message.event_id,
    }
