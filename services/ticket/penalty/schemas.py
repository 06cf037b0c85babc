"""Penalty lists in the words of HTTP."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Price
from contracts.ticket.complaint import Grade
from kit.http.fields import Day, Line
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.complaint.schemas import MonthOf
from services.ticket.penalty.lifecycle import ListStatus


class PenaltyDraft(BaseModel):
    """The month whose list is to be made; it must be over."""

    model_config = ConfigDict(extra="forbid")

    month: MonthOf


class PeriodDeclare(BaseModel):
    """敏感时期: days, both included, and why (T14)."""

    model_config = ConfigDict(extra="forbid")

    first_day: Day
    last_day: Day
    reason: Line

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise InvalidValue("结束日不能早于开始日", "the last day must not be before the first")
        return self


class PeriodPublic(BaseModel):
    """A declared period."""

    model_config = ConfigDict(from_attributes=True)

    period_id: UUID
    first_day: date
    last_day: date
    reason: str
    declared_by: str
    declared_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class Periods(BaseModel):
    """The declared periods that hold."""

    items: list[PeriodPublic]


class PenaltyLineShown(BaseModel):
    """One ticket on the list."""

    ticket_id: UUID
    ticket_number: str
    shop: str
    unit_id: UUID
    unit_code: str | None
    unit_name: str | None
    lead_staff_id: UUID | None
    grade: Grade
    penalty: Price
    charged: Annotated[Price, Field(description="The penalty less what earlier lists charged for the ticket.")]


class PenaltyListShown(BaseModel):
    """A list as the overview shows it."""

    model_config = ConfigDict(from_attributes=True)

    penalty_list_id: UUID
    month: str
    status: ListStatus
    applied: Annotated[bool, Field(description="False where a sensitive period touches the month.")]
    policy_version: int
    drafted_by: str
    drafted_at: datetime
    signed_by: str | None
    signed_at: datetime | None
    published_at: datetime | None


class PenaltyListPublic(PenaltyListShown):
    """A list with its lines."""

    lines: list[PenaltyLineShown]
    total: Price
    allowed: list[str]


class PenaltyPage(BaseModel):
    """One page of lists, the latest month first."""

    items: list[PenaltyListShown]
    next_cursor: str | None = None


class PenaltyFilter(Page):
    """Which lists to show: all."""
