"""C10, E4: what is told about an order, and in which order, from its row alone."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from contracts.ticket.order import OrderCorrected, OrderEvent
from kit.ids import derived_id
from services.ticket.order.lifecycle import corrected, for_buyer, recorded, state_of

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ORDER_ID = derived_id("order", "main", "A-1")
MILESTONES = ("paid", "shipped", "received", "completed", "cancelled")


@dataclass
class Known:
    """An order as the table would hold it."""

    order_id: UUID = ORDER_ID
    shop: str = "main"
    order_no: str = "A-1"
    account_id: UUID = ORDER_ID
    revision: int = 1
    currency: str = "CNY"
    goods_minor: int = 2000
    discount_minor: int = 100
    freight_minor: int = 500
    surcharge_minor: int = 0
    paid_minor: int | None = 2400
    cost_minor: int | None = 900
    lines: list[dict[str, Any]] = field(
        default_factory=lambda: [{"line_no": 1, "sku": "TEA", "quantity": 2, "paid_minor": 2000, "cost_minor": 900}]
    )
    region: str | None = None
    channel: str | None = None
    agent: str | None = "菲菲"
    courier: str | None = None
    payment_method: str | None = None
    freight_insured: bool = False
    top_up_of: str | None = None
    historic: bool = False
    fake: bool = False
    flag_meaning: str | None = None
    flag_changed_at: datetime | None = None
    placed_at: datetime = AT
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None


def known(*reached: str, **facts: Any) -> Known:
    """An order that has come so far."""
    return Known(**{f"{name}_at": AT for name in reached}, **facts)


def verbs(events: list[OrderEvent]) -> list[str]:
    return [event.verb() for event in events]


SUBSETS = [subset for size in range(6) for subset in combinations(MILESTONES, size)]


@pytest.mark.parametrize("reached", SUBSETS, ids=lambda names: "+".join(names) or "nothing")
def test_a_new_order_tells_how_far_it_has_come(reached: tuple[str, ...]) -> None:
    """C10: recorded first, then its milestones as they follow each other, each with the whole state."""
    told = recorded(known(*reached))
    assert verbs(told) == ["recorded", *reached]
    assert all(event.order == state_of(known(*reached)) for event in told)
    assert verbs(recorded(known(*reached, historic=True))) == ["recorded"]


@pytest.mark.parametrize("before", SUBSETS, ids=lambda names: "+".join(names) or "nothing")
def test_a_correction_tells_the_milestones_newly_reached(before: tuple[str, ...]) -> None:
    """C10: corrected first; a milestone told once is not told again, and one taken back is no event."""
    for after in SUBSETS:
        told = corrected(known(*after), revision_before=1, before=state_of(known(*before)))
        assert verbs(told) == ["corrected", *(name for name in after if name not in before)]
        assert isinstance(told[0], OrderCorrected)
        assert told[0].revision_before == 1


def test_a_milestone_at_another_time_is_only_a_correction() -> None:
    """C10."""
    later = replace(known("paid"), paid_at=AT.replace(hour=5))
    assert verbs(corrected(later, revision_before=3, before=state_of(known("paid")))) == ["corrected"]


def test_history_stays_quiet_when_it_is_corrected() -> None:
    """E3: imported history announces nothing but itself."""
    told = corrected(known("paid", historic=True), revision_before=1, before=state_of(known(historic=True)))
    assert verbs(told) == ["corrected"]


def test_history_that_comes_alive_tells_only_what_is_new() -> None:
    """E3: an order imported as paid and now shipped was not paid today."""
    told = corrected(known("paid", "shipped"), revision_before=1, before=state_of(known("paid", historic=True)))
    assert verbs(told) == ["corrected", "shipped"]


def test_amounts_are_told_as_decimal_strings_of_their_currency() -> None:
    """X4."""
    state = state_of(known())
    assert [price and price.amount for price in (state.goods_total, state.discount, state.freight, state.paid)] == [
        "20.00", "1.00", "5.00", "24.00",
    ]  # fmt: skip
    yen = state_of(known(currency="JPY", goods_minor=2000, paid_minor=None, cost_minor=None))
    assert (yen.goods_total.amount, yen.lines[0].paid_total.amount, yen.paid, yen.cost) == (
        "2000",
        "2000",
        None,
        None,
    )
    dinar = state_of(known(currency="KWD", goods_minor=1))
    assert dinar.goods_total.amount == "0.001"


def test_costs_and_flags_are_the_shops_own_business() -> None:
    """X6: a buyer sees neither what the goods cost the shop nor what it suspects; nothing else is missing."""
    state = state_of(known("paid", fake=True, flag_meaning="fake"))
    seen = for_buyer(state)
    hidden = {"cost", "lines", "fake", "flag_meaning"}
    assert (seen.cost, seen.fake, seen.flag_meaning, seen.lines[0].cost) == (None, False, None, None)
    assert seen.model_dump(exclude=hidden) == state.model_dump(exclude=hidden)
    assert seen.lines[0].paid_total == state.lines[0].paid_total
