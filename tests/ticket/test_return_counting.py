"""T22, T26: what may be announced and received, and findings that add up. Pure."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ticket.refund import RefundKind
from kit.problems import Problem
from services.ticket.inbound import counting
from services.ticket.inbound.counting import Finding, Pieces
from services.ticket.inbound.lifecycle import LIFE, UNDER_WAY, LostBy, ParcelStatus

STATES = ("on_the_way", "searched", "found", "arrived", "lost")
DRAWING = {
    "correct": ("on_the_way", "searched", None, None, None),
    "search": ("searched", None, None, None, None),
    "find": (None, "found", None, None, None),
    "write-off": ("lost", "lost", None, None, None),
    "unpack": ("arrived", "arrived", "arrived", "arrived", "arrived"),
}
TWO_LINES = {1: Pieces(asked=3, under_way=1, received=1), 2: Pieces(asked=2, received=1, lost=1)}


class Thing:
    """Anything with a status."""

    def __init__(self, status: str) -> None:
        self.status = status


def faults(problem: Problem) -> list[str]:
    assert problem.slug == "invalid-request"
    return [fault.pointer for fault in problem.faults]


@pytest.mark.parametrize(
    ("verb", "state", "end"),
    [(verb, state, end) for verb, ends in DRAWING.items() for state, end in zip(STATES, ends, strict=True)],
)
def test_every_verb_of_a_parcel_in_every_state(verb: str, state: str, end: str | None) -> None:
    """T22, I10."""
    parcel = Thing(state)
    if end is not None:
        LIFE.move(parcel, verb)
        assert parcel.status == end
        return
    with pytest.raises(Problem) as refused:
        LIFE.move(parcel, verb)
    assert (refused.value.slug, parcel.status) == ("transition-refused", state)
    assert refused.value.facts["allowed"] == [one for one, ends in DRAWING.items() if ends[STATES.index(state)]]


def test_the_drawing_covers_all_there_is() -> None:
    assert [one.value for one in ParcelStatus] == list(STATES)
    assert set(LIFE.table) == set(DRAWING)
    assert {one.value for one in UNDER_WAY} == {"on_the_way", "searched", "found"}
    assert [one.credited for one in (LostBy.COURIER, LostBy.WAREHOUSE, LostBy.SENDER)] == [True, True, False]


def test_pieces_are_with_the_customer_under_way_received_or_lost() -> None:
    """T22: what is left to ship is what nobody has said anything about; what may arrive is what hasn't yet."""
    assert (TWO_LINES[1].to_ship, TWO_LINES[1].to_receive) == (1, 2)
    assert (TWO_LINES[2].to_ship, TWO_LINES[2].to_receive) == (0, 0)
    assert (Pieces(asked=1, received=2).to_ship, Pieces(asked=1, received=2).to_receive) == (0, 0)
    assert not counting.all_announced(TWO_LINES)
    assert counting.all_announced({2: TWO_LINES[2]})
    assert counting.all_announced({})


@pytest.mark.parametrize(
    ("lines", "shipping", "left"),
    [
        ({1: 1}, True, None),
        ({1: 2}, True, {1: 1}),
        ({1: 2}, False, None),
        ({1: 3}, False, {1: 2}),
        ({2: 1}, True, {2: 0}),
        ({2: 1}, False, {2: 0}),
        ({9: 1}, False, {9: 0}),
        ({1: 3, 9: 1}, False, {1: 2, 9: 0}),
        ({}, False, None),
    ],
)
def test_goods_that_nobody_announced(lines: dict[int, int], shipping: bool, left: dict[int, int] | None) -> None:
    """Bad input: a receipt for goods never announced, or for more of them, says how many are left."""
    if left is None:
        counting.expect_announced(TWO_LINES, lines, shipping=shipping)
        return
    with pytest.raises(Problem) as refused:
        counting.expect_announced(TWO_LINES, lines, shipping=shipping)
    assert (refused.value.slug, refused.value.kind.status) == ("not-announced", 409)
    assert refused.value.facts["lines"] == [{"line_no": no, "left": pieces} for no, pieces in sorted(left.items())]


