"""Purchases in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code
from kit.http.pages import Page

Place = tuple[datetime, UUID]
"""Where a page of purchases ends: when the last one was placed, and its order's id."""

Spend = Annotated[str, Field(examples=["188.00"], description="A decimal string in the currency beside it (X4).")]
Refunded = Annotated[
    str, Field(examples=["38.00"], description="Paid refunds and goodwill, in the same currency (C13).")
]
Net = Annotated[
    str,
    Field(
        examples=["150.00"],
        description="What was paid less what was given back; below zero where a correction lowered what was paid.",
    ),
]


class PurchasePublic(BaseModel):
    """One order of a customer, as far as its value goes."""

    order_id: UUID
    shop: str
    order_no: str
    account_id: UUID
    currency: str
    paid: Spend | None
    refunded: Refunded
    net: Net | None = Field(description="Paid less refunded; null as long as nothing is paid.")
    placed_at: datetime
    paid_at: datetime | None
    counted: bool = Field(description="In the figures of value: paid, not cancelled, not fake, no top-up (C10).")


class PurchaseFilter(Page):
    """Which part of a customer's purchases to list."""


class PurchasePage(BaseModel):
    """One page of purchases, newest first."""

    items: list[PurchasePublic]
    next_cursor: str | None = None


class PurchaseSummary(BaseModel):
    """A customer's counted purchases in one shop and currency (C13)."""

    shop: str
    currency: str
    orders: int
    spend: Spend
    refunded: Refunded
    net: Net
    first_paid_at: datetime
    last_paid_at: datetime


class ReportFilter(BaseModel):
    """Which shop to report on; all of the caller's without it."""

    model_config = ConfigDict(extra="forbid")

    shop: Code | None = None


class PurchaseTotals(BaseModel):
    """All counted purchases of one shop in one currency."""

    shop: str
    currency: str
    customers: int = Field(description="Customers with at least one counted order.")
    orders: int
    spend: Spend
    refunded: Refunded
    net: Net


class PurchaseReport(BaseModel):
    """Totals per shop and currency."""

    totals: list[PurchaseTotals]
