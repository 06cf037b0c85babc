"""Confirmations in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code
from services.ticket.shipping.schemas import DispatchTimes


class StepsNamed(BaseModel):
    """Steps of the checklist."""

    model_config = ConfigDict(extra="forbid")

    steps: Annotated[list[Code], Field(min_length=1, max_length=30, examples=[["amount", "address"]])]


class StepShown(BaseModel):
    """One step. `stale`: it was ticked off, and what it is about has changed since."""

    code: str
    zh: str
    en: str
    required: bool
    ticked: bool
    stale: bool
    ticked_by_staff_id: UUID | None
    ticked_at: datetime | None


class ConfirmationPublic(BaseModel):
    """An order's checklist (T34), with the dispatch time that its buyer is told (T35)."""

    order_id: UUID
    order_no: str
    revision: int
    confirmed: bool
    steps: list[StepShown]
    policy_version: int
    dispatch: DispatchTimes
