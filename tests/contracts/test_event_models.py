"""What every event can do: know its type and aggregate, refuse floats and vague times, ignore what is new."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from contracts.event import Event
from contracts.price import Difference, Price
from contracts.storefront import StorefrontOrderCancelled, StorefrontOrderReceived, order_key
from contracts.ticket.ticket import TicketClosed


class LampLit(Event):
    """A lamp was lit."""

    SUBJECT = "house.lamp.lit"
    OWNER = "house"
    AGGREGATE = "lamp_id"

    lamp_id: UUID


def test_an_event_knows_its_names_and_its_aggregate() -> None:
    lamp = uuid4()

    assert (LampLit.noun(), LampLit.verb()) == ("house.lamp", "lit")
    assert LampLit.ce_type() == "kefu.house.lamp.lit.v1"
    assert LampLit(lamp_id=lamp).aggregate_id == lamp
    assert (TicketClosed.noun(), TicketClosed.verb()) == ("ticket", "closed")
    assert TicketClosed.ce_type() == "kefu.ticket.closed.v1"


def test_an_event_never_changes() -> None:
    event = LampLit(lamp_id=uuid4())
    with pytest.raises(ValidationError):
        event.lamp_id = uuid4()  # type: ignore[misc]


def test_an_old_reader_ignores_what_it_does_not_know() -> None:
    """E2"""
    lamp = uuid4()
    assert LampLit.model_validate_json(f'{{"lamp_id": "{lamp}", "brightness": 3}}') == LampLit(lamp_id=lamp)


@pytest.mark.parametrize("subject", ["lit", "lamp.", "Lamp.lit", "lamp lit", "a.b.c.d", "lamp.*"])
def test_a_subject_is_noun_dot_verb(subject: str) -> None:
    """E1"""
    with pytest.raises(TypeError, match=r"noun\.verb"):
        type("Odd", (LampLit,), {"SUBJECT": subject, "__module__": __name__})


@pytest.mark.parametrize("aggregate", ["bulb_id", "lamp_id.bulb_id", ""])
def test_an_aggregate_must_be_a_field(aggregate: str) -> None:
    with pytest.raises((TypeError, AttributeError)):
        type("Odd", (LampLit,), {"SUBJECT": "lamp.odd", "AGGREGATE": aggregate, "__module__": __name__})


def test_a_storefront_order_has_a_key_that_both_sides_can_work_out() -> None:
    """All news of one order share an aggregate; another shop's order of the same number doesn't."""
    received = StorefrontOrderReceived(shop="main", order_no="17", received_at=datetime.now(UTC))
    cancelled = StorefrontOrderCancelled(shop="main", order_no="17", cancelled_at=datetime.now(UTC))

    assert received.aggregate_id == cancelled.aggregate_id == order_key("main", "17")
    assert order_key("main", "17") != order_key("other", "17")


@pytest.mark.parametrize("amount", ["0", "0.00", "12.50", "100000000.01", "1.2345"])
def test_a_price_is_a_decimal_string(amount: str) -> None:
    """X4"""
    assert Price(amount=amount, currency="CNY").model_dump_json() == f'{{"amount":"{amount}","currency":"CNY"}}'


@pytest.mark.parametrize("amount", ["-1.00", "+1", "1.", ".5", "01.00", "1e3", "1,000.00", "NaN", "", "1.23456"])
def test_a_price_refuses_other_spellings(amount: str) -> None:
    with pytest.raises(ValidationError):
        Price(amount=amount, currency="CNY")


@pytest.mark.parametrize("amount", ["12.5", "12"])
def test_a_price_refuses_numbers(amount: str) -> None:
    """X4: no float anywhere on the way of an amount, and no integer whose unit is a guess."""
    with pytest.raises(ValidationError):
        Price.model_validate_json(f'{{"amount": {amount}, "currency": "CNY"}}')


@pytest.mark.parametrize("currency", ["cny", "RMB ", "¥", ""])
def test_a_currency_is_an_iso_code(currency: str) -> None:
    with pytest.raises(ValidationError):
        Price(amount="1.00", currency=currency)


def test_a_difference_may_be_below_zero() -> None:
    assert Difference(amount="-0.75", currency="CNY").amount == "-0.75"


def test_a_time_without_zone_is_refused() -> None:
    """X5"""
    with pytest.raises(ValidationError):
        StorefrontOrderReceived(shop="main", order_no="17", received_at=datetime(2026, 11, 7, 9, 40))  # noqa: DTZ001
