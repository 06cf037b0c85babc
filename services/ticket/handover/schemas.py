"""Handover sheets in the words of HTTP."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kit.http.faults import InvalidValue
from kit.http.fields import Code, Instant, Line, Text
from kit.http.pages import Page
from services.ticket.handover.lifecycle import Decision, ItemKind, Outcome, SheetStatus


class SheetDraft(BaseModel):
    """The shift to hand over, and what the next one should know."""

    model_config = ConfigDict(extra="forbid")

    shift_id: UUID
    notes: Text | None = None


class ItemDecision(BaseModel):
    """A pending matter that does not go to the incoming agent: kept for a reason, or given to somebody else."""

    model_config = ConfigDict(extra="forbid")

    kind: ItemKind = ItemKind.TICKET
    subject_id: UUID
    decision: Decision
    to_staff_id: UUID | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _said_in_full(self) -> Self:
        if (self.decision is Decision.ELSEWHERE) != (self.to_staff_id is not None):
            raise InvalidValue("转交他人须写明转给谁，其他情况不写", "names somebody exactly when it goes elsewhere")
        if self.decision is Decision.KEEP and self.note is None:
            raise InvalidValue("自己保留须写明原因", "keeping it needs a note that says why")
        return self


class SheetSign(BaseModel):
    """To whom the shift is handed over. What no decision names goes to them."""

    model_config = ConfigDict(extra="forbid")

    to_staff_id: UUID
    notes: Text | None = None
    items: Annotated[list[ItemDecision], Field(max_length=500)] = []


class SheetDispute(BaseModel):
    """What is wrong with the sheet."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


class ItemPublic(BaseModel):
    """One pending matter on a sheet."""

    model_config = ConfigDict(from_attributes=True)

    kind: ItemKind
    subject_id: UUID
    number: Annotated[str, Field(description="The ticket's number, or the order's.")]
    due_at: Instant | None
    decision: Decision
    to_staff_id: UUID | None
    note: str | None
    outcome: Outcome | None


class SheetShort(BaseModel):
    """A sheet in a list."""

    model_config = ConfigDict(from_attributes=True)

    handover_id: UUID
    shift_id: UUID
    shop: str
    staff_id: UUID
    to_staff_id: UUID | None
    to_shift_id: UUID | None
    status: SheetStatus
    due_at: Instant
    missed: bool
    promises_due: int
    drafted_at: Instant
    signed_at: Instant | None
    answered_at: Instant | None
    version: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")] = []


class SheetPublic(SheetShort):
    """A sheet with all that is on it."""

    notes: str | None
    dispute_reason: str | None
    items: list[ItemPublic] = []


class SheetFilter(Page):
    """Which sheets to list."""

    shop: Code | None = None
    status: SheetStatus | None = None
    staff_id: UUID | None = None
    to_staff_id: UUID | None = None
    shift_id: UUID | None = None
    missed: bool | None = None


class SheetPage(BaseModel):
    """One page of sheets, newest first."""

    items: list[SheetShort]
    next_cursor: str | None = None
