"""Where a hit stands in the text as it was written (T5): pure."""

import random

import pytest

from services.ticket.search import words
from services.ticket.search.highlight import FRAGMENT, fragment, hits, trace
from services.ticket.search.query import terms_of


def marked(body: str, asked: str) -> list[str]:
    return [body[start:end] for start, end in hits(body, [term.pattern for term in terms_of(asked)])]


@pytest.mark.parametrize(
    ("body", "asked", "found"),
    [
        ("我要退款，快退款！", "退款", ["退款", "退款"]),
        ("我的ｉＰｈｏｎｅ坏了", "iphone", ["ｉＰｈｏｎｅ"]),
        ("用 iPhone 手机壳", "iPhone手机", ["iPhone 手机"]),
        ("哈哈哈哈", "哈哈", ["哈哈哈哈"]),
        ("重㎏的箱子", "kg", ["㎏"]),
        ("cafe\u0301 time", "café", ["cafe\u0301"]),
        ("ﾃﾞｰﾀが消えた", "データ", ["ﾃﾞｰﾀ"]),
        ("订单A-100", "a 100", ["A", "100"]),
        ("不好", "好", ["好"]),
        ("phones", "phone", []),
        ("<b>退款</b>", "退款", ["退款"]),
        ("", "退款", []),
    ],
)
def test_hits(body: str, asked: str, found: list[str]) -> None:
    assert marked(body, asked) == found


def test_the_traced_form_is_the_plain_form() -> None:
    """Whatever the characters: what is compared and what is shown are found the same way."""
    dice = random.Random(5)
    alphabet = "退款好坏 ,。!aBＣ１２ﬁ㎏éß\n😀〇カﾞ가-_'\\\"<&%"
    for _ in range(500):
        body = "".join(dice.choice(alphabet) for _ in range(dice.randrange(30)))
        traced = trace(body)
        assert traced.plain == words.plain(body), body
        assert len(traced.origins) == len(traced.plain)


def test_a_fragment_is_a_short_piece_around_the_first_hit() -> None:
    body = "前" * 500 + "退款" + "后" * 500 + "退款"
    piece = fragment(body, ["退款"])
    assert piece is not None
    assert len(piece.text) == FRAGMENT
    assert [piece.text[start:end] for start, end in piece.hits] == ["退款"]
    assert fragment(body, ["退货"]) is None
