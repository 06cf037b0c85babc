"""T15, X4: the arithmetic of the monthly report, and that the tally is nothing but a count of complaints."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from complaint_paper import CULPRIT, ME, OPENED, UNIT, Paper, at_stage
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ticket.complaint import ComplaintCategory, Grade, Nature
from kit.ids import derived_id
from services.ticket.complaint.lifecycle import Stage
from services.ticket.complaint.tally import Measure, cells, minutes_taken, month_of
from services.ticket.report import figures
from services.ticket.report.figures import Counted, Tally

A, B, C, D, E = (derived_id(name) for name in "abcde")


def of_units(counted: dict[UUID, int], founded: dict[UUID, int] | None = None) -> Tally:
    """A month with so many complaints at each unit's door."""
    rows = [Counted(Measure.UNIT, str(unit), n) for unit, n in counted.items()]
    return Tally.of(rows + [Counted(Measure.UNIT_FOUNDED, str(unit), n) for unit, n in (founded or {}).items()])


def test_units_are_ranked_by_complaints_for_their_volume() -> None:
    """T15: exact, ties share a rank and the next counts on; without a volume there is no rank."""
    made = figures.units(of_units({A: 3, B: 1, C: 2, D: 9}), {A: 900, B: 300, C: 601, E: 50})
    assert [(one.unit_id, one.rank, one.rate) for one in made] == [
        (E, 1, Fraction(0)), (C, 2, Fraction(2, 601)),
        *sorted([(A, 3, Fraction(1, 300)), (B, 3, Fraction(1, 300))], key=lambda it: (it[0] != A, it[0])),
        (D, None, None),
    ]  # fmt: skip
    assert [figures.per_thousand(one.rate) for one in made] == ["0.00", "3.33", "3.33", "3.33", None]


def test_a_volume_of_nothing_is_no_volume() -> None:
    """T15: nothing is divided by zero."""
    (one,) = figures.units(of_units({A: 3}, {A: 2}), {A: 0})
    assert (one.rank, one.rate, one.volume, one.founded) == (None, None, 0, 2)


@given(st.dictionaries(st.sampled_from([A, B, C, D, E]), st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1))
@settings(max_examples=200, deadline=None)
def test_a_rank_is_one_more_than_those_who_are_better(facts: dict[UUID, tuple[int, int]]) -> None:
    """T15: by definition."""
    made = figures.units(of_units({u: n for u, (n, _) in facts.items() if n}), {u: v for u, (_, v) in facts.items()})
    rates = {u: Fraction(n, v) for u, (n, v) in facts.items()}
    assert {one.unit_id: one.rank for one in made} == {
        u: 1 + sum(other < rate for other in rates.values()) for u, rate in rates.items()
    }


@pytest.mark.parametrize(
    ("part", "rest", "shown"), [(0, 0, None), (1, 0, "100.00"), (0, 1, "0.00"), (7, 1, "87.50"), (1, 2, "33.33"), (2, 1, "66.67")]
)  # fmt: skip
def test_shares_are_exact_until_they_are_written(part: int, rest: int, shown: str | None) -> None:
    """X4: half up, two decimals."""
    assert figures.share(part, rest) == shown


def test_twelve_months_end_with_the_one_asked_for() -> None:
    """T15: over the turn of the year."""
    assert figures.months_up_to("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert len(figures.months_up_to("2026-11", 12)) == 12


def test_agents_are_who_ended_or_is_responsible() -> None:
    """T15."""
    rows = [Counted(Measure.HANDLED, str(A), 2), Counted(Measure.HANDLED_KEPT, str(A), 1),
            Counted(Measure.HANDLED_BROKEN, str(A), 1), Counted(Measure.RESPONSIBLE, str(B), 4)]  # fmt: skip
    assert [tuple(one) for one in figures.agents(Tally.of(rows))] == [(A, 2, 1, 1, 0), (B, 0, 0, 0, 4)]


def test_a_closed_complaint_counts_for_the_month_it_was_opened_and_the_one_it_was_closed_in() -> None:
    """T15, X5: in the company's zone; 23:59 of the 30th is November, midnight is December."""
    closed_at = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    one = at_stage("closed", closed_at=closed_at, promise_kept=True, handled_by_staff_id=ME, grade="repeat")
    assert month_of(closed_at - timedelta(microseconds=1)) == "2026-11"
    assert {(cell.month, cell.measure, cell.key) for cell in cells(one)} == {
        ("2026-11", "opened", ""), ("2026-11", "category", "quality"), ("2026-11", "grade", "repeat"),
        ("2026-11", "nature", "founded"), ("2026-11", "unit", str(UNIT)), ("2026-11", "unit_founded", str(UNIT)),
        ("2026-11", "responsible", str(CULPRIT)), ("2026-12", "ended", "closed"), ("2026-12", "promise", "kept"),
        ("2026-12", "handled", str(ME)), ("2026-12", "handled_kept", str(ME)),
        ("2026-12", "minutes", str(int((closed_at - OPENED).total_seconds()) // 60)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("taken", "minutes"),
    [
        (timedelta(0), 0), (timedelta(microseconds=1), 1), (timedelta(minutes=1), 1), (timedelta(hours=24), 1440),
        (timedelta(hours=24, seconds=1), 1450), (timedelta(days=2, minutes=5), 2890), (timedelta(days=3), 4320),
        (timedelta(days=3, seconds=1), 4380), (timedelta(days=10, minutes=1), 14_460),
    ],
)  # fmt: skip
def test_a_time_is_rounded_up_to_its_step(taken: timedelta, minutes: int) -> None:
    """T15: never shorter than it was."""
    assert minutes_taken(taken) == minutes


def test_what_was_opened_in_error_counts_as_that_alone() -> None:
    """T11, T15; what the customer took back still counts, but has no time to close."""
    assert {(cell.measure, cell.key) for cell in cells(at_stage("cancelled", unit_id=UNIT))} == {("cancelled", "")}
    withdrawn = {cell.measure for cell in cells(at_stage("withdrawn"))}
    assert {"opened", "ended"} <= withdrawn
    assert "minutes" not in withdrawn


@given(
    st.lists(
        st.builds(
            lambda stage, category, grade, nature, unit, kept, after: at_stage(
                stage, category=category, grade=grade, nature=nature, unit_id=unit, promise_kept=kept,
                closed_at=OPENED + timedelta(minutes=after) if stage in ("closed", "unreachable", "withdrawn", "cancelled") else None,
            ),
            st.sampled_from([stage.value for stage in Stage]),
            st.sampled_from(ComplaintCategory),
            st.sampled_from(Grade),
            st.sampled_from(Nature),
            st.sampled_from([None, A, B]),
            st.sampled_from([None, True, False]),
            st.integers(0, 100_000),
        ),
        max_size=20,
    )
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_the_tally_adds_up(papers: list[Paper]) -> None:
    """T15: each measure that stands for a whole adds up to the complaints it stands for."""
    tally = Counter(cell for paper in papers for cell in cells(paper))
    by_measure: Counter[str] = Counter()
    for cell, count in tally.items():
        by_measure[cell.measure] += count
    counted = [paper for paper in papers if paper.stage != "cancelled"]
    for measure in ("opened", "category", "grade", "nature"):
        assert by_measure[measure] == len(counted)
    assert by_measure["cancelled"] == len(papers) - len(counted)
    assert by_measure["unit"] == sum(paper.unit_id is not None for paper in counted)
    assert by_measure["ended"] == sum(paper.closed_at is not None for paper in counted)
    assert by_measure["promise"] == sum(
        paper.closed_at is not None and paper.promise_kept is not None for paper in counted
    )
