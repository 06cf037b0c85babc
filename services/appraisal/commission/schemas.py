"""Commission quotes in the words of HTTP."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.price import Price
from kit.http.fields import Code
from kit.policy import EVERYWHERE
from services.appraisal.commission.policy import Variant


class CommissionQuoteCreate(BaseModel):
    """For how many counted orders of a month; another variant than the policy's can be tried."""

    model_config = ConfigDict(extra="forbid")

    orders: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000, examples=[3500])]
    variant: Variant | None = None
    shop: Annotated[Code, Field(description="Whose policy; the company's when left out.")] = EVERYWHERE


class QuoteStep(BaseModel):
    """How one part of the pool came about: the orders from … to … at this rate, on top of the base. Exact, before
    the department's share and the rounding."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    first: Annotated[int, Field(alias="from", description="Counted from 1.")]
    last: Annotated[int, Field(alias="to")]
    orders: int
    rate: str
    base: str
    amount: str


class PolicyUsed(BaseModel):
    """The policy that decided (X3)."""

    name: str
    shop: str
    version: int


class CommissionQuote(BaseModel):
    """The pool of a month with so many orders, and why (A6)."""

    orders: int
    variant: Variant
    pool: Price
    pool_share: str
    steps: list[QuoteStep]
    policy: PolicyUsed
