"""The arithmetic of a book, without a database (T55, X4)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from kit.problems import Problem
from services.ticket.book.ledger import EFFECTS, Book, BookLine, EntryKind, Paid, Worth, news_of

ORDER, OTHER = new_id(), new_id()


def a_book(paid: int = 100, kept: int = 100, refunded: int = 0, in_flight: int = 0, order_id: UUID = ORDER) -> Book:
    return Book(order_id, "CNY", paid, kept, refunded, in_flight, {1: BookLine(2, 60), 2: BookLine(1, 40)})


@pytest.mark.parametrize("kind", EntryKind)
def test_no_entry_makes_or_loses_money(kind: EntryKind) -> None:
    """I12: what an entry adds to paid, it adds to the other three."""
    effect = EFFECTS[kind]
    assert effect.paid == effect.kept + effect.in_flight + effect.refunded


@pytest.mark.parametrize(
    ("by_line", "of_order", "left"),
    [({1: 61}, 0, "0.60"), ({3: 1}, 0, "0.00"), ({1: 60, 2: 40}, 1, "1.00"), ({}, 101, "1.00")],
)
def test_no_more_is_reserved_than_is_left(by_line: dict[int, int], of_order: int, left: str) -> None:
    with pytest.raises(Problem) as refused:
        a_book().expect_left(by_line, of_order)
    assert (refused.value.slug, refused.value.facts["left"]) == ("more-than-kept", left)


def test_a_line_has_no_more_left_than_its_order() -> None:
    with pytest.raises(Problem) as refused:
        a_book(kept=50, in_flight=50).expect_left({1: 60}, 0)
    assert refused.value.facts == {"line_no": 1, "left": "0.50", "currency": "CNY"}


def test_all_that_is_left_may_go() -> None:
    a_book().expect_left({1: 60, 2: 40}, 0)
    a_book().expect_left({}, 100)


@pytest.mark.parametrize("amounts", [({1: -1}, 0), ({}, -1)])
def test_nothing_below_zero_is_reserved(amounts: tuple[dict[int, int], int]) -> None:
    with pytest.raises(ValueError, match="below zero"):
        a_book().expect_left(*amounts)


@pytest.mark.parametrize(("pieces", "left"), [({1: 3}, 2), ({2: 2}, 1), ({3: 1}, 0)])
def test_no_more_pieces_come_back_than_were_bought(pieces: dict[int, int], left: int) -> None:
    with pytest.raises(Problem) as refused:
        a_book().expect_pieces(pieces)
    assert (refused.value.slug, refused.value.facts["left"]) == ("more-than-bought", left)


@pytest.mark.parametrize("count", [0, -1])
def test_at_least_one_piece_comes_back(count: int) -> None:
    with pytest.raises(ValueError, match="one piece"):
        a_book().expect_pieces({1: count})


def test_everything_is_given_back_when_nothing_else_was_paid() -> None:
    assert a_book(kept=0, refunded=100).settled.fully
    assert not a_book(kept=1, refunded=99).settled.fully
    assert not a_book(paid=0, kept=0).settled.fully


@pytest.mark.parametrize(
    ("worth", "borne"),
    [(Worth(1, 2, 30), True), (Worth(1, 1, 60), True), (Worth(1, 2, 29), False), (Worth(1, 0, 60), False)],
)
def test_a_line_is_never_less_than_was_given_back_of_it(worth: Worth, borne: bool) -> None:
    line = BookLine(2, 60, taken_back=1, refunded_minor=10, in_flight_minor=20)
    assert line.bears(worth) is borne


def test_what_is_told_is_sorted() -> None:
    """A new order, more, less, the same, and what no book can take."""
    ids = [new_id() for _ in range(6)]
    books = {order_id: a_book(order_id=order_id, kept=40, refunded=60) for order_id in ids[1:]}
    told = [
        Paid(ids[0], "CNY", 7), Paid(ids[1], "CNY", 130), Paid(ids[2], "CNY", 60), Paid(ids[3], "CNY", 100),
        Paid(ids[4], "CNY", 59), Paid(ids[5], "USD", 100),
    ]  # fmt: skip
    news = news_of(told, books)
    assert news.opened == [told[0]]
    assert news.corrected == [(told[1], 30), (told[2], -40)]
    assert [one for one, _ in news.refused] == told[4:]


def test_of_an_order_told_twice_the_last_word_counts() -> None:
    assert news_of([Paid(ORDER, "CNY", 1), Paid(ORDER, "CNY", 2)], {}).opened == [Paid(ORDER, "CNY", 2)]


STEP = st.tuples(st.sampled_from(EntryKind), st.integers(0, 2), st.integers(1, 70))


@given(steps=st.lists(STEP, max_size=40))
def test_whatever_is_done_it_adds_up(steps: list[tuple[EntryKind, int, int]]) -> None:
    """Steps that a book allows, in any order: nothing below zero, nothing over a line's worth, the sum stays."""
    book = a_book()
    for kind, line_no, amount in steps:
        by_line, whole = ({line_no: amount}, 0) if line_no else ({}, amount)
        if kind is EntryKind.RESERVED:
            try:
                book.expect_left(by_line, whole)
            except Problem:
                continue
        elif kind in (EntryKind.RELEASED, EntryKind.REFUNDED):
            flying = book.lines[line_no].in_flight_minor if line_no else book.in_flight_minor - _of_lines(book)
            if amount > flying:
                continue
        else:
            by_line, whole = {}, amount
        book.post(kind, by_line, whole)
        assert book.paid_minor == book.kept_minor + book.refunded_minor + book.in_flight_minor
        assert min(book.kept_minor, book.refunded_minor, book.in_flight_minor) >= 0
        assert all(line.left_minor >= 0 for line in book.lines.values())


def _of_lines(book: Book) -> int:
    return sum(line.in_flight_minor for line in book.lines.values())
