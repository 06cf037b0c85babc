"""Why orders are changed, and which of it somebody answers for (T37, T57, X3)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Reason(BaseModel):
    """What people call a reason, and whether what it costs is booked to whoever set the price (T57)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]
    charged: bool = False


class OrderChanges(BaseModel):
    """The reasons for which a shop changes orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: dict[Word, Reason] = Field(min_length=1, max_length=100)


ORDER_CHANGES = PolicyKind(
    "order-changes",
    OrderChanges,
    OrderChanges(
        reasons={
            "buyer_asked": Reason(zh="买家要求", en="the buyer asked"),
            "out_of_stock": Reason(zh="缺货调换", en="out of stock"),
            "activity": Reason(zh="店铺活动", en="an activity of the shop"),
            "wrong_price": Reason(zh="改错价格", en="a price was set wrongly", charged=True),
            "shop_error": Reason(zh="店铺填错", en="an error of the shop"),
        }
    ),
    Title("改单原因", "Reasons of order changes"),
)
