"""Whose sale an order was (A6, T30–T32): the same for the same facts, in whatever order they came."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ticket.order import FlagMeaning
from services.appraisal.credit.policy import Basis, WhyNot, credit_of

FEIFEI, LILI, CHIEF = (UUID(int=number) for number in (1, 2, 3))
AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@dataclass
class Order:
    sequence: int = 1
    cancelled: bool = False
    fake: bool = False
    top_up: bool = False


@dataclass
class Flag:
    sequence: int
    meaning: str | None
    alias: str | None = None
    alias_staff_id: UUID | None = None
    signer_staff_id: UUID | None = None
    flagged_at: datetime = AT


def cleared(
    sequence: int, staff: UUID | None = FEIFEI, alias: str | None = "菲菲", signer: UUID | None = None
) -> Flag:
    return Flag(sequence, FlagMeaning.CLEARED, alias, staff, signer)


def sale(sequence: int, staff: UUID | None = FEIFEI, alias: str | None = "菲菲", signer: UUID | None = None) -> Flag:
    return Flag(sequence, FlagMeaning.SALE, alias, staff, signer)


def other(sequence: int, meaning: FlagMeaning | None = FlagMeaning.SOLVED) -> Flag:
    return Flag(sequence, meaning, "丽丽", LILI)


@pytest.mark.parametrize(
    ("flags", "staff_id", "basis"),
    [
        ([sale(2)], FEIFEI, Basis.SALE),
        ([cleared(2)], FEIFEI, Basis.CLEARED),
        # The last sale flag, whatever came after it; a sale flag before a cleared one.
        ([sale(2), sale(3, LILI, "丽丽")], LILI, Basis.SALE),
        ([sale(2), cleared(3, LILI, "丽丽")], FEIFEI, Basis.SALE),
        ([cleared(2), cleared(3, LILI, "丽丽")], LILI, Basis.CLEARED),
        ([cleared(2), other(3, FlagMeaning.PROBLEM), other(4)], FEIFEI, Basis.CLEARED),
        ([sale(2), other(3, FlagMeaning.REFUND_OR_CHANGE)], FEIFEI, Basis.SALE),
        # Cleared without a known name is signed by who put it; a sale mark without a name as well.
        ([cleared(2, None, "无名", CHIEF)], CHIEF, Basis.CLEARED),
        ([cleared(2, None, None, CHIEF)], CHIEF, Basis.CLEARED),
        ([sale(2, None, None, CHIEF)], CHIEF, Basis.SALE),
    ],
)
def test_the_agent_of_the_last_sale_mark_else_the_signer_of_cleared(
    flags: list[Flag], staff_id: UUID, basis: Basis
) -> None:
    credit = credit_of([Order(sequence=9)], flags)
    assert (credit.staff_id, credit.basis, credit.counted, credit.why_not) == (staff_id, basis, True, None)
    assert credit.credited_at == AT


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ([], WhyNot.UNMARKED),
        ([other(2, FlagMeaning.PROBLEM)], WhyNot.UNMARKED),
        ([sale(2), other(3, None)], WhyNot.UNMARKED),
        ([cleared(2), other(3, None)], WhyNot.UNMARKED),
        ([cleared(2, None, "无名")], WhyNot.UNMATCHED),
        ([cleared(2, None, None)], WhyNot.UNMATCHED),
        # A sale mark that names somebody unknown waits for that alias, it isn't the flagger's.
        ([sale(2, None, "无名", CHIEF)], WhyNot.UNMATCHED),
    ],
)
def test_else_it_is_nobodys(flags: list[Flag], why: WhyNot) -> None:
    credit = credit_of([Order()], flags)
    assert (credit.staff_id, credit.counted, credit.why_not) == (None, False, why)


def test_a_mark_after_the_flag_was_taken_off_counts_again() -> None:
    credit = credit_of([Order()], [sale(2), other(3, None), cleared(4, LILI, "丽丽")])
    assert (credit.staff_id, credit.basis) == (LILI, Basis.CLEARED)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (Order(cancelled=True), WhyNot.CANCELLED),
        (Order(fake=True), WhyNot.FAKE),
        (Order(top_up=True), WhyNot.TOP_UP),
        (Order(cancelled=True, fake=True, top_up=True), WhyNot.CANCELLED),
    ],
)
def test_cancelled_fake_and_top_up_orders_dont_count(order: Order, why: WhyNot) -> None:
    credit = credit_of([order], [sale(2)])
    assert (credit.counted, credit.why_not, credit.staff_id) == (False, why, FEIFEI)
    assert credit_of([order], []).why_not is why


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (Order(), WhyNot.REFUNDED),
        (Order(fake=True, top_up=True), WhyNot.REFUNDED),
        (Order(cancelled=True), WhyNot.CANCELLED),
    ],
)
def test_a_fully_refunded_order_doesnt_count_but_stays_whose_it_was(order: Order, why: WhyNot) -> None:
    credit = credit_of([order], [sale(2)], fully_refunded=True)
    assert (credit.counted, credit.why_not, credit.staff_id) == (False, why, FEIFEI)


def test_the_newest_state_of_the_order_decides() -> None:
    states = [Order(1), Order(4, fake=True), Order(5)]
    assert credit_of(states, [sale(2)]).counted
    assert credit_of(states[:2], [sale(2)]).why_not is WhyNot.FAKE


MEANINGS = st.sampled_from([None, *FlagMeaning])
PEOPLE = st.sampled_from([None, FEIFEI, LILI, CHIEF])
NAMES = st.sampled_from([None, "菲菲", "丽丽"])
FLAGS = st.lists(st.tuples(MEANINGS, NAMES, PEOPLE, PEOPLE), max_size=6)
STATES = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=6)


@given(FLAGS, STATES, st.randoms(use_true_random=False))
def test_facts_in_any_order_give_the_same_credit(
    marks: list[tuple[FlagMeaning | None, str | None, UUID | None, UUID | None]],
    states: list[tuple[bool, bool, bool]],
    random: object,
) -> None:
    orders = [Order(sequence, *state) for sequence, state in enumerate(states, start=1)]
    flags = [
        Flag(sequence, meaning, alias, borne if alias else None, signer)
        for sequence, (meaning, alias, borne, signer) in enumerate(marks, start=2)
    ]
    wanted = credit_of(orders, flags)
    random.shuffle(orders)  # type: ignore[attr-defined]
    random.shuffle(flags)  # type: ignore[attr-defined]
    assert credit_of(orders, flags) == wanted
    assert wanted.counted == (wanted.why_not is None)
    assert not wanted.counted or wanted.staff_id is not None
