"""T14: what a penalty list charges, by hand and for any order of the facts."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.ticket.complaint import Grade
from kit.ids import derived_id
from kit.problems import Problem
from services.ticket.penalty import lifecycle
from services.ticket.penalty.lifecycle import LIFE, Line, ListStatus, Period, Standing, is_sensitive, month_end
from services.ticket.penalty.policy import COMPLAINT_PENALTIES, ComplaintPenalties

RULES = COMPLAINT_PENALTIES.default
A, B, UNIT, OTHER, LEAD = (derived_id(name) for name in ("a", "b", "unit", "other", "lead"))


def stands(ticket: UUID, grade: Grade, unit: UUID = UNIT) -> Standing:
    """A founded complaint of that grade at the end of the month."""
    return Standing(ticket, f"T-{ticket}", "main", unit, grade)


def charged(made: list[Line]) -> dict[UUID, int]:
    return {line.ticket_id: line.charged_minor for line in made}


@pytest.mark.parametrize(
    ("grade", "before", "due"),
    [
        (Grade.REPEAT, 0, 5000), (Grade.MALIGNANT, 0, 20_000), (Grade.MALIGNANT, 5000, 15_000),
        (Grade.REPEAT, 5000, None), (Grade.MALIGNANT, 20_000, None), (Grade.REPEAT, 20_000, None),
        (Grade.ORDINARY, 0, None),
    ],
)  # fmt: skip
def test_a_later_raise_charges_the_difference(grade: Grade, before: int, due: int | None) -> None:
    """T14: 50 for repeat, 200 for malignant, once per ticket; what was lowered gives nothing back."""
    made = lifecycle.lines([stands(A, grade)], {A: before}, {UNIT: LEAD}, RULES)
    assert charged(made) == ({} if due is None else {A: due})
    if made:
        assert (made[0].lead_staff_id, made[0].penalty_minor) == (LEAD, RULES.of(grade).minor)


@given(st.permutations([stands(derived_id(str(n)), [Grade.REPEAT, Grade.MALIGNANT][n % 2]) for n in range(6)]))
@settings(max_examples=50, deadline=None)
def test_the_same_facts_give_the_same_list(standing: list[Standing]) -> None:
    """T14: whatever their order."""
    made = lifecycle.lines(standing, {}, {}, RULES)
    assert made == lifecycle.lines(sorted(standing), {}, {}, RULES)
    assert lifecycle.total(made, "CNY").amount == "750.00"


@given(st.lists(st.sampled_from(Grade), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_over_the_months_a_ticket_costs_its_highest_grade(grades: list[Grade]) -> None:
    """T14: the lists of all months together charge what the highest grade at any month's end costs."""
    paid = 0
    for grade in grades:
        paid += sum(charged(lifecycle.lines([stands(A, grade)], {A: paid}, {}, RULES)).values())
    assert paid == max(RULES.of(grade).minor for grade in grades)


@pytest.mark.parametrize(
    ("first", "last", "sensitive"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), False), (date(2026, 10, 31), date(2026, 11, 1), True),
        (date(2026, 11, 11), date(2026, 11, 11), True), (date(2026, 11, 30), date(2026, 12, 5), True),
        (date(2026, 12, 1), date(2026, 12, 5), False), (date(2026, 1, 1), date(2027, 1, 1), True),
    ],
)  # fmt: skip
def test_a_sensitive_period_that_touches_the_month(first: date, last: date, sensitive: bool) -> None:
    """T14: its list is made and not applied."""
    assert is_sensitive("2026-11", [Period(first, last)]) is sensitive
    assert not is_sensitive("2026-11", [])


@pytest.mark.parametrize(
    ("month", "over"),
    [
        ("2026-11", datetime(2026, 11, 30, 16, tzinfo=UTC)), ("2026-12", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2028-02", datetime(2028, 2, 29, 16, tzinfo=UTC)), ("2027-02", datetime(2027, 2, 28, 16, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_month_is_over_at_midnight_of_the_business(month: str, over: datetime) -> None:
    """X5."""
    assert month_end(month) == over


# verb: what becomes of a list that is a draft, signed, published; - is refused.
DRAWING = {
    "recompute": ("draft", None, None),
    "sign": ("signed", None, None),
    "return": (None, "draft", None),
    "publish": (None, "published", None),
}


@pytest.mark.parametrize(
    ("verb", "state", "end"),
    [(verb, state, end) for verb, ends in DRAWING.items() for state, end in zip(ListStatus, ends, strict=True)],
)
def test_every_verb_in_every_state(verb: str, state: ListStatus, end: str | None) -> None:
    """T14, I10."""

    class Paper:
        status = state.value

    paper = Paper()
    if end is not None:
        LIFE.move(paper, verb)
        assert paper.status == end
        return
    with pytest.raises(Problem) as refused:
        LIFE.move(paper, verb)
    assert refused.value.facts["allowed"] == [
        one for one, ends in DRAWING.items() if ends[list(ListStatus).index(state)]
    ]
    assert paper.status == state


@pytest.mark.parametrize(
    "wrong",
    [
        {"repeat": {"amount": "300.00", "currency": "CNY"}}, {"repeat": {"amount": "50.00", "currency": "USD"}},
        {"repeat": {"amount": "-1", "currency": "CNY"}}, {"other": 1},
    ],
)  # fmt: skip
def test_penalties_rise_and_have_one_currency(wrong: dict[str, object]) -> None:
    """X3, X4."""
    with pytest.raises(ValidationError):
        ComplaintPenalties.model_validate({**RULES.model_dump(), **wrong})
