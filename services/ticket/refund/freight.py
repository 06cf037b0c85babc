"""运费: who pays which way of a case (T25), as a table that a shop may tighten."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from contracts.ticket.refund import Fault, RefundKind
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue


class Payer(StrEnum):
    """Who pays one way. `refunded`: the merchant, who gives back all that the customer paid for it; `as_paid`: who
    has paid it already, and nothing changes hands."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    REFUNDED = "refunded"
    AS_PAID = "as_paid"


class FreightCase(StrEnum):
    """The rows of the table."""

    FAULT_RETURN = "fault_return"
    FAULT_EXCHANGE = "fault_exchange"
    NO_REASON_RETURN = "no_reason_return"
    NO_REASON_EXCHANGE = "no_reason_exchange"
    NEVER_ARRIVED = "never_arrived"
    RESEND = "resend"
    GOODS_KEPT = "goods_kept"
    UNSHIPPED = "unshipped"


class Ways(BaseModel):
    """One row: the first delivery (`out`), the return (`back`), the replacement (`again`); empty: there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    out: Payer
    back: Payer | None = None
    again: Payer | None = None


class FreightTable(BaseModel):
    """The rows of a shop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: dict[FreightCase, Ways]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.cases) != set(FreightCase):
            raise InvalidValue("每种情形都要写明", "every case has its row")
        paid_later = [way for row in self.cases.values() for way in (row.back, row.again)]
        if any(way in (Payer.REFUNDED, Payer.AS_PAID) for way in paid_later):
            raise InvalidValue("退回与重发只能由商家或买家承担", "the way back and the way again have one payer")
        return self

    def ways(self, case: FreightCase) -> Ways:
        """Who pays in that case."""
        return self.cases[case]


def case_of(kind: RefundKind, fault: Fault, *, never_arrived: bool, shipped: bool) -> FreightCase:
    """The row that decides for a line asked back with that reason (T24, T25).

    A parcel that never left costs nobody anything but the delivery paid for it. Reasons at the customer's fault use
    the no-reason rows, refused deliveries among them.
    """
    if not shipped and kind is not RefundKind.RESEND:
        return FreightCase.UNSHIPPED
    if kind is RefundKind.RESEND:
        return FreightCase.RESEND
    if kind is RefundKind.MONEY_ONLY:
        return FreightCase.NEVER_ARRIVED if never_arrived else FreightCase.GOODS_KEPT
    if kind is RefundKind.EXCHANGE:
        return FreightCase.NO_REASON_EXCHANGE if fault is Fault.CUSTOMER else FreightCase.FAULT_EXCHANGE
    return FreightCase.NO_REASON_RETURN if fault is Fault.CUSTOMER else FreightCase.FAULT_RETURN


_M, _C = Payer.MERCHANT, Payer.CUSTOMER
FREIGHT_TABLE = PolicyKind(
    "freight-table",
    FreightTable,
    FreightTable(
        cases={
            FreightCase.FAULT_RETURN: Ways(out=Payer.REFUNDED, back=_M),
            # The goods were delivered, so what was paid for that stays; only back and again are the merchant's.
            FreightCase.FAULT_EXCHANGE: Ways(out=Payer.AS_PAID, back=_M, again=_M),
            # Free or paid, the first delivery stays with who paid it: of a free one there is nothing to give back.
            FreightCase.NO_REASON_RETURN: Ways(out=Payer.AS_PAID, back=_C),
            FreightCase.NO_REASON_EXCHANGE: Ways(out=Payer.AS_PAID, back=_C, again=_M),
            FreightCase.NEVER_ARRIVED: Ways(out=Payer.REFUNDED),
            FreightCase.RESEND: Ways(out=Payer.AS_PAID, again=_M),
            FreightCase.GOODS_KEPT: Ways(out=Payer.AS_PAID),
            FreightCase.UNSHIPPED: Ways(out=Payer.REFUNDED),
        }
    ),
    Title("运费承担表", "Who pays freight"),
)
