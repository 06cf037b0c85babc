"""Every query of templates."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notify.template.models import Template

Key = tuple[str, int]


async def newest(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """The newest version of each of these templates."""
    query = (
        select(col(Template.name), func.max(col(Template.version)).label("newest"))
        .where(col(Template.name).in_(names))
        .group_by(col(Template.name))
    )
    return {row.name: row.newest for row in await session.execute(query)}


async def in_language(session: AsyncSession, keys: Collection[Key], language: str) -> Sequence[Template]:
    """These versions in that language."""
    query = select(Template).where(
        tuple_(col(Template.name), col(Template.version)).in_(list(keys)), col(Template.language) == language
    )
    return (await session.execute(query)).scalars().all()


async def page(
    session: AsyncSession, filters: Mapping[str, Any], after: tuple[str, int, str] | None, limit: int
) -> Sequence[Template]:
    """Templates by these columns, by name, version and language, after the given place."""
    place = (col(Template.name), col(Template.version), col(Template.language))
    query = select(Template).order_by(*place).limit(limit)
    for name, value in filters.items():
        query = query.where(getattr(Template, name) == value)
    if after is not None:
        query = query.where(tuple_(*place) > after)
    return (await session.execute(query)).scalars().all()
