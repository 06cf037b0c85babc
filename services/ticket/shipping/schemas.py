"""Dispatch times and morning lists in the words of HTTP."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.order import FlagMeaning
from kit.http.fields import Code, Instant
from kit.http.pages import Page


class DispatchQuery(BaseModel):
    """Of which shop, for an order paid when."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    paid_at: Annotated[Instant | None, Field(description="Now, unless another instant is named.")] = None


class DispatchTimes(BaseModel):
    """发货时间: the print run that takes the order, and between which days it leaves and arrives (T35)."""

    shop: str
    paid_at: datetime
    printed_at: datetime
    leaves_from: date
    leaves_until: date
    arrives_from: date
    arrives_until: date
    policy_version: int
    years_not_announced: Annotated[
        list[int], Field(description="Years in between whose holidays nobody has announced: weekends alone are kept.")
    ]


class Worklist(StrEnum):
    """The morning's lists (T33, T35)."""

    PROBLEM = "problem"
    UNFLAGGED = "unflagged"
    UNSHIPPED = "unshipped"


class WorklistQuery(Page):
    """Of which shop."""

    shop: Code = "main"


class WorklistItem(BaseModel):
    """An order that somebody has to look at: `since` when nothing has been done."""

    order_id: UUID
    shop: str
    order_no: str
    account_id: UUID
    agent: str | None
    courier: str | None
    payment_method: str | None
    flag_meaning: FlagMeaning | None
    flag_changed_at: datetime | None
    placed_at: datetime
    paid_at: datetime | None
    since: datetime
    last_activity_at: Annotated[
        datetime | None, Field(description="When something was last done on a ticket of a problem order.")
    ] = None


class WorklistPage(BaseModel):
    """One page of a list, what waits longest first. A page may be short and still have a next one."""

    items: list[WorklistItem]
    next_cursor: str | None = None
