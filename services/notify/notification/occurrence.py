"""An event as rules and templates see it: codes and numbers, and the people it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.price import Difference, Price
from kit.clock import BUSINESS_ZONE
from kit.envelope import Meta

Facts = dict[str, str | None]


@dataclass(frozen=True)
class Occurrence:
    """One event to tell about. `facts` are what conditions ask and templates show: never anything personal (X6).
    `named` are the staff whom it names, by what they are to it; the lead of `unit_id` is found when it is told, as is
    whose `account_id` it is where no customer is named."""

    event_id: UUID
    subject: str
    happened_at: datetime
    facts: Mapping[str, str | None]
    named: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    ticket_id: UUID | None = None
    customer_id: UUID | None = None
    account_id: UUID | None = None
    unit_id: UUID | None = None
    historic: bool = False


def occurrence(meta: Meta, facts: Facts, named: Mapping[str, Sequence[UUID]], **about: Any) -> Occurrence:
    """What an event with that envelope gives."""
    return Occurrence(meta.id, meta.subject, meta.time, facts, named, **about)


def those(*staff: UUID | None) -> tuple[UUID, ...]:
    """Those of these who are somebody, each once."""
    return tuple(dict.fromkeys(staff_id for staff_id in staff if staff_id is not None))


def yes(whether: bool) -> str:
    """A truth as conditions ask for it."""
    return "yes" if whether else "no"


def moment(at: datetime) -> str:
    """The minute as it is said in the business zone (X5)."""
    return f"{at.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}"


def money(price: Price | Difference | None) -> str | None:
    """An amount as people read it."""
    return None if price is None else f"{price.amount} {price.currency}"
