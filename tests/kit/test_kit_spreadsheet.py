"""Spreadsheets: what people and buyers write is never calculated (formula injection), numbers stay numbers."""

import io
import re
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from kit.spreadsheet import Sheet, text, workbook

PAYLOADS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠A1", " =1+1", "'=1+1", '"=1+1',
    "\ufeff=1+1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0", "{=1+1}", "http://example.com", "mailto:x@y",
    "internal:Sheet1!A1", "007", "1e5", "TRUE", "#REF!", "<f>1+1</f>", "张三",
)  # fmt: skip


def read(content: bytes, name: str = "t") -> list[list[object]]:
    """The rows of a sheet as another library reads them."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


def inside(content: bytes) -> str:
    """All that the file says, as XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_is_a_text(payload: str) -> None:
    """In a row and in a head: no formula, no link, no number of its own accord."""
    content = workbook([Sheet("t", [payload], [[payload]])])
    assert read(content) == [[payload], [payload]]
    told = inside(content)
    assert not re.search(r"<f[ >/]", told)
    assert "<hyperlink" not in told
    assert told.count('t="s"') == 2


def test_what_the_format_cannot_hold_is_left_out() -> None:
    """Control characters, halves of characters, and what is too long."""
    assert text("a\x00b\x1b\ud800c\uffff") == "abc"
    content = workbook([Sheet("t", ["n"], [["x" * 40_000]])])
    assert read(content)[1] == ["x" * 32_767]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    """A negative amount is no formula; a missing figure is no zero."""
    content = workbook([Sheet("t", ["a", "b", "c", "d"], [[-5, Decimal("-12.50"), None, 0]])])
    assert read(content)[1] == [-5.0, -12.5, "", 0.0]


@given(st.lists(st.one_of(st.text(max_size=30), st.integers(-(10**9), 10**9), st.none()), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_every_row_comes_back(row: list[str | int | None]) -> None:
    """Whatever is in it."""
    content = workbook([Sheet("t", ["h"] * len(row), [row])])
    assert not re.search(r"<f[ >/]", inside(content))
    numbers = [cell for cell in row if isinstance(cell, int)]
    found = read(content)
    assert [cell for cell in (found[1] if len(found) > 1 else []) if isinstance(cell, float)] == numbers


def test_names_of_sheets_are_made_fit() -> None:
    """No sign that the format refuses, no more than it holds."""
    content = workbook([Sheet("a/b[c]:*?\\", ["h"], [])])
    (name,) = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    assert name == "a b c     "
