"""处罚与扣分: the monthly penalty list for unit leads (T14) and the marketplace's points (T52)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.fields import Month, Part, Positive, Shop, Subject
from contracts.price import Price
from contracts.ticket.complaint import Grade


class PlatformBreach(StrEnum):
    """What the marketplace takes points for (T52)."""

    INVOICE = "invoice"
    INFORMATION_LEAK = "information_leak"
    CREDIT_CARD = "credit_card"
    CASH_ON_DELIVERY = "cash_on_delivery"
    FREE_SHIPPING = "free_shipping"
    CLOSING_AN_ORDER = "closing_an_order"


class PenaltyLine(Part):
    """One ticket on the list at its highest grade; ``charged`` is the penalty less what an earlier month charged."""

    ticket_id: UUID
    ticket_number: str
    unit_id: UUID
    lead_staff_id: UUID | None = None
    grade: Grade
    penalty: Price
    charged: Price


class PenaltyPublished(Event):
    """处罚通报: the month's list, signed by a manager (T14). In a declared sensitive period it is not ``applied``."""

    SUBJECT = "penalty.published"
    OWNER = "ticket"
    AGGREGATE = "penalty_list_id"

    penalty_list_id: UUID
    month: Month
    lines: tuple[PenaltyLine, ...]
    total: Price
    applied: bool = True
    policy_version: Positive
    signed_by: Subject
    published_at: AwareDatetime


class PlatformPointsBooked(Event):
    """平台扣分: points for a founded breach, on the shop's account of the year, with the agent responsible (T52)."""

    SUBJECT = "platform_points.booked"
    OWNER = "ticket"
    AGGREGATE = "booking_id"

    booking_id: UUID
    shop: Shop
    year: int = Field(ge=2000, le=2999)
    breach: PlatformBreach
    points: Positive
    staff_id: UUID | None = None
    ticket_id: UUID | None = None
    policy_version: Positive
    booked_by: Subject
    booked_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (PenaltyPublished, PlatformPointsBooked)
