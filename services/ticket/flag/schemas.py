"""Flags in the words of HTTP."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.order import FlagColour, FlagMeaning
from kit.http.fields import Text

Remark = Annotated[Text, Field(max_length=1000)]


class FlagCreate(BaseModel):
    """A flag to put on an order; no colour takes the flag off."""

    model_config = ConfigDict(extra="forbid")

    colour: FlagColour | None
    remark: Annotated[Remark | None, Field(examples=["【菲菲】(中通)8/10"])] = None


class FlagPublic(BaseModel):
    """One flag of an order's history and what could be read from its remark (T31)."""

    model_config = ConfigDict(from_attributes=True)

    flag_id: UUID
    order_id: UUID
    colour: FlagColour | None
    meaning: FlagMeaning | None
    remark: str | None
    agent: str | None
    staff_id: UUID | None
    content: str | None
    marked_on: date | None
    flagged_by: str
    flagged_at: datetime
    ticket_id: UUID | None = Field(None, description="The inquiry that a *problem* flag opened (T32).")


class FlagHistory(BaseModel):
    """All flags of an order, newest first."""

    items: list[FlagPublic]
