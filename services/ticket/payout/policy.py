"""How closely payments are watched (T55)."""

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title


class PaymentChecks(BaseModel):
    """A payment of which nobody knows for so many minutes what became of it is an alarm. The payment side's list of
    a business day is compared at that hour of the next; of days on which it could not be had, so many back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unresolved_minutes: int = Field(ge=1, le=1440)
    reconcile_hour: int = Field(ge=0, le=23)
    catch_up_days: int = Field(ge=1, le=60)


PAYMENT_CHECKS = PolicyKind(
    "payment-checks",
    PaymentChecks,
    PaymentChecks(unresolved_minutes=5, reconcile_hour=3, catch_up_days=7),
    Title("付款核对", "Checks of payments"),
)
