"""T30, X3: which colour means what is a shop's policy; the meaning, not the colour, drives the rules (T32)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError
from stage import NOON
from test_order_milestones import Known, known

from contracts.ticket.order import FlagColour, FlagMeaning
from kit.ids import new_id
from services.ticket.flag.lifecycle import put_flag
from services.ticket.flag.policy import CLASSIC, FLAG_SCHEME, SALES_MARK, FlagScheme

STAFF = new_id()


@pytest.mark.parametrize(
    ("colour", "meaning"),
    [("red", "cleared"), ("green", "problem"), ("purple", "solved"), ("yellow", "fake"), ("blue", None)],
)
def test_the_classic_scheme(colour: str, meaning: str | None) -> None:
    """T30: red cleared, green a problem, purple solved, yellow suspected fake."""
    assert FlagScheme(scheme="classic", meanings=CLASSIC).meaning_of(FlagColour(colour)) == meaning


@pytest.mark.parametrize(
    ("colour", "meaning"),
    [("green", "sale"), ("red", "refund_or_change"), ("yellow", "exchange"), ("purple", None), ("blue", None)],
)
def test_the_sales_mark_scheme(colour: str, meaning: str | None) -> None:
    """T30: green marks a sale, red a refund or change, yellow an exchange."""
    assert FlagScheme(scheme="sales-mark", meanings=SALES_MARK).meaning_of(FlagColour(colour)) == meaning


def test_the_default_is_classic_and_survives_its_json() -> None:
    """X3: what the migration ships is what the code says."""
    default = FLAG_SCHEME.default
    assert (default.scheme, default.meanings) == ("classic", CLASSIC)
    assert FlagScheme.model_validate_json(default.model_dump_json()) == default


@pytest.mark.parametrize(
    "document",
    [
        {"scheme": "none", "meanings": {}},
        {"scheme": "twice", "meanings": {"red": "fake", "green": "fake"}},
        {"scheme": "colour", "meanings": {"pink": "fake"}},
        {"scheme": "meaning", "meanings": {"red": "urgent"}},
        {"scheme": "more", "meanings": {"red": "fake"}, "note": "x"},
        {"meanings": {"red": "fake"}},
    ],
)
def test_a_scheme_that_could_be_read_in_two_ways_is_refused(document: dict[str, object]) -> None:
    """X3: validated on save; each meaning has one colour."""
    with pytest.raises(ValidationError):
        FlagScheme.model_validate(document)


@dataclass(frozen=True)
class Put:
    """A flag as the table would hold it."""

    colour: str | None = "green"
    meaning: str | None = "problem"
    agent: str | None = "菲菲"
    staff_id: UUID | None = STAFF
    content: str | None = "中通"
    marked_on: date | None = date(2026, 8, 10)
    flagged_by: str = "staff:feifei"
    flagged_by_staff_id: UUID | None = None
    flagged_at: datetime = NOON


@pytest.mark.parametrize("meaning", list(FlagMeaning))
def test_an_order_carries_the_meaning_of_its_flag(meaning: FlagMeaning) -> None:
    """T30, T32: one meaning at a moment, and *fake* is the only one that makes an order fake."""
    order = Known(flag_meaning="fake", fake=True)
    told = put_flag(order, Put(meaning=meaning.value))
    assert (order.flag_meaning, order.fake) == (meaning.value, meaning is FlagMeaning.FAKE)
    assert (told.order.flag_meaning, told.order.fake) == (meaning, meaning is FlagMeaning.FAKE)


def test_a_flag_taken_off_leaves_nothing() -> None:
    """T30: no colour; the order is no longer fake either."""
    order = Known(flag_meaning="fake", fake=True)
    told = put_flag(order, Put(colour=None, meaning=None))
    assert (order.flag_meaning, order.fake, told.colour, told.meaning) == (None, False, None, None)


def test_a_flag_tells_colour_meaning_agent_content_and_order() -> None:
    """T32."""
    told = put_flag(known(), Put())
    assert (told.colour, told.meaning, told.agent, told.staff_id) == ("green", "problem", "菲菲", STAFF)
    assert (told.content, told.marked_on, told.flagged_by, told.flagged_at) == (
        "中通", date(2026, 8, 10), "staff:feifei", NOON,
    )  # fmt: skip


@pytest.mark.parametrize("personal", ["13812345678", "138 1234 5678", "li@example.com", "320701199001011234"])
def test_personal_data_between_the_brackets_stays_here(personal: str) -> None:
    """X6: agents write anything; what looks like a phone, an address of mail or an ID number is covered."""
    told = put_flag(known(), replace(Put(), agent=f"菲菲{personal}", content=f"打 {personal} 联系"))
    assert personal not in told.model_dump_json()
