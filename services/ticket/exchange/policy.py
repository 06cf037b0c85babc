"""换货规则: until when a top-up is waited for before the customer is called (T22, X3)."""

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title


class ExchangeRules(BaseModel):
    """What a shop waits for. After `top_up_hours` without the top-up of a dearer article the customer is called:
    the call-back clock starts (T47)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    top_up_hours: int = Field(strict=True, ge=1, le=720)


EXCHANGE_RULES = PolicyKind(
    "exchange-rules", ExchangeRules, ExchangeRules(top_up_hours=72), Title("换货规则", "Rules of exchanges")
)
