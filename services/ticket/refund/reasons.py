"""原因: who is at fault for a reason (T21), until when it can be given (T23) and what it costs (T29)."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.ticket.refund import Fault, RefundReason
from kit.clock import BUSINESS_ZONE, as_utc, business_date
from kit.money import round_half_up
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

_R = RefundReason


class Reason(BaseModel):
    """What holds for one reason code.

    `window_days`: how many days after the receipt it can be given, empty for ever. `never_arrived`: the goods never
    were with the customer. `fee_share`: the part of the order's price that the marketplace takes for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault
    window_days: int | None = Field(default=None, ge=0, le=3650)
    never_arrived: bool = False
    fee_share: Decimal = Field(default=Decimal(0), ge=0, le=1, max_digits=5, decimal_places=4)


class RefundReasons(BaseModel):
    """The reason codes of a shop, and the goods that can't be given back for no reason (T23).

    Goods of `sealed_only` categories can, as long as nobody has opened them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: dict[RefundReason, Reason]
    excluded: frozenset[str] = frozenset()
    sealed_only: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _every_reason_once(self) -> Self:
        if set(self.reasons) != set(RefundReason):
            raise InvalidValue("每个原因代码都要写明", "every reason code has its line")
        if self.excluded & self.sealed_only:
            raise InvalidValue("同一品类不能两边都有", "a category stands in one of the two lists only")
        return self

    def fee(self, reason: RefundReason, order_paid_minor: int) -> int:
        """What the marketplace takes for this reason, in minor units, rounded once (T29, X4)."""
        return round_half_up(Fraction(self.reasons[reason].fee_share) * order_paid_minor)

    def may_go_back(self, reason: RefundReason, category: str | None, *, sealed: bool) -> bool:
        """Whether goods of that category can be returned for that reason at all (T23)."""
        if self.reasons[reason].fault is not Fault.CUSTOMER or category is None:
            return True
        return category not in self.excluded and (sealed or category not in self.sealed_only)

    def is_open(self, reason: RefundReason, received_at: datetime | None, now: datetime) -> bool:
        """Whether the reason can still be given; before the receipt every reason can."""
        end = self.window_end(reason, received_at)
        return end is None or now < end

    def window_end(self, reason: RefundReason, received_at: datetime | None) -> datetime | None:
        """The first instant after the window: received on 1 May, 7 days → 9 May 00:00 business time (T23)."""
        days = self.reasons[reason].window_days
        if days is None or received_at is None:
            return None
        return start_of(business_date(received_at) + timedelta(days=days + 1))


def start_of(day: date, zone: ZoneInfo = BUSINESS_ZONE) -> datetime:
    """The instant at which the business day begins (X5)."""
    return as_utc(datetime.combine(day, time.min, tzinfo=zone))


def _default() -> RefundReasons:
    customer, merchant, courier = Fault.CUSTOMER, Fault.MERCHANT, Fault.COURIER
    return RefundReasons(
        reasons={
            _R.NO_REASON: Reason(fault=customer, window_days=7),
            _R.WRONG_CHOICE: Reason(fault=customer, window_days=7),
            _R.REFUSED_DELIVERY: Reason(fault=customer),
            _R.DUPLICATE_ORDER: Reason(fault=customer, window_days=7),
            _R.QUALITY: Reason(fault=merchant, window_days=15),
            _R.NOT_AS_DESCRIBED: Reason(fault=merchant, window_days=15),
            _R.WRONG_ITEM: Reason(fault=merchant, window_days=15),
            _R.MISSING_PART: Reason(fault=merchant, window_days=15),
            _R.OUT_OF_STOCK: Reason(fault=merchant, never_arrived=True, fee_share=Decimal("0.05")),
            _R.UNDELIVERABLE_AREA: Reason(fault=merchant, never_arrived=True),
            _R.LATE: Reason(fault=merchant, window_days=15),
            _R.LOST_IN_TRANSIT: Reason(fault=courier, never_arrived=True),
            _R.DAMAGED_IN_TRANSIT: Reason(fault=courier, window_days=15),
            _R.MISROUTED: Reason(fault=courier, never_arrived=True),
        }
    )


REFUND_REASONS = PolicyKind("refund-reasons", RefundReasons, _default(), Title("退款原因", "Reasons of refunds"))
