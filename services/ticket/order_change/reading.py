"""Changes of orders as they are looked at (T37, X6)."""

from collections.abc import Sequence
from uuid import UUID

from kit import audit
from kit.http.edge import see_own
from kit.problems import Problem
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.order_change import sealing, store
from services.ticket.order_change.content import content_of
from services.ticket.order_change.lifecycle import ChangeStatus
from services.ticket.order_change.models import OrderChange
from services.ticket.order_change.schemas import OrderChangeFilter, OrderChangePublic, OrderChangeShown, RecipientOpen
from services.ticket.order_change.showing import payment_shown, public, shown_to
from services.ticket.payment import service as payments
from services.ticket.sight import in_sight, sees_notes
from services.ticket.ticket import service as tickets


async def get_change(work: Work, change_id: UUID) -> OrderChange:
    """One change as it stands. Raises Problem `not-found`, also for one out of sight (X1, T40)."""
    change = await store.get(work.session, change_id)
    if change is None or not work.actor.serves(change.shop):
        raise Problem("not-found")
    see_own(work, change.account_id, noun="order_change", aggregate_id=change_id)
    return change


async def list_changes(
    work: Work, query: OrderChangeFilter, after: UUID | None
) -> tuple[list[OrderChange], UUID | None]:
    """Changes in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].change_id if len(found) > query.limit else None


async def show_change(work: Work, change: OrderChange) -> OrderChangePublic:
    """A change with its payment and, for staff, whose approval is missing."""
    payment = await payments.of_cause(work.session, change.change_id)
    missing: Sequence[frozenset[str]] = ()
    if sees_notes(work) and change.status == ChangeStatus.REQUESTED and change.difference_minor < 0:
        ticket = await tickets.get_ticket(work, change.ticket_id)
        missing = (await approvals.needed(work, content_of(change, ticket.tier), change.change_id)).steps
    recipient = None
    if change.sealed_recipient is not None:
        recipient = sealing.opened(work.vault, change.change_id, change.sealed_recipient)
    found = public(change, recipient, payment_shown(payment), [sorted(step) for step in missing])
    return found if sees_notes(work) else shown_to(found)


def shown(work: Work, change: OrderChange) -> OrderChangeShown:
    """A change as a list shows it."""
    found = OrderChangeShown.model_validate(public(change, None, None, []).model_dump())
    return found if sees_notes(work) else shown_to(found)


async def reveal_recipient(work: Work, change_id: UUID) -> RecipientOpen:
    """The new address, open, for whoever carries the change out; each look is written down (X6). Raises Problem
    `forbidden` for a token narrowed to one buyer, `not-found` where there is none."""
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="order_change:address")
    change = await get_change(work, change_id)
    if change.sealed_recipient is None:
        raise Problem("not-found")
    recipient = sealing.opened(work.vault, change_id, change.sealed_recipient)
    await audit.record(work, "reveal", "order_change", change_id, after={"fields": ["recipient"]})
    return RecipientOpen(change_id=change_id, name=recipient.name, phone=recipient.phone, address=recipient.address)
