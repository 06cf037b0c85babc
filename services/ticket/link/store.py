"""Every query of links."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, exists, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.link.models import Link
from services.ticket.models import TicketServiceTable

_ADD = insert(TicketServiceTable.metadata.tables["ticket_link"])
_SERIAL = text("SELECT pg_advisory_xact_lock(hashtextextended(:shop, 13))")
# Whether the one is reached from the other along links of that kind; a chain is never longer than its tickets.
_LEADS_TO = text("""
WITH RECURSIVE above AS (
    SELECT other_id, 1 AS step FROM ticket_link WHERE ticket_id = :ticket_id AND kind = :kind
    UNION
    SELECT link.other_id, step + 1 FROM above JOIN ticket_link link ON link.ticket_id = above.other_id
    WHERE link.kind = :kind AND step < 1000
)
SELECT EXISTS (SELECT FROM above WHERE other_id = :other_id)
""")


async def one_at_a_time(session: AsyncSession, shop: str) -> None:
    """Links of a shop are made one after the other, so that no two at once close a circle."""
    await session.execute(_SERIAL, {"shop": shop})


async def add(session: AsyncSession, links: Sequence[Link]) -> None:
    """Insert new links."""
    rows = [link.model_dump() for link in links]
    if rows:
        await session.execute(_ADD, rows if len(rows) > 1 else rows[0])


async def get(session: AsyncSession, ticket_id: UUID, link_id: UUID) -> Link | None:
    """One link of that ticket."""
    statement = select(Link).where(col(Link.link_id) == link_id, col(Link.ticket_id) == ticket_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def remove(session: AsyncSession, link_id: UUID) -> None:
    """Take a link away."""
    await session.execute(delete(Link).where(col(Link.link_id) == link_id))


async def of_ticket(session: AsyncSession, ticket_id: UUID, limit: int) -> list[Link]:
    """Links from and to a ticket, oldest first."""
    touching = or_(col(Link.ticket_id) == ticket_id, col(Link.other_id) == ticket_id)
    statement = select(Link).where(touching).order_by(col(Link.link_id)).limit(limit)
    return list((await session.execute(statement)).scalars())


async def others(session: AsyncSession, ticket_id: UUID, kind: str) -> list[UUID]:
    """To which tickets that one has such a link."""
    statement = select(col(Link.other_id)).where(col(Link.ticket_id) == ticket_id, col(Link.kind) == kind)
    return list((await session.execute(statement)).scalars())


async def leads_to(session: AsyncSession, ticket_id: UUID, other_id: UUID, kind: str) -> bool:
    """Whether the other ticket is reached from this one along links of that kind."""
    asked = {"ticket_id": ticket_id, "other_id": other_id, "kind": kind}
    return bool((await session.execute(_LEADS_TO, asked)).scalar_one())


async def is_there(session: AsyncSession, ticket_id: UUID, other_id: UUID, kind: str) -> bool:
    """Whether there is that very link."""
    same = exists().where(col(Link.ticket_id) == ticket_id, col(Link.other_id) == other_id, col(Link.kind) == kind)
    return bool((await session.execute(select(same))).scalar_one())


async def newest_follower(session: AsyncSession, ticket_id: UUID) -> UUID | None:
    """The newest ticket that takes this one up again."""
    statement = (
        select(col(Link.ticket_id))
        .where(col(Link.other_id) == ticket_id, col(Link.kind) == "follows")
        .order_by(col(Link.ticket_id).desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()
