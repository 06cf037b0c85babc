"""Sale credits in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code
from kit.http.pages import Page
from services.appraisal.credit.policy import Basis, WhyNot


class SaleCreditPublic(BaseModel):
    """Whose sale an order was, by which mark, and whether it counts for commission (A6)."""

    model_config = ConfigDict(from_attributes=True)

    order_id: UUID
    shop: str
    order_no: str
    sold_at: Annotated[datetime, Field(description="When it was paid, else placed; it gives the month.")]
    staff_id: UUID | None
    alias: Annotated[str | None, Field(description="The name in the remark.")]
    basis: Basis | None
    credited_at: datetime | None
    counted: bool
    why_not: WhyNot | None


class SaleCreditFilter(Page):
    """Which credits to list."""

    staff_id: UUID | None = None
    month: Annotated[
        str | None,
        Field(
            pattern=r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$",
            examples=["2026-11"],
            description="A business month.",
        ),
    ] = None
    shop: Code | None = None


class SaleCreditPage(BaseModel):
    """One page of credits, latest sale first."""

    items: list[SaleCreditPublic]
    next_cursor: str | None = None


class UnmatchedAliasPublic(BaseModel):
    """A name in remarks that nobody bears as alias (A1)."""

    model_config = ConfigDict(from_attributes=True)

    shop: str
    alias: str
    orders: int
    first_at: datetime
    last_at: datetime


class UnmatchedAliasFilter(Page):
    """Which names to list."""

    shop: Code | None = None


class UnmatchedAliasPage(BaseModel):
    """One page of unmatched names, by shop and name."""

    items: list[UnmatchedAliasPublic]
    next_cursor: str | None = None
