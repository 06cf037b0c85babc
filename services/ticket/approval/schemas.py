"""Budgets of teams in the words of HTTP."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.price import Price
from services.ticket.complaint.schemas import MonthOf


class BudgetFilter(BaseModel):
    """Which month."""

    model_config = ConfigDict(extra="forbid")

    month: MonthOf


class BudgetRow(BaseModel):
    """A team's month."""

    team_id: UUID
    budget: Annotated[Price | None, Field(description="Empty: the team has none to keep.")]
    spent: Price
    used_up: Annotated[bool, Field(description="Every further approval takes two people.")]


class BudgetReport(BaseModel):
    """小组月预算: what teams may give in a month, and what they have given (T56)."""

    month: str
    items: list[BudgetRow]