@pytest.mark.parametrize(
    ("findings", "pointers"),
    [
        ([Finding(1, sound=1, missing=2), Finding(2, sound=1)], []),
        ([Finding(1, damaged=1, missing=2, deducted=5), Finding(2, not_ours=1)], []),
        ([Finding(1, missing=3), Finding(2, missing=1)], []),
        ([Finding(1, sound=1, missing=1), Finding(2, sound=1)], ["/lines/0"]),
        ([Finding(1, sound=1, missing=3), Finding(2, sound=1)], ["/lines/0"]),
        ([Finding(1, sound=2, missing=1), Finding(2, sound=1)], ["/lines/0"]),
        ([Finding(1, sound=1, not_ours=1, missing=1), Finding(2, sound=1)], ["/lines/0"]),
        ([Finding(1, sound=1, missing=2, deducted=5), Finding(2, sound=1)], ["/lines/0/deducted"]),
        ([Finding(1, sound=1, missing=2), Finding(2, sound=2)], ["/lines/1", "/lines/1"]),
        ([Finding(1, sound=1, missing=2)], ["/lines"]),
        ([Finding(1, missing=3), Finding(1, missing=3), Finding(2, sound=1)], ["/lines/1/line_no"]),
        ([Finding(3, sound=1), Finding(1, missing=3), Finding(2, sound=1)], ["/lines/0/line_no"]),
        ([Finding(3)], ["/lines/0/line_no", "/lines"]),
        ([], ["/lines"]),
    ],
)
def test_findings_add_up(findings: list[Finding], pointers: list[str]) -> None:
    """T22, T26: each line once, nothing seen that wasn't received, all pieces accounted for."""
    if not pointers:
        counting.expect_whole(TWO_LINES, findings)
        return
    with pytest.raises(Problem) as refused:
        counting.expect_whole(TWO_LINES, findings)
    assert faults(refused.value) == pointers


@given(
    asked=st.integers(1, 6), received=st.integers(0, 6), lost=st.integers(0, 6),
    found=st.tuples(*(st.integers(0, 6) for _ in range(4))),
)  # fmt: skip
def test_what_is_taken_adds_up_whatever_was_counted(
    asked: int, received: int, lost: int, found: tuple[int, int, int, int]
) -> None:
    """T26: never more pieces are paid for than were asked back, and none that was neither seen nor lost by us."""
    stock = {1: Pieces(asked=asked, received=received, lost=min(lost, asked))}
    finding = Finding(1, *found)
    try:
        counting.expect_whole(stock, [finding])
    except Problem:
        return
    (pieces,) = counting.counted(stock, [finding]).values()
    assert 0 <= pieces <= asked
    assert pieces == asked - finding.missing - finding.not_ours
    assert finding.seen <= received


def test_every_small_return_has_exactly_the_splits_that_add_up() -> None:
    """All splits of up to three pieces, counted by hand: n received of n gives C(n+2, 2) ways without a missing one."""
    for pieces in (1, 2, 3):
        stock = {1: Pieces(asked=pieces, received=pieces)}
        good = 0
        for found in itertools.product(range(pieces + 1), repeat=4):
            try:
                counting.expect_whole(stock, [Finding(1, *found)])
            except Problem:
                continue
            good += 1
        assert good == (pieces + 3) * (pieces + 2) * (pieces + 1) // 6


def test_what_is_paid_for_and_what_is_held_back() -> None:
    """T26: sound and damaged pieces count, and those that we lost; missing ones and not ours don't."""
    findings = [Finding(1, sound=0, damaged=1, missing=2, deducted=30), Finding(2, not_ours=1)]
    assert counting.counted(TWO_LINES, findings) == {1: 1, 2: 1}
    assert counting.deducted(findings) == {1: 30}


@pytest.mark.parametrize(
    ("finding", "passed"),
    [
        (Finding(1, sound=2), True), (Finding(1, damaged=1), True), (Finding(1, damaged=1, deducted=1), False),
        (Finding(1, sound=1, missing=1), False), (Finding(1, sound=1, not_ours=1), False),
    ],
)  # fmt: skip
def test_an_inspection_passes_when_nothing_lacks(finding: Finding, passed: bool) -> None:
    """T22: damage that nothing is deducted for was why it came back."""
    assert counting.passed([finding]) is passed


def test_goods_come_back_of_returns_and_exchanges_alone() -> None:
    assert [kind.value for kind in RefundKind if counting.goods_come_back(kind)] == ["return_and_money", "exchange"]
