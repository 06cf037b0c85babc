"""The freight table region × courier, and what a dearer courier costs (T36)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ticket.surcharge.policy import COURIER_FREIGHT, CourierFreight

TABLE = COURIER_FREIGHT.default
COURIERS = ("中通", "圆通", "韵达", "EMS", "京东", "顺丰")
NEAR = dict(zip(COURIERS, (8_00, 8_00, 8_00, 15_00, 14_00, 16_00), strict=True))
FAR = dict(zip(COURIERS, (12_00, 12_00, 12_00, 20_00, 20_00, 23_00), strict=True))
REMOTE = {"中通": 20_00, "圆通": 20_00, "EMS": 25_00, "顺丰": 30_00}
REGIONS = {
    "江苏": NEAR, "江苏省": NEAR, "浙江": NEAR, "上海市": NEAR, "广东": FAR, "四川": FAR, "": FAR, None: FAR,
    "西藏": REMOTE, "新疆维吾尔自治区": REMOTE, "内蒙古": REMOTE, "青海": REMOTE,
}  # fmt: skip


@pytest.mark.parametrize(("region", "courier"), list(product(REGIONS, COURIERS)))
def test_every_cell_of_the_table(region: str | None, courier: str) -> None:
    """surcharge = fee(chosen) − lowest fee(included); whoever doesn't go there has no price."""
    fees = REGIONS[region]
    found = TABLE.quote(region, courier)
    if courier not in fees:
        assert found is None
        assert courier not in TABLE.couriers(region)
        return
    assert found is not None
    lowest = min(fees[one] for one in TABLE.included if one in fees)
    assert (found.fee_minor, found.included_minor) == (fees[courier], lowest)
    assert found.surcharge_minor == fees[courier] - lowest
    assert found.included == "中通"
    assert courier in TABLE.couriers(region)


def test_a_cheaper_courier_costs_nothing_more() -> None:
    """Nobody is paid for choosing it."""
    table = CourierFreight(currency="CNY", included=("中通",), elsewhere={"中通": "12.00", "平邮": "5.00"})
    found = table.quote("广东", "平邮")
    assert found is not None
    assert found.surcharge_minor == 0


def test_a_dearer_included_courier_costs_the_difference_to_the_cheapest() -> None:
    """The formula as it stands: lowest fee of the included ones."""
    table = CourierFreight(
        currency="CNY", included=("中通", "圆通"), elsewhere={"中通": "10.00", "圆通": "12.00", "顺丰": "18.00"}
    )
    found = {courier: table.quote(None, courier) for courier in ("中通", "圆通", "顺丰")}
    assert {name: one and one.surcharge_minor for name, one in found.items()} == {
        "中通": 0,
        "圆通": 2_00,
        "顺丰": 8_00,
    }


@given(
    fees=st.dictionaries(st.sampled_from(COURIERS), st.integers(0, 10_000), min_size=1),
    included=st.lists(st.sampled_from(COURIERS), min_size=1, unique=True),
)
def test_no_surcharge_is_below_zero_and_the_cheapest_included_has_none(
    fees: dict[str, int], included: list[str]
) -> None:
    document = {
        "currency": "CNY",
        "included": included,
        "elsewhere": {name: f"{fee // 100}.{fee % 100:02}" for name, fee in fees.items()},
    }
    if not set(included) & set(fees):
        with pytest.raises(ValidationError):
            CourierFreight.model_validate(document)
        return
    table = CourierFreight.model_validate(document)
    for courier, fee in fees.items():
        found = table.quote("任意", courier)
        assert found is not None
        assert found.surcharge_minor == max(fee - min(fees[one] for one in included if one in fees), 0)
        if courier == found.included:
            assert found.surcharge_minor == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"included": []},
        {"elsewhere": {}},
        {"elsewhere": {"顺丰": "20.00"}},
        {"elsewhere": {"中通": "-1.00"}},
        {"elsewhere": {"中通": "1.001"}},
        {"elsewhere": {"中通": 12.5}},
        {"currency": "yuan"},
        {"zones": [{"name": "近", "regions": ["江苏"], "fees": {"顺丰": "9.00"}}]},
        {"zones": [{"name": "近", "regions": [], "fees": {"中通": "9.00"}}]},
        {
            "zones": [
                {"name": "近", "regions": ["江苏"], "fees": {"中通": "9.00"}},
                {"name": "远", "regions": ["江苏"], "fees": {"中通": "19.00"}},
            ]
        },
        {"free": True},
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(broken: dict[str, object]) -> None:
    """X3: validated when it is saved."""
    good = {"currency": "CNY", "included": ["中通"], "elsewhere": {"中通": "12.00", "顺丰": "20.00"}}
    CourierFreight.model_validate(good)
    with pytest.raises(ValidationError):
        CourierFreight.model_validate({**good, **broken})


def test_fees_in_a_currency_without_decimals() -> None:
    """X4."""
    table = CourierFreight(currency="JPY", included=("ヤマト",), elsewhere={"ヤマト": "500", "佐川": "720"})
    found = table.quote(None, "佐川")
    assert found is not None
    assert (found.surcharge_minor, found.currency) == (220, "JPY")
