"""Every query of bad reviews."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.bad_review.models import BadReview, ReviewContact
from services.ticket.sight import Wanted

MOST_CONTACTS = 200


async def add(session: AsyncSession, review: BadReview) -> None:
    """Insert a new review."""
    await session.execute(insert(BadReview).values(review.model_dump()))


async def add_contact(session: AsyncSession, contact: ReviewContact) -> None:
    """Insert a contact."""
    await session.execute(insert(ReviewContact).values(contact.model_dump()))


async def get(session: AsyncSession, review_id: UUID) -> BadReview | None:
    """One review; whoever changes it holds its ticket's row lock, which is the review's as well."""
    statement = select(BadReview).where(col(BadReview.review_id) == review_id)
    fresh = statement.execution_options(populate_existing=True)
    found: BadReview | None = (await session.execute(fresh)).scalar_one_or_none()
    return found


async def contacts_of(session: AsyncSession, review_id: UUID) -> Sequence[ReviewContact]:
    """What was said to the buyer, the latest first; no more than an answer takes."""
    statement = (
        select(ReviewContact)
        .where(col(ReviewContact.review_id) == review_id)
        .order_by(col(ReviewContact.contact_id).desc())
        .limit(MOST_CONTACTS)
    )
    return (await session.execute(statement)).scalars().all()


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[BadReview]:
    """Reviews with these values in their columns, newest first, after the given one."""
    statement = select(BadReview)
    for name, values in wanted.items():
        statement = statement.where(getattr(BadReview, name).in_(values))
    if after is not None:
        statement = statement.where(col(BadReview.review_id) < after)
    statement = statement.order_by(col(BadReview.review_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())
