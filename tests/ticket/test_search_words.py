"""What of a text can be searched (T5): pure."""

import pytest

from services.ticket.search import words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("质量很好", " 质量很好 "),
        ("质量，很好！", " 质量 很好 "),
        ("ＡＢＣ　１２３", " abc 123 "),
        ("用iPhone15手机壳", " 用 iphone15 手机壳 "),
        ("ﾃｽﾄ", " テスト "),
        ("STRASSE straße", " strasse strasse "),
        ("a_b-c", " a b c "),
        ("😀退款😀", " 退款 "),
        ("Ⅷ ㎏ ﬁ", " viii kg fi "),
        ("", "  "),
        ("，。！", "  "),
        ("𠮷野家", " 𠮷野家 "),
        ("ÉCOLE e\u0301cole", " école école "),
        ("〇三、三〇", " 〇三 三〇 "),
    ],
)
def test_texts_have_one_plain_form(text: str, plain: str) -> None:
    assert words.plain(text) == plain
    assert words.plain(plain) == plain


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("退款", {"退款", "款"}),
        ("要退款", {"要退", "退款", "款"}),
        ("坏", {"坏"}),
        ("iPhone坏了", {"iphone", "坏了", "了"}),
        ("x" * 100, {"x" * 64}),
        ("...", set()),
    ],
)
def test_entries(text: str, entries: set[str]) -> None:
    assert words.entries(text) == entries
