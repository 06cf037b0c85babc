"""Every query of attachments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.attachment.models import Attachment, AttachmentUpload


async def begin_upload(session: AsyncSession, storage_key: str, at: datetime) -> None:
    """Remember that a content is about to be stored."""
    await session.execute(insert(AttachmentUpload).values(storage_key=storage_key, begun_at=at))


async def end_upload(session: AsyncSession, storage_key: str) -> bool:
    """Whether the content was still waiting for its attachment; it isn't any more."""
    gone = delete(AttachmentUpload).where(col(AttachmentUpload.storage_key) == storage_key)
    return (await session.execute(gone.returning(col(AttachmentUpload.storage_key)))).first() is not None


async def count(session: AsyncSession, ticket_id: UUID) -> int:
    """How many files a ticket has."""
    statement = select(func.count()).where(*_present(ticket_id))
    return int((await session.execute(statement)).scalar_one())


async def add(session: AsyncSession, attachment: Attachment) -> None:
    """Insert a new attachment."""
    await session.execute(insert(Attachment).values(attachment.model_dump()))


async def get(session: AsyncSession, ticket_id: UUID, attachment_id: UUID) -> Attachment | None:
    """One attachment that was not removed."""
    statement = select(Attachment).where(*_present(ticket_id), col(Attachment.attachment_id) == attachment_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def get_for_update(session: AsyncSession, ticket_id: UUID, attachment_id: UUID) -> Attachment | None:
    """The same under its row lock."""
    statement = select(Attachment).where(*_present(ticket_id), col(Attachment.attachment_id) == attachment_id)
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def page(
    session: AsyncSession, ticket_id: UUID, *, internal: bool, after: UUID | None, limit: int
) -> list[Attachment]:
    """A ticket's files, oldest first."""
    statement = select(Attachment).where(*_present(ticket_id))
    if not internal:
        statement = statement.where(col(Attachment.internal).is_(False))
    if after is not None:
        statement = statement.where(col(Attachment.attachment_id) > after)
    return list((await session.execute(statement.order_by(col(Attachment.attachment_id)).limit(limit))).scalars())


async def move(session: AsyncSession, ticket_id: UUID, into: UUID) -> None:
    """Give a ticket's files to another."""
    values = {"ticket_id": into, "came_from": ticket_id}
    await session.execute(update(Attachment).where(*_present(ticket_id)).values(values))


async def abandoned(session: AsyncSession, before: datetime, limit: int) -> Sequence[str]:
    """Contents that were begun before then and have no attachment."""
    statement = (
        select(col(AttachmentUpload.storage_key))
        .where(col(AttachmentUpload.begun_at) < before)
        .order_by(col(AttachmentUpload.begun_at))
        .limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def removed(session: AsyncSession, limit: int) -> Sequence[str]:
    """Contents of removed attachments that are still there."""
    statement = (
        select(col(Attachment.storage_key))
        .where(col(Attachment.removed_at).is_not(None), col(Attachment.purged_at).is_(None))
        .order_by(col(Attachment.attachment_id))
        .limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def note_purged(session: AsyncSession, storage_keys: Sequence[str], at: datetime) -> None:
    """These contents are gone; and so is the name."""
    gone = update(Attachment).where(col(Attachment.storage_key).in_(storage_keys))
    await session.execute(gone.values(purged_at=at, name=""))
    await session.execute(delete(AttachmentUpload).where(col(AttachmentUpload.storage_key).in_(storage_keys)))


def _present(ticket_id: UUID) -> tuple[Any, ...]:
    return col(Attachment.ticket_id) == ticket_id, col(Attachment.removed_at).is_(None)
