"""Person files in the words of HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from kit.http.fields import Code
from kit.http.pages import Page
from services.customer.purchase.schemas import PurchaseSummary


class AccountPublic(BaseModel):
    """An account of the customer in a shop."""

    shop: str
    account_id: UUID


class CustomerPublic(BaseModel):
    """A person's file with what is in the caller's sight of its accounts and purchases."""

    customer_id: UUID
    number: str = Field(examples=["C20261121-000123"])
    provisional: bool = Field(description="Made from a first order; nobody has filled it in yet (C1).")
    language: str
    accounts: list[AccountPublic]
    purchases: list[PurchaseSummary] = Field(description="Counted purchases per shop and currency (C13).")
    created_at: datetime


class CustomerFilter(Page):
    """Which customers to list."""

    shop: Code | None = None
    account_id: UUID | None = None
    provisional: bool | None = None


class CustomerPage(BaseModel):
    """One page of customers, newest first."""

    items: list[CustomerPublic]
    next_cursor: str | None = None
