"""`/v1/bad-reviews` (T45)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.bad_review import service
from services.ticket.bad_review.lifecycle import LIFE, ReviewStatus, price
from services.ticket.bad_review.schemas import (
    BadReviewCause,
    BadReviewContact,
    BadReviewFilter,
    BadReviewOpen,
    BadReviewPage,
    BadReviewPublic,
    BadReviewReason,
    BadReviewSettle,
    BadReviewShown,
    ContactPublic,
)  # fmt: skip
from services.ticket.bad_review.service import Review, Seen
from services.ticket.copies import service as copies
from services.ticket.ticket import service as tickets

router = APIRouter(prefix="/v1/bad-reviews", tags=["bad reviews"])
ReviewId = Annotated[UUID, Path(description="The review's id, which is its ticket's.")]
_WORK, _READ = "review:work", "review:read"


async def about_somebody(body: BadReviewOpen, request: Request) -> BadReviewOpen:
    """The body, after the copy of the customer it names had its time to arrive."""
    if body.customer_id is not None:
        await copies.await_customer(runtime_of(request).database, body.customer_id)
    return body


@router.post("", status_code=201, response_model=BadReviewPublic, dependencies=[allow("review:open")])
async def open_review(body: Annotated[BadReviewOpen, Depends(about_somebody)], work: WorkDep) -> Response:
    """Record a bad review to work on."""
    seen = await service.open_review(work, body)
    return await _shown(work, seen, status=201, location=f"/v1/bad-reviews/{seen[0].review_id}")


@router.get("", response_model=BadReviewPage, dependencies=[allow(_READ)])
async def list_reviews(work: WorkDep, query: Annotated[BadReviewFilter, Query()]) -> Response:
    """Bad reviews, newest first."""
    place = read_cursor(work, "bad-reviews", query)
    items, last = await service.list_reviews(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "bad-reviews", [last]) if last else None
    page = BadReviewPage(items=[BadReviewShown.model_validate(_facts(one)) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/bad-reviews", query=query, next_cursor=cursor)


@router.get("/{review_id}", response_model=BadReviewPublic, dependencies=[allow(_READ)])
async def get_review(review_id: ReviewId, work: WorkDep) -> Response:
    """One bad review."""
    return await _shown(work, await service.get_review(work, review_id))


@router.post("/{review_id}/find-cause", response_model=BadReviewPublic, dependencies=[allow(_WORK)])
async def find_cause(review_id: ReviewId, body: BadReviewCause, work: WorkDep) -> Response:
    """Say why it is bad: that comes before the buyer is spoken to."""
    return await _shown(work, await service.find_cause(work, review_id, body.cause))


@router.post("/{review_id}/contact", response_model=BadReviewPublic, dependencies=[allow(_WORK)])
async def contact_buyer(review_id: ReviewId, body: BadReviewContact, work: WorkDep) -> Response:
    """Record that the buyer was spoken to: by phone first, by text after that."""
    return await _shown(work, await service.contact_buyer(work, review_id, body))


@router.post("/{review_id}/settle", response_model=BadReviewPublic, dependencies=[allow(_WORK)])
async def settle_review(review_id: ReviewId, body: BadReviewSettle, work: WorkDep) -> Response:
    """Say what became of it: changed, removed or kept."""
    return await _shown(work, await service.settle_review(work, review_id, body.result))


@router.post("/{review_id}/reopen", response_model=BadReviewPublic, dependencies=[allow(_WORK)])
async def reopen_review(review_id: ReviewId, body: BadReviewReason, work: WorkDep) -> Response:
    """Take a settled one up again, within the days that the policy gives."""
    return await _shown(work, await service.reopen_review(work, review_id, body.reason))


@router.post("/{review_id}/cancel", response_model=BadReviewPublic, dependencies=[allow(_WORK)])
async def cancel_review(review_id: ReviewId, body: BadReviewReason, work: WorkDep) -> Response:
    """Cancel one that is none, or was recorded twice."""
    return await _shown(work, await service.cancel_review(work, review_id, body.reason))


def _facts(one: Review) -> dict[str, object]:
    return {**one.model_dump(), "offered": price(one.offered_minor, one.currency)}


async def _shown(work: Work, seen: Seen, *, status: int = 200, location: str | None = None) -> Response:
    review, ticket = seen
    hours = await service.hours_of(work, review.shop)
    contacts = [
        ContactPublic.model_validate({**one.model_dump(), "offered": price(one.offered_minor, one.currency)})
        for one in await service.contacts_of(work, review)
    ]
    facts = {
        **_facts(review),
        "allowed": LIFE.allowed(ReviewStatus(review.status)),
        "workable_at": hours.next_opening(work.now),
        "contacts": contacts,
        "ticket": await tickets.show(work, ticket),
    }
    body = BadReviewPublic.model_validate(facts)
    return await answer(work, body, status=status, version=ticket.version, location=location)
