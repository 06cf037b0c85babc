"""Shops' accounts in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code, Line
from kit.http.pages import Page
from services.ticket.shop_account.lifecycle import AccountStatus


class ShopAccountCreate(BaseModel):
    """An account of a shop, with its agent and the delegate."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    name: Annotated[Line, Field(examples=["旗舰店:售前01"])]
    assigned_staff_id: UUID
    delegate_staff_id: UUID | None = None


class ShopAccountEdit(BaseModel):
    """Who sits at it from now on; what isn't named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    assigned_staff_id: UUID | None = None
    delegate_staff_id: UUID | None = None


class ShopAccountPublic(BaseModel):
    """An account. `since` is when its status began, `seen_at` the last sign of life."""

    model_config = ConfigDict(from_attributes=True)

    shop_account_id: UUID
    shop: str
    name: str
    status: AccountStatus
    assigned_staff_id: UUID
    delegate_staff_id: UUID | None
    signed_in_staff_id: UUID | None
    since: datetime
    seen_at: datetime | None
    version: int
    allowed: list[str]


class ShopAccountFilter(Page):
    """Which accounts to list, newest first."""

    shop: Code | None = None
    status: AccountStatus | None = None
    assigned_staff_id: UUID | None = None


class ShopAccountPage(BaseModel):
    """One page of accounts."""

    items: list[ShopAccountPublic]
    next_cursor: str | None = None


class ShopAccountAlarmPublic(BaseModel):
    """Nobody was signed in when it was looked, `times` times until `ended_at`."""

    model_config = ConfigDict(from_attributes=True)

    alarm_id: UUID
    shop_account_id: UUID
    shop: str
    unattended_since: datetime
    raised_at: datetime
    last_seen_at: datetime
    times: int
    ended_at: datetime | None
    ended_by_staff_id: UUID | None


class ShopAccountAlarmFilter(Page):
    """Which alarms to list, newest first."""

    shop: Code | None = None
    standing: Annotated[bool | None, Field(description="Those that stand, or those that have ended.")] = None


class ShopAccountAlarmPage(BaseModel):
    """One page of alarms."""

    items: list[ShopAccountAlarmPublic]
    next_cursor: str | None = None
