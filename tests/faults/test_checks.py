"""The checkers of the chaos runs find what they are for, and nothing else."""

from typing import Any

import pytest
from chaos import unheard
from checks import CHANGES, disordered, judged, misnumbered, missing
from history import Operation, Outcome
from money import paid_again


def done(outcome: Outcome, name: str = "open") -> Operation:
    return Operation(name, "7-1", outcome, 0, {}, 0.0)


@pytest.mark.parametrize(
    ("outcome", "changes", "is_good"),
    [
        (Outcome.OK, 1, True), (Outcome.OK, 0, False), (Outcome.OK, 2, False),
        (Outcome.UNKNOWN, 0, True), (Outcome.UNKNOWN, 1, True), (Outcome.UNKNOWN, 2, False),
    ],
)  # fmt: skip
def test_ok_is_once_and_unknown_at_most_once(outcome: Outcome, changes: int, is_good: bool) -> None:
    assert (judged([done(outcome)], {"open-7-1": changes}) == []) is is_good


def test_what_failed_did_nothing() -> None:
    late = done(Outcome.FAILED, "retry")
    assert judged([late], {}) == []
    assert judged([late], {late.id: CHANGES["retry"]}) == ["retry-7-1 is failed and changed 3 things"]
    assert judged([done(Outcome.FAILED)], {}) == ["open-7-1 was refused: 0 {}"]


def test_an_operation_stands_once_in_the_history() -> None:
    assert judged([done(Outcome.OK)] * 2, {"open-7-1": 1}) == ["open-7-1 stands twice in the history"]


@pytest.mark.parametrize(("given", "is_good"), [([1, 2, 3], True), ([1, 3], False), ([2], False), ([1, 1], False)])
def test_events_are_numbered_without_gaps(given: list[int], is_good: bool) -> None:
    told = [{"noun": "ticket", "id": "a", "sequence": sequence} for sequence in given]
    assert (misnumbered("ticket", told) == []) is is_good


@pytest.mark.parametrize(("given", "is_good"), [([1, 2, 3], True), ([1, 2, 1, 3], True), ([1, 3, 2], False)])
def test_a_stream_keeps_the_order_of_an_aggregate(given: list[int], is_good: bool) -> None:
    kept = [{"noun": "ticket", "id": "a", "sequence": sequence} for sequence in given]
    assert (disordered("ticket", kept) == []) is is_good


def test_an_event_is_missed_by_its_id_its_aggregate_and_its_number() -> None:
    told = [{"noun": "ticket", "id": "a", "sequence": number, "event_id": f"e-{number}"} for number in (1, 2)]
    assert missing(told, told) == set()
    assert missing(told, told[:1]) == {("ticket", "a", 2, "e-2")}
    assert missing([*told, {**told[1], "event_id": "e-3"}], told) == {("ticket", "a", 2, "e-3")}


def test_a_case_that_is_paid_under_two_numbers_is_paid_twice() -> None:
    assert paid_again(["a", "b"]) == []
    assert paid_again(["a", "b", "a"]) == ["a was paid 2 times"]


@pytest.mark.parametrize(
    ("heard", "is_told"),
    [
        ({"events": 7}, False),
        ({"events": 8}, False),  # a clock told something while they listened
        ({"events": 6}, True),
        ({"events": 9}, True),  # what nobody has written
        ({"events": 7, "gaps": 1}, True),
        ({"events": 7, "invalid": ["no id"]}, True),
    ],
)
def test_who_listens_hears_all_that_was_published_and_nothing_else(heard: dict[str, Any], is_told: bool) -> None:
    one = {"wanted": 7, "at_most": 8, "gaps": 0, "invalid": [], **heard}
    assert bool(unheard({"python": one, "node": None})) is is_told
