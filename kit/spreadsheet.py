"""Spreadsheets for people and for finance: text stays text and numbers stay numbers (reports, pay tables).

A cell of text is written as text whatever it says, so nothing in it is ever taken for a formula or a link; control
characters, which the format can't hold, are left out.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | Decimal | None
_LONGEST = 32_767
_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NAME = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the heads of its columns, and its rows."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The sheets as an XLSX file, the heads bold and always in view."""
    import xlsxwriter

    kept = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(kept, options) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet(_NAME.sub(" ", sheet.name)[:31])
            page.freeze_panes(1, 0)
            for column, head in enumerate(sheet.heads):
                page.write_string(0, column, text(head), bold)
                page.set_column(column, column, max(12, min(40, 2 * len(head) + 4)))
            for line, row in enumerate(sheet.rows, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        page.write_string(line, column, text(cell))
                    elif cell is not None:
                        page.write_number(line, column, cell)
    return kept.getvalue()


def text(value: str) -> str:
    """A text as a cell can hold it."""
    return _UNHOLDABLE.sub("", value)[:_LONGEST]
