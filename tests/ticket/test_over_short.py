"""Over and short shipment (T61): the three examples, its bounds, and what holds for any contract; then over HTTP."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_desk import Requests
from ticket_desk import Desk, faults

from kit.money import round_half_up
from services.ticket.service_request.over_short import Contract, decimal, settle

COAL = Contract(Fraction(1000), Fraction(5), Fraction(320), "CNY")


@pytest.mark.parametrize(
    ("loaded", "payable", "excess", "shortage", "difference"),
    [
        (1030, "329600.00", "0", "0", "9600.00"),
        (1080, "336000.00", "30", "0", "25600.00"),
        (930, "297600.00", "0", "20", "-22400.00"),
        (1000, "320000.00", "0", "0", "0.00"),
        (1050, "336000.00", "0", "0", "16000.00"),
        ("1050.000001", "336000.00", "0.000001", "0", "16000.00"),
        (950, "304000.00", "0", "0", "-16000.00"),
        ("949.999999", "304000.00", "0", "0.000001", "-16000.00"),
        (0, "0.00", "0", "950", "-320000.00"),
    ],
)
def test_the_examples_and_the_bounds(loaded: Any, payable: str, excess: str, shortage: str, difference: str) -> None:
    """T61: within the tolerance, its bounds included, all is paid; beyond it by consent, short of it a claim."""
    found = settle(COAL, Fraction(loaded))
    assert (found.payable.amount, decimal(found.excess), decimal(found.shortage)) == (payable, excess, shortage)
    assert found.difference.amount == difference
    assert found.within_tolerance == (excess == shortage == "0")


def test_what_is_by_consent_is_paid_once_consented() -> None:
    """T61: 30 t for 9,600.00."""
    asked, agreed = settle(COAL, Fraction(1080)), settle(COAL, Fraction(1080), consented=True)
    assert (asked.excess_price.amount, agreed.excess_price.amount) == ("9600.00", "0.00")
    assert (agreed.payable.amount, agreed.payable_quantity) == ("345600.00", 1080)
    assert settle(COAL, Fraction(930)).shortage_price.amount == "6400.00"


decimals = st.integers(1, 10**12).map(lambda n: Fraction(n, 10**6))
percents = st.integers(0, 10**6).map(lambda n: Fraction(n, 10**4))


@given(decimals, percents, decimals, decimals | st.just(Fraction(0)), st.booleans())
def test_whatever_was_agreed_and_loaded(
    quantity: Fraction, percent: Fraction, unit_price: Fraction, loaded: Fraction, consented: bool
) -> None:
    """T61: nothing is lost between what is paid and what awaits consent; the sums are exact until they are shown."""
    contract = Contract(quantity, percent, unit_price, "CNY")
    found = settle(contract, loaded, consented=consented)
    assert found.payable_quantity + found.excess == loaded
    assert not (found.excess and found.shortage)
    assert found.payable.minor == round_half_up(found.payable_quantity * unit_price * 100)
    assert found.difference.minor == round_half_up((loaded - quantity) * unit_price * 100)
    assert consented or found.payable_quantity <= contract.highest
    assert loaded + found.shortage >= contract.lowest
    assert found.within_tolerance == (abs(loaded - quantity) <= percent * quantity / 100)
    for exact in (found.payable_quantity, found.excess, found.shortage):
        assert Fraction(decimal(exact)) == exact


@given(st.integers(-(10**20), 10**20), st.integers(0, 12))
def test_a_decimal_is_written_as_it_is(digits: int, places: int) -> None:
    """X4: exact, plain, no float."""
    value = Fraction(digits, 10**places)
    assert Fraction(decimal(value)) == value
    assert "e" not in decimal(value)


def test_a_third_is_no_decimal() -> None:
    with pytest.raises(ValueError, match="no decimal"):
        decimal(Fraction(1, 3))


@pytest.mark.parametrize(
    ("contract", "loaded"),
    [
        (Contract(Fraction(0), Fraction(5), Fraction(1), "CNY"), Fraction(1)),
        (Contract(Fraction(1), Fraction(5), Fraction(0), "CNY"), Fraction(1)),
        (Contract(Fraction(1), Fraction(-1), Fraction(1), "CNY"), Fraction(1)),
        (Contract(Fraction(1), Fraction(101), Fraction(1), "CNY"), Fraction(1)),
        (Contract(Fraction(1), Fraction(5), Fraction(1), "CNY"), Fraction(-1)),
    ],
)
def test_a_contract_about_nothing_is_none(contract: Contract, loaded: Fraction) -> None:
    with pytest.raises(ValueError, match=r"zero|percent"):
        settle(contract, loaded)


ASKED = {"quantity": "1000", "tolerance_percent": "5", "unit_price": "320", "loaded": "1080"}


@pytest.fixture
async def requests(desk: Desk) -> Requests:
    return await Requests(desk).settle_in()


async def test_it_is_worked_out_over_http(requests: Requests) -> None:
    """T61: nothing is changed by asking."""
    before = await requests.written()
    found = (await requests.ask("POST", "/over-short", json=ASKED)).json()
    assert found["payable"] == {"amount": "336000.00", "currency": "CNY"}
    assert (found["excess"], found["excess_price"]["amount"], found["shortage"]) == ("30", "9600.00", "0")
    short = (await requests.ask("POST", "/over-short", json={**ASKED, "loaded": "930"})).json()
    assert (short["shortage"], short["difference"]["amount"], short["within_tolerance"]) == ("20", "-22400.00", False)
    yen = (await requests.ask("POST", "/over-short", json={**ASKED, "currency": "JPY", "unit_price": "320.5"})).json()
    assert yen["payable"] == {"amount": "336525", "currency": "JPY"}
    assert await requests.written() == before


NO_QUANTITIES: list[tuple[str, Any]] = [
    ("quantity", "0"), ("quantity", "0.000"), ("quantity", "-1"), ("quantity", "1e3"), ("quantity", 1000),
    ("quantity", "1.0000001"), ("quantity", "١٠"), ("unit_price", "0"), ("unit_price", "1,000"),
    ("tolerance_percent", "100.1"), ("tolerance_percent", "-5"), ("tolerance_percent", ""), ("loaded", "-0.1"),
    ("loaded", " 5"), ("loaded", "5\n"), ("currency", "yuan"), ("consented", "yes"), ("loaded", None),
]  # fmt: skip


async def test_what_is_no_quantity_is_refused(desk: Desk) -> None:
    """T61, X4: decimals as strings, above zero, of at most six places."""
    for name, value in NO_QUANTITIES:
        answer = await desk.call("POST", "/v1/service-requests/over-short", json={**ASKED, name: value})
        assert faults(answer) == [f"/{name}"], (name, value)


async def test_more_than_an_amount_can_say_is_refused(desk: Desk) -> None:
    huge = {**ASKED, "quantity": "999999999999", "unit_price": "999999999999", "loaded": "999999999999"}
    assert faults(await desk.call("POST", "/v1/service-requests/over-short", json=huge)) == ["/loaded"]


async def test_it_is_recorded_on_a_logistics_order_with_its_claim(requests: Requests) -> None:
    """T61: read back from the port's platform; the latest word counts, the shortage is a claim."""
    request = await requests.at("dispatched", "logistics")
    assert request["over_short"] is None
    path = f"/{request['service_request_id']}/weigh"
    body = {**ASKED, "loaded": "930", "unit": "t", "reference": "PORT-7"}
    short = await requests.ask("POST", path, "service", json=body)
    assert short.status_code == 200, short.text
    weighed = short.json()["over_short"]
    assert (weighed["payable"]["amount"], weighed["loaded"], weighed["reference"]) == ("297600.00", "930", "PORT-7")
    claim = weighed["claim"]
    assert (claim["shortage"], claim["claimed"]) == ("20", {"amount": "6400.00", "currency": "CNY"})
    again = (await requests.ask("POST", path, json={**ASKED, "loaded": "1030.5"})).json()["over_short"]
    assert (again["payable"]["amount"], again["loaded"], again["claim"]) == ("329760.00", "1030.5", None)
    kept = await requests.desk.rows("SELECT loaded, shortage FROM service_request_over_short LEFT JOIN"
                                    " service_request_claim USING (over_short_id) ORDER BY loaded")  # fmt: skip
    assert [(str(row.loaded), row.shortage and str(row.shortage)) for row in kept] == [
        ("930", "20"),
        ("1030.5", None),
    ]
    assert (await requests.desk.audits(request["service_request_id"])).count("weigh") == 4  # the ticket's own as well


async def test_nothing_is_weighed_on_an_invoice(requests: Requests) -> None:
    """T61: only where the type says so, and only once it is approved."""
    invoice, early = await requests.at("dispatched"), await requests.at("under_review", "logistics")
    before = await requests.written()
    refused = await requests.ask("POST", f"/{invoice['service_request_id']}/weigh", json=ASKED)
    assert faults(refused) == [""]
    soon = await requests.ask("POST", f"/{early['service_request_id']}/weigh", json=ASKED)
    assert (soon.status_code, soon.json()["type"]) == (409, "/problems/transition-refused")
    assert await requests.written() == before
