"""Swaps and leave in the words of HTTP (T62)."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.http.faults import InvalidValue
from kit.http.fields import Code, Day, Instant, Line
from kit.http.pages import Page
from services.ticket.shift.lifecycle import AskedStatus, LeaveKind

LONGEST_LEAVE = 92


class SwapRequest(BaseModel):
    """One's own shift for a colleague to take, perhaps for one of theirs."""

    model_config = ConfigDict(extra="forbid")

    shift_id: UUID
    with_staff_id: UUID
    return_shift_id: Annotated[UUID | None, Field(description="A shift of theirs taken in return.")] = None
    reason: Line | None = None


class LeaveRequest(BaseModel):
    """Days on which one doesn't come, perhaps with a colleague who takes the shifts."""

    model_config = ConfigDict(extra="forbid")

    kind: LeaveKind
    shop: Code = "main"
    first_day: Day
    last_day: Day
    cover_staff_id: UUID | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if not 0 <= (self.last_day - self.first_day).days < LONGEST_LEAVE:
            raise InvalidValue(
                f"结束不能早于开始，且最多 {LONGEST_LEAVE} 天", f"must be in order, and {LONGEST_LEAVE} days at most"
            )
        return self


class Decision(BaseModel):
    """Why a request is declined or refused."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class SwapPublic(BaseModel):
    """A swap as an answer shows it."""

    model_config = ConfigDict(from_attributes=True)

    swap_id: UUID
    shop: str
    shift_id: UUID
    from_staff_id: UUID
    to_staff_id: UUID
    return_shift_id: UUID | None
    reason: str | None
    status: AskedStatus
    requested_at: Instant
    answered_at: Instant | None
    decided_by: str | None
    decided_at: Instant | None
    decision_reason: str | None
    version: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")] = []


class LeavePublic(BaseModel):
    """A leave as an answer shows it; why is shown to whoever asked for it and to leads."""

    model_config = ConfigDict(from_attributes=True)

    leave_id: UUID
    shop: str
    staff_id: UUID
    kind: LeaveKind
    first_day: date
    last_day: date
    cover_staff_id: UUID | None
    reason: str | None
    status: AskedStatus
    requested_at: Instant
    answered_at: Instant | None
    decided_by: str | None
    decided_at: Instant | None
    decision_reason: str | None
    version: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")] = []


class AskedFilter(Page):
    """Which requests to list."""

    status: AskedStatus | None = None


class SwapPage(BaseModel):
    """One page of swaps, newest first."""

    items: list[SwapPublic]
    next_cursor: str | None = None


class LeavePage(BaseModel):
    """One page of leaves, newest first."""

    items: list[LeavePublic]
    next_cursor: str | None = None
