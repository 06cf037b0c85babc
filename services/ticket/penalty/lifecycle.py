"""处罚通报: drafted, signed by a manager, published; what stands on it and what is told of it (T14). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from contracts.price import Price
from contracts.ticket.complaint import Grade
from contracts.ticket.penalty import PenaltyLine, PenaltyPublished
from kit.clock import BUSINESS_ZONE, as_utc
from kit.lifecycle import Lifecycle
from kit.money import Money
from kit.principals import Principal
from services.ticket.penalty.policy import ComplaintPenalties


class ListStatus(StrEnum):
    """Where a list stands."""

    DRAFT = "draft"
    SIGNED = "signed"
    PUBLISHED = "published"


_S = ListStatus
LIFE = Lifecycle(
    noun="penalty_list",
    states=ListStatus,
    initial=_S.DRAFT,
    table={
        "recompute": {_S.DRAFT: _S.DRAFT},
        "sign": {_S.DRAFT: _S.SIGNED},
        "return": {_S.SIGNED: _S.DRAFT},
        "publish": {_S.SIGNED: _S.PUBLISHED},
    },
)


class ListLike(Protocol):
    """A list as the table holds it."""

    penalty_list_id: UUID
    month: str
    status: str
    currency: str
    policy_version: int
    applied: bool
    signed_by: str | None
    signed_at: datetime | None
    published_at: datetime | None


class Standing(NamedTuple):
    """A founded complaint with a raised grade and a unit, as it stood at the end of the month."""

    ticket_id: UUID
    ticket_number: str
    shop: str
    unit_id: UUID
    grade: Grade


class Line(NamedTuple):
    """One ticket on the list, at the grade it had at the end of the month; amounts in minor units."""

    ticket_id: UUID
    ticket_number: str
    shop: str
    unit_id: UUID
    lead_staff_id: UUID | None
    grade: Grade
    penalty_minor: int
    charged_minor: int


class Period(NamedTuple):
    """敏感时期: declared days, both included."""

    first_day: date
    last_day: date


def month_end(month: str) -> datetime:
    """The instant at which a business month is over (X5)."""
    first = _first_day(month)
    following = (first + timedelta(days=31)).replace(day=1)
    return as_utc(datetime(following.year, following.month, following.day, tzinfo=BUSINESS_ZONE))


def is_sensitive(month: str, periods: Iterable[Period]) -> bool:
    """Whether a declared period touches the month: its list is made, and not applied (T14)."""
    first = _first_day(month)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return any(period.first_day <= last and first <= period.last_day for period in periods)


def lines(
    standing: Iterable[Standing],
    charged: Mapping[UUID, int],
    leads: Mapping[UUID, UUID | None],
    rules: ComplaintPenalties,
) -> list[Line]:
    """One line per ticket at its grade: the penalty less what earlier lists charged for it; nothing left, no line.

    A grade that was lowered gives nothing back. The same facts give the same lines, whatever their order.
    """
    made = []
    for one in standing:
        penalty = rules.of(one.grade).minor
        due = penalty - charged.get(one.ticket_id, 0)
        if due > 0:
            lead = leads.get(one.unit_id)
            made.append(Line(one.ticket_id, one.ticket_number, one.shop, one.unit_id, lead, one.grade, penalty, due))
    return sorted(made, key=lambda line: (str(line.unit_id), line.ticket_number, str(line.ticket_id)))


def total(made: Iterable[Line], currency: str) -> Money:
    """What the lines charge together."""
    return Money(sum(line.charged_minor for line in made), currency)


def sign(penalties: ListLike, by: Principal, at: datetime) -> None:
    """签发: a manager stands for it. Raises Problem `transition-refused`."""
    LIFE.move(penalties, "sign")
    penalties.signed_by, penalties.signed_at = by.subject, at


def take_back(penalties: ListLike) -> None:
    """退回: it is a draft again. Raises Problem `transition-refused`."""
    LIFE.move(penalties, "return")
    penalties.signed_by = penalties.signed_at = None


def publish(penalties: ListLike, made: Sequence[Line], at: datetime) -> PenaltyPublished:
    """通报: told to all whom it concerns; nothing of it changes any more. Raises Problem `transition-refused`."""
    LIFE.move(penalties, "publish")
    penalties.published_at = at
    currency = penalties.currency
    return PenaltyPublished(
        penalty_list_id=penalties.penalty_list_id,
        month=penalties.month,
        lines=tuple(
            PenaltyLine(
                ticket_id=line.ticket_id,
                ticket_number=line.ticket_number,
                unit_id=line.unit_id,
                lead_staff_id=line.lead_staff_id,
                grade=line.grade,
                penalty=price(line.penalty_minor, currency),
                charged=price(line.charged_minor, currency),
            )
            for line in made
        ),
        total=price(total(made, currency).minor, currency),
        applied=penalties.applied,
        policy_version=penalties.policy_version,
        signed_by=penalties.signed_by or "",
        published_at=at,
    )


def price(minor: int, currency: str) -> Price:
    """An amount as it is told."""
    return Price(amount=Money(minor, currency).amount, currency=currency)


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
