"""Use cases of bad reviews (T45)."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from contracts.price import Price
from contracts.ticket.aftercare import ReviewCause, ReviewManner, ReviewResult
from contracts.ticket.ticket import TicketKind
from kit import audit, outbox
from kit.ids import new_id
from kit.money import Money
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.bad_review import lifecycle, store
from services.ticket.bad_review.lifecycle import LIFE, OUTCOME, STATUS, ReviewStatus
from services.ticket.bad_review.models import BadReview, ReviewContact
from services.ticket.bad_review.policy import REVIEW_HOURS, ReviewHours
from services.ticket.bad_review.schemas import BadReviewContact, BadReviewFilter, BadReviewOpen
from services.ticket.message.schemas import MessageCreate
from services.ticket.procedure import service as procedures
from services.ticket.sight import in_sight
from services.ticket.ticket import service as tickets
from services.ticket.ticket.lifecycle import Opening
from services.ticket.ticket.service import Ticket

Review = BadReview
"""A bad review, as its routes name it."""
Seen = tuple[BadReview, Ticket]


async def open_review(work: Work, asked: BadReviewOpen) -> Seen:
    """中差评受理. Raises Problem what opening any ticket raises."""
    opening = Opening(
        kind=TicketKind.BAD_REVIEW,
        shop=asked.shop,
        subject=asked.subject,
        description=asked.description,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        priority=asked.priority,
        channel=asked.channel,
        source=tickets.source_of(work),
    )
    ticket = await tickets.open_staged(work, opening)
    review = BadReview(
        review_id=ticket.ticket_id,
        number=ticket.number,
        shop=ticket.shop,
        account_id=ticket.account_id,
        status=LIFE.initial,
        stars=asked.stars,
        reviewed_at=asked.reviewed_at,
    )
    await store.add(work.session, review)
    return review, ticket


async def get_review(work: Work, review_id: UUID) -> Seen:
    """The review with its ticket. Raises Problem `not-found`, also for one out of sight (X1)."""
    ticket = await tickets.get_ticket(work, review_id)
    return _there(await store.get(work.session, review_id)), ticket


async def contacts_of(work: Work, review: BadReview) -> Sequence[ReviewContact]:
    """What was said to the buyer, the latest first."""
    return await store.contacts_of(work.session, review.review_id)


async def hours_of(work: Work, shop: str) -> ReviewHours:
    """When the buyers of a shop are spoken to."""
    return (await in_force(work.session, REVIEW_HOURS, shop, work.now)).document


async def list_reviews(work: Work, query: BadReviewFilter, after: UUID | None) -> tuple[list[BadReview], UUID | None]:
    """Bad reviews in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].review_id if len(found) > query.limit else None


async def find_cause(work: Work, review_id: UUID, cause: ReviewCause) -> Seen:
    """归因: the cause comes first."""
    return await _move(work, review_id, "find-cause", lambda review: lifecycle.find_cause(review, cause))


async def contact_buyer(work: Work, review_id: UUID, asked: BadReviewContact) -> Seen:
    """联系买家: by phone first, by text after that; outside the shop's hours for it the contact says so (T45).

    A message goes to the buyer on the ticket, and stops the clock of the first reply as any does (T48). Raises
    Problem `transition-refused`, `stale-version`, `invalid-request` for an amount that its currency doesn't have.
    """
    offered = _money(asked.offered)
    seen = await _move(
        work, review_id, lifecycle.VERB_OF[asked.manner], lambda one: lifecycle.contact(one, asked.manner, offered)
    )
    hours = await hours_of(work, seen[0].shop)
    contact = ReviewContact(
        contact_id=new_id(),
        review_id=review_id,
        manner=asked.manner,
        reached=asked.reached or asked.manner is ReviewManner.TEXT,
        outside_hours=not hours.is_open(work.now),
        offered_minor=offered.minor if offered else None,
        currency=offered.currency if offered else None,
        note=asked.note,
        staff_id=work.actor.staff_id,
        contacted_at=work.now,
    )
    await store.add_contact(work.session, contact)
    if asked.message is not None:
        work.expected_version = None  # it was met; the message raises the version once more
        await tickets.write_message(work, review_id, MessageCreate(text=asked.message))
    return seen


async def settle_review(work: Work, review_id: UUID, result: ReviewResult) -> Seen:
    """办结: changed, removed or kept. Raises Problem `steps-open` while required steps of its lists are (T53)."""
    ticket = await _locked(work, review_id)
    review = _there(await store.get(work.session, review_id))
    before = _audited(review)
    worked = lifecycle.settle(review, ticket, result, work.actor.staff_id, work.now)
    await procedures.expect_done(work, review_id)
    await outbox.record(work, review, worked)
    return await _followed(work, review, ticket, "settle", before)


async def reopen_review(work: Work, review_id: UUID, reason: str) -> Seen:
    """重开: within the days that the policy gives (T2)."""
    return await _move(work, review_id, "reopen", lifecycle.reopen, reason)


async def cancel_review(work: Work, review_id: UUID, reason: str) -> Seen:
    """撤销: it is no bad review, or was recorded twice."""
    return await _move(work, review_id, "cancel", lambda review: LIFE.move(review, "cancel"), reason)


async def _move(
    work: Work, review_id: UUID, verb: str, change: Callable[[BadReview], object], reason: str | None = None
) -> Seen:
    ticket = await _locked(work, review_id)
    review = _there(await store.get(work.session, review_id))
    before = _audited(review)
    change(review)
    return await _followed(work, review, ticket, verb, before, reason)


async def _locked(work: Work, review_id: UUID) -> Ticket:
    ticket = await tickets.lock(work, review_id, TicketKind.BAD_REVIEW)
    work.expect_version(ticket.version)
    return ticket


async def _followed(
    work: Work, review: BadReview, ticket: Ticket, verb: str, before: dict[str, Any], reason: str | None = None
) -> Seen:
    """Its ticket's status follows; the change is in the trail."""
    status = ReviewStatus(review.status)
    await tickets.follow(work, ticket, STATUS[status], verb=verb, outcome=OUTCOME.get(status), reason=reason)
    why = scrub(reason) if reason else None
    await audit.record(work, verb, "bad_review", review.review_id, before=before, after=_audited(review), reason=why)
    return review, ticket


def _money(price: Price | None) -> Money | None:
    if price is None:
        return None
    try:
        return Money.parse(price.amount, price.currency)
    except ValueError as error:
        raise invalid("/offered/amount", "小数位数超过该币种", "has more decimals than its currency") from error


def _there(review: BadReview | None) -> BadReview:
    if review is None:
        raise Problem("not-found")
    return review


def _audited(review: BadReview) -> dict[str, Any]:
    return {
        "status": review.status, "cause": review.cause, "manner": review.manner, "result": review.result,
        "offered_minor": review.offered_minor, "currency": review.currency,
    }  # fmt: skip
