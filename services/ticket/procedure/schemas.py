"""Checklists in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code, Line
from services.ticket.procedure.policy import Named


class ProcedureStart(BaseModel):
    """The checklist to put on the ticket."""

    model_config = ConfigDict(extra="forbid")

    procedure: Annotated[Code, Field(description="A checklist's code in the policy.", examples=["courier-surcharge"])]


class ProcedureTick(BaseModel):
    """What is done."""

    model_config = ConfigDict(extra="forbid")

    step: Code


class ProcedureUntick(BaseModel):
    """What isn't done after all, and why."""

    model_config = ConfigDict(extra="forbid")

    step: Code
    reason: Line


class ProcedureDrop(BaseModel):
    """Why the checklist is not this ticket's."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class StepPublic(BaseModel):
    """One step of a checklist, with who ticked it off and when."""

    step: str
    name: Named
    required: Annotated[bool, Field(description="Whether the ticket can't be solved before it is ticked off.")]
    ticked_at: datetime | None
    ticked_by: str | None
    ticked_by_staff_id: UUID | None


class ProcedurePublic(BaseModel):
    """A checklist on a ticket, as the policy of its start had it."""

    procedure: str
    name: Named
    policy_version: int
    started_by: str
    started_at: datetime
    done: Annotated[bool, Field(description="Whether all its required steps are ticked off.")]
    steps: list[StepPublic]


class ProcedureList(BaseModel):
    """The checklists of a ticket."""

    items: list[ProcedurePublic]
