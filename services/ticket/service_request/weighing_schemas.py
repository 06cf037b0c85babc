"""Over and short shipment in the words of HTTP (T61): quantities and amounts are decimal strings, exact."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.price import Difference, Price
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Currency, documented


def _above_nothing(text: str) -> str:
    if not text.strip("0."):
        raise InvalidValue("必须大于 0", "must be greater than 0")
    return text


_PLAIN = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?"
Loaded = Annotated[str, Field(pattern=f"^{_PLAIN}$", examples=["1030"])]
Positive = Annotated[
    str,
    Field(pattern=f"^{_PLAIN}$", examples=["1000"]),
    AfterValidator(_above_nothing),
    documented(f"^(?=.*[1-9]){_PLAIN}$"),
]
Percent = Annotated[str, Field(pattern=r"^(100(\.0{1,4})?|[1-9]?[0-9](\.[0-9]{1,4})?)$", examples=["5"])]


class OverShortAsked(BaseModel):
    """溢短装 (T61): what was agreed and what was loaded; decimals are exact."""

    model_config = ConfigDict(extra="forbid")

    quantity: Annotated[Positive, Field(description="What the contract says.")]
    tolerance_percent: Annotated[Percent, Field(description="How far it may be over or short.")]
    unit_price: Annotated[Positive, Field(description="Of one unit.")]
    currency: Currency = "CNY"
    loaded: Annotated[Loaded, Field(description="What was loaded, read back from the port's platform.")]
    consented: Annotated[
        bool, Field(strict=True, description="Whether the buyer takes what is beyond the tolerance.")
    ] = False


class OverShortRecord(OverShortAsked):
    """What was loaded for a request."""

    unit: Annotated[Code, Field(description="Unit of measure.")] = "t"
    reference: Annotated[Code | None, Field(description="Where the port's platform says so.")] = None


class OverShortPublic(BaseModel):
    """What is payable."""

    payable_quantity: str
    payable: Price
    excess: Annotated[str, Field(description="Beyond the tolerance: payable only by consent.")]
    excess_price: Price
    shortage: Annotated[str, Field(description="Short of the lower bound: a claim.")]
    shortage_price: Price
    difference: Annotated[Difference, Field(description="The over/short price: of all that is over or short.")]
    within_tolerance: bool


class ClaimPublic(BaseModel):
    """短装索赔: what is short of the lower bound."""

    shortage: str
    claimed: Price
    reported_at: datetime


class WeighedPublic(BaseModel):
    """What was loaded for a request by the latest word, and what follows."""

    quantity: str
    tolerance_percent: str
    unit_price: str
    loaded: str
    unit: str
    reference: str | None
    consented: bool
    payable_quantity: str
    payable: Price
    excess: str
    difference: Difference
    recorded_at: datetime
    claim: ClaimPublic | None
