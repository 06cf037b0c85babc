"""Macros and bulk actions in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.ticket.ticket import TicketStatus
from kit.http.fields import Line
from kit.problems import InvalidValue
from services.ticket.macro.actions import Action, Actions
from services.ticket.view.sharing import Shared

MOST_TICKETS = 100


class MacroCreate(BaseModel):
    """A macro to save. Texts may name `{number}`, `{subject}`, `{shop}`, `{order_no}` and `{today}`."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    actions: Actions
    shared: Shared = Shared()


class MacroChange(BaseModel):
    """What to change on a macro: only what is sent. It makes a new version."""

    model_config = ConfigDict(extra="forbid")

    name: Line = ""
    actions: Actions = Field(default_factory=list)
    shared: Shared = Shared()

    @model_validator(mode="after")
    def _says_something(self) -> "MacroChange":
        if not self.model_fields_set:
            raise InvalidValue("至少修改一项", "must change something")
        return self


class MacroPublic(BaseModel):
    """A macro as an answer shows it."""

    macro_id: UUID
    version: int
    name: str
    actions: list[Action]
    shared: Shared
    own: Annotated[bool, Field(description="Whether it is the caller's.")]
    saved_at: datetime


class MacroPage(BaseModel):
    """One page of macros, the caller's and those shared with them, newest first."""

    items: list[MacroPublic]
    next_cursor: str | None = None


class MacroVersionPublic(BaseModel):
    """A macro as it was saved once."""

    macro_id: UUID
    version: int
    name: str
    actions: list[Action]
    saved_by: str
    saved_at: datetime


class MacroVersionPage(BaseModel):
    """One page of a macro's versions, newest first."""

    items: list[MacroVersionPublic]
    next_cursor: str | None = None


class MacroRun(BaseModel):
    """On which ticket the macro runs."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: UUID


class BulkRequest(BaseModel):
    """What to do to which tickets: a macro, or actions."""

    model_config = ConfigDict(extra="forbid")

    ticket_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_TICKETS)]
    macro_id: UUID | None = None
    actions: Actions | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "BulkRequest":
        if (self.macro_id is None) == (self.actions is None):
            raise InvalidValue("macro_id 与 actions 必须且只能填一项", "names either macro_id or actions")
        if len(set(self.ticket_ids)) != len(self.ticket_ids):
            raise InvalidValue("同一工单只能出现一次", "names a ticket more than once")
        return self


class BulkItem(BaseModel):
    """What became of one ticket: all of it was done, or none."""

    ticket_id: UUID
    done: bool
    version: int | None = None
    status: TicketStatus | None = None
    problem: Annotated[dict[str, Any] | None, Field(description="Why nothing was done to it (RFC 9457).")] = None


class BulkAnswer(BaseModel):
    """What became of each ticket, in the order asked."""

    done: int
    failed: int
    results: list[BulkItem]
