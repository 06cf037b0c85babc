"""Surcharges and top-ups in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.price import Price
from kit.http.fields import Code, Line

Courier = Annotated[Line, Field(examples=["顺丰"])]


class SurchargeQuery(BaseModel):
    """Which courier to which region."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    region: Annotated[Line | None, Field(examples=["江苏"])] = None
    courier: Courier


class SurchargeQuote(BaseModel):
    """补差价: fee of the chosen courier less the lowest fee of the included ones, never below zero (T36)."""

    shop: str
    region: str | None
    zone: Annotated[str | None, Field(description="The zone of the region; null where the table has none for it.")]
    courier: str
    fee: Price
    included_courier: str
    included_fee: Price
    surcharge: Price
    policy_version: int


class SurchargeNote(BaseModel):
    """The courier that the buyer wants."""

    model_config = ConfigDict(extra="forbid")

    courier: Courier


class SurchargeNoted(BaseModel):
    """What is noted on an order."""

    courier: str
    region: str | None
    fee: Price
    included_fee: Price
    surcharge: Price
    policy_version: int
    noted_at: datetime


class TopUp(BaseModel):
    """补差价订单: an order that tops another one up."""

    order_id: UUID
    order_no: str
    paid: Price | None
    paid_at: datetime | None
    cancelled_at: datetime | None


class TopUps(BaseModel):
    """What an order's buyer has to add and has added. `open` is what is still missing of the noted surcharge."""

    order_id: UUID
    order_no: str
    surcharge: SurchargeNoted | None
    paid: Price
    open: Price
    items: list[TopUp]
