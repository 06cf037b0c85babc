"""Reasons and windows (T21, T23, T29), who pays freight (T24, T25)."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from pydantic import ValidationError

from contracts.ticket.refund import Fault, RefundKind, RefundReason
from kit.clock import BUSINESS_ZONE
from services.ticket.refund.freight import FREIGHT_TABLE, FreightCase, Payer, Ways, case_of
from services.ticket.refund.reasons import REFUND_REASONS, RefundReasons

REASONS, TABLE = REFUND_REASONS.default, FREIGHT_TABLE.default
R, K = RefundReason, RefundKind
CUSTOMERS = {R.NO_REASON, R.WRONG_CHOICE, R.REFUSED_DELIVERY, R.DUPLICATE_ORDER}
COURIERS = {R.LOST_IN_TRANSIT, R.DAMAGED_IN_TRANSIT, R.MISROUTED}
NEVER_ARRIVED = {R.LOST_IN_TRANSIT, R.UNDELIVERABLE_AREA, R.MISROUTED, R.OUT_OF_STOCK}


def at(text: str) -> datetime:
    """A time of the business zone."""
    return datetime.fromisoformat(text).replace(tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize("reason", R)
def test_every_reason_has_its_party_at_fault(reason: RefundReason) -> None:
    expected = Fault.CUSTOMER if reason in CUSTOMERS else Fault.COURIER if reason in COURIERS else Fault.MERCHANT
    assert REASONS.reasons[reason].fault is expected
    assert REASONS.reasons[reason].never_arrived is (reason in NEVER_ARRIVED)


@pytest.mark.parametrize(
    ("reason", "received", "now", "is_open"),
    [
        (R.NO_REASON, "2026-05-01T10:00", "2026-05-08T23:59:59.999999", True),
        (R.NO_REASON, "2026-05-01T10:00", "2026-05-09T00:00", False),
        (R.NO_REASON, "2026-05-01T00:00", "2026-05-08T23:59", True),
        (R.NO_REASON, "2026-05-01T23:59", "2026-05-09T00:00", False),
        (R.QUALITY, "2026-05-01T10:00", "2026-05-16T23:59", True),
        (R.QUALITY, "2026-05-01T10:00", "2026-05-17T00:00", False),
        (R.NO_REASON, "2025-12-27T10:00", "2026-01-03T23:59", True),
        (R.LOST_IN_TRANSIT, "2026-05-01T10:00", "2027-05-01T10:00", True),
    ],
)
def test_the_window_ends_at_midnight_of_the_business_zone(
    reason: RefundReason, received: str, now: str, is_open: bool
) -> None:
    assert REASONS.is_open(reason, at(received), at(now)) is is_open


def test_before_the_receipt_every_reason_can_be_given() -> None:
    assert all(REASONS.is_open(reason, None, at("2026-05-01T10:00")) for reason in R)


def test_excluded_and_opened_goods_do_not_come_back_for_no_reason_but_do_when_they_are_bad() -> None:
    food = RefundReasons(reasons=REASONS.reasons, excluded=frozenset({"cake"}), sealed_only=frozenset({"food"}))
    assert not food.may_go_back(R.NO_REASON, "cake", sealed=True)
    assert not food.may_go_back(R.NO_REASON, "food", sealed=False)
    assert food.may_go_back(R.NO_REASON, "food", sealed=True)
    assert food.may_go_back(R.QUALITY, "cake", sealed=False)
    assert food.may_go_back(R.NO_REASON, None, sealed=False)


def test_out_of_stock_costs_five_per_cent_of_the_order_rounded_once() -> None:
    assert REASONS.fee(R.OUT_OF_STOCK, 199_90) == 10_00
    assert REASONS.fee(R.OUT_OF_STOCK, 10_10) == 51
    assert REASONS.fee(R.QUALITY, 199_90) == 0


FREIGHT = [
    # kind, fault, never arrived, shipped → out, back, again: the rows of T25, then T24
    (K.RETURN_AND_MONEY, Fault.MERCHANT, False, True, Payer.REFUNDED, Payer.MERCHANT, None),
    (K.RETURN_AND_MONEY, Fault.COURIER, False, True, Payer.REFUNDED, Payer.MERCHANT, None),
    (K.EXCHANGE, Fault.MERCHANT, False, True, Payer.AS_PAID, Payer.MERCHANT, Payer.MERCHANT),
    (K.EXCHANGE, Fault.COURIER, False, True, Payer.AS_PAID, Payer.MERCHANT, Payer.MERCHANT),
    (K.RETURN_AND_MONEY, Fault.CUSTOMER, False, True, Payer.AS_PAID, Payer.CUSTOMER, None),
    (K.EXCHANGE, Fault.CUSTOMER, False, True, Payer.AS_PAID, Payer.CUSTOMER, Payer.MERCHANT),
    (K.MONEY_ONLY, Fault.COURIER, True, True, Payer.REFUNDED, None, None),
    (K.MONEY_ONLY, Fault.MERCHANT, True, True, Payer.REFUNDED, None, None),
    (K.RESEND, Fault.COURIER, True, True, Payer.AS_PAID, None, Payer.MERCHANT),
    (K.RESEND, Fault.MERCHANT, False, True, Payer.AS_PAID, None, Payer.MERCHANT),
    (K.MONEY_ONLY, Fault.MERCHANT, False, True, Payer.AS_PAID, None, None),
    (K.MONEY_ONLY, Fault.CUSTOMER, False, True, Payer.AS_PAID, None, None),
    (K.MONEY_ONLY, Fault.CUSTOMER, False, False, Payer.REFUNDED, None, None),
    (K.MONEY_ONLY, Fault.MERCHANT, True, False, Payer.REFUNDED, None, None),
]


@pytest.mark.parametrize(("kind", "fault", "never_arrived", "shipped", "out", "back", "again"), FREIGHT)
def test_who_pays_which_way(
    kind: RefundKind,
    fault: Fault,
    never_arrived: bool,
    shipped: bool,
    out: Payer,
    back: Payer | None,
    again: Payer | None,
) -> None:
    case = case_of(kind, fault, never_arrived=never_arrived, shipped=shipped)
    assert TABLE.ways(case) == Ways(out=out, back=back, again=again)


def test_every_combination_has_a_row() -> None:
    flags = (False, True)
    for kind, fault, never_arrived, shipped in product(K, Fault, flags, flags):
        assert TABLE.ways(case_of(kind, fault, never_arrived=never_arrived, shipped=shipped))


def test_a_stricter_shop_lets_the_customer_pay_the_replacement() -> None:
    cases = {**TABLE.cases, FreightCase.NO_REASON_EXCHANGE: Ways(out="as_paid", back="customer", again="customer")}
    assert type(TABLE)(cases=cases).ways(FreightCase.NO_REASON_EXCHANGE).again is Payer.CUSTOMER


@pytest.mark.parametrize(
    "cases",
    [
        {FreightCase.RESEND: Ways(out=Payer.AS_PAID)},
        {**TABLE.cases, FreightCase.RESEND: Ways(out=Payer.AS_PAID, again=Payer.REFUNDED)},
    ],
    ids=["rows are missing", "a replacement that is paid already"],
)
def test_a_freight_table_that_cannot_be_is_refused(cases: dict[FreightCase, Ways]) -> None:
    with pytest.raises(ValidationError):
        type(TABLE)(cases=cases)


def test_a_day_ends_where_the_business_is() -> None:
    end = REASONS.window_end(R.NO_REASON, at("2026-05-01T10:00"))
    assert end == at("2026-05-09T00:00")
    assert end is not None
    assert end.utcoffset() == timedelta(0)
