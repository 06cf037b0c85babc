"""Every query of seats."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.routing.models import Seat

# One ticket of a group is given out after the other, each seeing what the one before it took; else twenty at once
# would all choose the same idle agent.
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:group, 13))")
# The least-loaded, then whoever was given something longest ago. A seat that somebody else fills meanwhile (they may
# be in two groups) is locked first and looked at again, so no limit is ever passed.
_TAKE_BEST = text("""
WITH best AS (
    SELECT one.staff_id
    FROM unnest(CAST(:staff_ids AS uuid[])) AS one (staff_id) LEFT JOIN agent_seat seat USING (staff_id)
    WHERE coalesce(seat.open_tickets, 0) < :tickets AND (coalesce(seat.open_chats, 0) < :chats OR :chat = 0)
    ORDER BY
        CASE WHEN :chat = 1 THEN coalesce(seat.open_chats, 0) ELSE coalesce(seat.open_tickets, 0) END,
        coalesce(seat.open_tickets, 0), coalesce(seat.given_no, 0), one.staff_id
    LIMIT 1
)
INSERT INTO agent_seat AS seat (staff_id, open_tickets, open_chats, given_no, last_given_at)
SELECT staff_id, 1, CAST(:chat AS integer), nextval('seat_given'), :now FROM best
ON CONFLICT (staff_id) DO UPDATE SET
    open_tickets = seat.open_tickets + 1, open_chats = seat.open_chats + :chat,
    given_no = excluded.given_no, last_given_at = excluded.last_given_at
WHERE seat.open_tickets < :tickets AND (seat.open_chats < :chats OR :chat = 0)
RETURNING seat.staff_id, seat.open_chats
""")
_RELEASE = text("""
UPDATE agent_seat SET
    open_tickets = greatest(open_tickets - 1, 0),
    open_chats = least(greatest(open_chats - :chat, 0), greatest(open_tickets - 1, 0))
WHERE staff_id = :staff_id
""")
_LOCK = text("SELECT staff_id FROM agent_seat WHERE staff_id = ANY(:staff_ids) ORDER BY staff_id FOR UPDATE")


class Taken(NamedTuple):
    """Whose seat was taken, and their open chats with it."""

    staff_id: UUID
    open_chats: int


async def wait_turn(session: AsyncSession, group: str) -> None:
    """Nobody else gives out a ticket of that group until this transaction ends."""
    await session.execute(_TURN, {"group": group})


async def take_best(
    session: AsyncSession, staff_ids: Sequence[UUID], *, chat: bool, chats: int, tickets: int, now: object
) -> Taken | None:
    """Take the seat of the least-loaded of these below the limits; None when all have as much as they may."""
    values = {"staff_ids": list(staff_ids), "chat": int(chat), "chats": chats, "tickets": tickets, "now": now}
    # Somebody in two groups may have been filled meanwhile: then the next best is tried, at most once each.
    for _ in range(len(staff_ids)):
        taken = (await session.execute(_TAKE_BEST, values)).one_or_none()
        if taken is not None:
            return Taken(*taken)
    return None


async def release(session: AsyncSession, staff_id: UUID, *, chat: bool) -> None:
    """One less at a seat, never below none."""
    await session.execute(_RELEASE, {"staff_id": staff_id, "chat": int(chat)})


async def lock(session: AsyncSession, staff_ids: Sequence[UUID]) -> None:
    """Hold several seats, in one order, so that two who move work between them never wait for each other."""
    await session.execute(_LOCK, {"staff_ids": list(staff_ids)})


async def seats(session: AsyncSession, staff_ids: Sequence[UUID]) -> dict[UUID, Seat]:
    """What these have open; who has never had anything has no seat."""
    statement = select(Seat).where(col(Seat.staff_id).in_(staff_ids))
    return {seat.staff_id: seat for seat in (await session.execute(statement)).scalars()}
