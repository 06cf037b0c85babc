"""Every query of rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.session import Session
from services.notify.rule.models import Rule

_ACTIVE = """
SELECT subject, name, condition, template, recipients, channel FROM notification_rule WHERE active ORDER BY name
"""


@dataclass(slots=True)
class ActiveRule:
    """A rule in use."""

    subject: str
    name: str
    condition: dict[str, str]
    template: str
    recipients: list[list[str]]
    channel: str


async def active(session: Session) -> list[ActiveRule]:
    """The rules in use, by name."""
    return [ActiveRule(**row) for row in await session.fetch(_ACTIVE)]


async def page(session: AsyncSession, subject: str | None, after: str | None, limit: int) -> Sequence[Rule]:
    """Rules by name, after the given one."""
    query = select(Rule).order_by(col(Rule.name)).limit(limit)
    if subject is not None:
        query = query.where(col(Rule.subject) == subject)
    if after is not None:
        query = query.where(col(Rule.name) > after)
    return (await session.execute(query)).scalars().all()
