"""Every query of rules."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notify.rule.models import Rule


async def active(session: AsyncSession, subjects: Collection[str]) -> Sequence[Rule]:
    """The rules in use for events of these subjects, by name."""
    query = select(Rule).where(col(Rule.subject).in_(subjects), col(Rule.active)).order_by(col(Rule.name))
    return (await session.execute(query)).scalars().all()


async def page(session: AsyncSession, subject: str | None, after: str | None, limit: int) -> Sequence[Rule]:
    """Rules by name, after the given one."""
    query = select(Rule).order_by(col(Rule.name)).limit(limit)
    if subject is not None:
        query = query.where(col(Rule.subject) == subject)
    if after is not None:
        query = query.where(col(Rule.name) > after)
    return (await session.execute(query)).scalars().all()
