"""T22, T25, T26: what a replacement costs more or less, to the cent, and the life of a replacement. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.problems import Problem
from services.ticket.exchange import pricing
from services.ticket.exchange.lifecycle import LIFE, ExchangeStatus, allowed
from services.ticket.exchange.pricing import Article, Goods
from services.ticket.refund.freight import Payer

STATES = ("ready", "unpaid", "unsettled", "out_of_stock", "sent", "received", "settled_in_money")
DRAWING = {
    "replace/paid": ("ready", "ready", "ready", "ready", None, None, None),
    "replace/owed": ("unpaid", "unpaid", "unpaid", "unpaid", None, None, None),
    "top-up/paid": (None, "ready", None, None, None, None, None),
    "top-up/owed": (None, "unpaid", None, None, None, None, None),
    "run-out": ("out_of_stock", "out_of_stock", "out_of_stock", None, None, None, None),
    "restock/paid": (None, None, None, "ready", None, None, None),
    "restock/owed": (None, None, None, "unpaid", None, None, None),
    "call-customer": (None, "unpaid", "unsettled", "out_of_stock", None, None, None),
    "restock/short": (None, None, None, "unsettled", None, None, None),
    "reckon/paid": ("ready", "ready", "ready", None, None, None, None),
    "reckon/owed": ("unpaid", "unpaid", "unpaid", None, None, None, None),
    "reckon/short": ("unsettled", "unsettled", "unsettled", None, None, None, None),
    "send": ("sent", None, None, None, None, None, None),
    "lose/paid": (None, None, None, None, "ready", None, None),
    "lose/owed": (None, None, None, None, "unpaid", None, None),
    "lose/short": (None, None, None, None, "unsettled", None, None),
    "receive": (None, None, None, None, "received", "received", None),
    "settle-in-money": (*["settled_in_money"] * 4, None, None, None),
}
# Three pieces of tea for 100.00, one cup for 20.00.
TEA, CUP = Goods(1, "TEA", 3, 10_000), Goods(2, "CUP", 1, 2_000)
BOTH = {1: TEA, 2: CUP}


class Thing:
    """Anything with a status."""

    def __init__(self, status: str) -> None:
        self.status = status


@pytest.mark.parametrize(
    ("verb", "state", "end"),
    [(verb, state, end) for verb, ends in DRAWING.items() for state, end in zip(STATES, ends, strict=True)],
)
def test_every_verb_in_every_state(verb: str, state: str, end: str | None) -> None:
    """T22, I10."""
    it = Thing(state)
    if end is not None:
        LIFE.move(it, verb)
        assert it.status == end
        return
    with pytest.raises(Problem) as refused:
        LIFE.move(it, verb)
    assert (refused.value.slug, it.status) == ("transition-refused", state)


def test_the_drawing_covers_all_there_is() -> None:
    assert [one.value for one in ExchangeStatus] == list(STATES)
    assert set(LIFE.table) == set(DRAWING)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("ready", ["replace", "run-out", "send", "settle-in-money"]),
        ("unpaid", ["replace", "top-up", "run-out", "call-customer", "settle-in-money"]),
        ("unsettled", ["replace", "run-out", "call-customer", "settle-in-money"]),
        ("out_of_stock", ["replace", "restock", "call-customer", "settle-in-money"]),
        ("sent", ["lose", "receive"]),
        ("received", ["receive"]),
        ("settled_in_money", []),
    ],
)
def test_callers_see_verbs_without_their_results(state: str, verbs: list[str]) -> None:
    assert allowed(ExchangeStatus(state)) == verbs


@pytest.mark.parametrize(
    ("articles", "again", "difference"),
    [
        ((), 0, -10_000),
        ((Article(1, "TEA", 3),), 0, 0),  # the same again costs what it cost, whatever it costs today
        ((Article(1, "TEA", 1), Article(1, "RED", 2, 3_333)), 0, -1),
        ((Article(1, "TEA", 2), Article(1, "RED", 1, 3_333)), 0, 0),
        ((Article(1, "BIG", 1, 12_500),), 0, 2_500),
        ((Article(1, "BIG", 1, 9_999),), 0, -1),
        ((Article(1, "TEA", 3),), 800, 800),
        ((Article(1, "BIG", 1, 9_000),), 800, -200),
        ((Article(1, "FREE", 3, 0),), 0, -10_000),
    ],
)
def test_what_a_replacement_costs_more_or_less(articles: tuple[Article, ...], again: int, difference: int) -> None:
    """T22, T26: against what was paid for these very pieces, net of discounts."""
    assert pricing.difference({1: TEA}, articles, again) == difference


@pytest.mark.parametrize(("deducted", "difference"), [(0, 0), (1, 1), (500, 500), (10_000, 10_000), (99_999, 10_000)])
def test_damage_is_paid_for_before_the_same_article_is_sent(deducted: int, difference: int) -> None:
    """T26: a deduction never takes more than the goods are worth."""
    spoilt = Goods(1, "TEA", 3, 10_000, deducted)
    assert pricing.difference({1: spoilt}, pricing.same_again([spoilt])) == difference


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**9)), min_size=1, max_size=9))
def test_the_same_again_never_costs_anything(lines: list[tuple[int, int]]) -> None:
    """T26: to the cent, whatever the basket."""
    goods = {no: Goods(no, f"S{no}", pieces, worth) for no, (pieces, worth) in enumerate(lines, 1)}
    assert pricing.difference(goods, pricing.same_again(list(goods.values()))) == 0


@given(
    worth=st.integers(0, 10**9), pieces=st.integers(1, 50), kept=st.integers(0, 50), price=st.integers(0, 10**7),
    again=st.integers(0, 10**5), deducted=st.integers(0, 10**9),
)  # fmt: skip
def test_nobody_gets_more_back_than_the_goods_are_worth(
    worth: int, pieces: int, kept: int, price: int, again: int, deducted: int
) -> None:
    """T26: a cheaper article gives back at most the worth of what came, and every cent is somewhere."""
    goods = {1: Goods(1, "TEA", pieces, worth, deducted)}
    same = min(kept, pieces)
    articles = [Article(1, "RED", 1, price), *([Article(1, "TEA", same)] if same else [])]
    assert pricing.difference(goods, articles, again) >= -worth


@pytest.mark.parametrize(
    ("articles", "pointers"),
    [
        ((Article(1, "TEA", 3), Article(2, "CUP", 1)), []),
        ((Article(1, "RED", 9, 100), Article(2, "CUP", 1)), []),
        ((Article(1, "TEA", 2), Article(1, "RED", 1, 1), Article(2, "CUP", 1)), []),
        ((Article(1, "TEA", 3),), ["/articles"]),
        ((), ["/articles"]),
        ((Article(1, "TEA", 4), Article(2, "CUP", 1)), ["/articles/0/quantity"]),
        ((Article(1, "RED", 1), Article(2, "CUP", 1)), ["/articles/0/unit_price"]),
        ((Article(1, "TEA", 1), Article(1, "TEA", 1), Article(2, "CUP", 1)), ["/articles/1/sku"]),
        ((Article(3, "TEA", 1), Article(1, "TEA", 1), Article(2, "CUP", 1)), ["/articles/0/line_no"]),
    ],
)
def test_a_choice_fits_the_goods_that_are_given(articles: tuple[Article, ...], pointers: list[str]) -> None:
    """T22."""
    if not pointers:
        pricing.expect_fits(BOTH, articles)
        return
    with pytest.raises(Problem) as refused:
        pricing.expect_fits(BOTH, articles)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_nothing_is_chosen_for_a_line_that_gave_nothing() -> None:
    """T22: every piece of it was missing."""
    goods = {1: TEA, 2: Goods(2, "CUP", 0, 0)}
    pricing.expect_fits(goods, [Article(1, "TEA", 3)])
    with pytest.raises(Problem):
        pricing.expect_fits(goods, [Article(1, "TEA", 3), Article(2, "CUP", 1)])
    assert pricing.same_again(list(goods.values())) == (Article(1, "TEA", 3),)


@pytest.mark.parametrize(
    ("goods", "short"),
    [
        (TEA, False),
        (Goods(1, "TEA", 2, 6_667), True),
        (Goods(1, "TEA", 0, 0), True),
        (Goods(1, "TEA", 3, 10_000, 500), False),
    ],
)
def test_less_than_it_was_chosen_for_is_chosen_anew(goods: Goods, short: bool) -> None:
    """T22: an exchange whose goods fail the inspection."""
    assert pricing.short_of({1: goods}, [Article(1, "TEA", 3)]) is short


def test_another_article_stays_as_long_as_a_piece_came() -> None:
    """T22: two cups for three teas may be two cups for two teas; the difference says what that costs."""
    assert not pricing.short_of({1: Goods(1, "TEA", 2, 6_667)}, [Article(1, "CUP", 2, 5_000)])
    assert pricing.short_of({1: Goods(1, "TEA", 0, 0)}, [Article(1, "CUP", 2, 5_000)])


@pytest.mark.parametrize(
    ("payer", "asked", "fee"),
    [
        (Payer.MERCHANT, None, 0), (Payer.MERCHANT, 0, 0), (Payer.MERCHANT, 800, None), (None, None, 0),
        (None, 800, None), (Payer.CUSTOMER, 800, 800), (Payer.CUSTOMER, 0, 0), (Payer.CUSTOMER, None, None),
    ],
)  # fmt: skip
def test_who_pays_the_way_of_the_replacement(payer: Payer | None, asked: int | None, fee: int | None) -> None:
    """T25, `again`: the merchant by the marketplace's rule, the customer in stricter shops."""
    if fee is not None:
        assert pricing.delivery_again(payer, asked) == fee
        return
    with pytest.raises(Problem) as refused:
        pricing.delivery_again(payer, asked)
    assert [fault.pointer for fault in refused.value.faults] == ["/again"]
