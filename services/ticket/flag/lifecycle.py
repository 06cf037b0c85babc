"""What a flag does to an order and tells about it (T30, T32)."""

from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from contracts.ticket.order import FlagColour, FlagMeaning, OrderFlagged
from kit.privacy import scrub
from services.ticket.order.lifecycle import OrderLike, state_of


class FlagLike(Protocol):
    """A flag as the table holds it."""

    colour: str | None
    meaning: str | None
    agent: str | None
    staff_id: UUID | None
    content: str | None
    marked_on: date | None
    flagged_by: str
    flagged_by_staff_id: UUID | None
    flagged_at: datetime


def put_flag(order: OrderLike, flag: FlagLike) -> OrderFlagged:
    """Let the order carry the flag's meaning, and only that: one at a moment, *fake* as long as it stands (T30)."""
    meaning = FlagMeaning(flag.meaning) if flag.meaning else None
    order.flag_meaning = meaning.value if meaning else None
    order.fake = meaning is FlagMeaning.FAKE
    order.flag_changed_at = flag.flagged_at
    return OrderFlagged(
        order=state_of(order),
        colour=FlagColour(flag.colour) if flag.colour else None,
        meaning=meaning,
        agent=scrub(flag.agent) if flag.agent else None,
        staff_id=flag.staff_id,
        # Agents write anything between the brackets; a phone number must not leave with the event (X6).
        content=scrub(flag.content) if flag.content else None,
        marked_on=flag.marked_on,
        flagged_at=flag.flagged_at,
        flagged_by=flag.flagged_by,
        flagged_by_staff_id=flag.flagged_by_staff_id,
    )
