"""What the runs came to: printed, and with KEFU_KEEP=yes written into docs/limits.md, each with when it was measured."""

import os
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import document, machine

PLACE = Path(__file__).resolve().parents[2] / "docs" / "limits.md"
_rows: dict[str, list[list[str]]] = defaultdict(list)


def row(capsys: pytest.CaptureFixture[str], part: str, columns: str, *cells: object, note: str = "") -> None:
    """One more row of a part's table, whose columns are named with `|` between them."""
    names = [name.strip() for name in columns.split("|")]
    texts = [str(cell) for cell in cells]
    assert len(names) == len(texts)
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True)), note)
    if os.environ.get("KEFU_KEEP"):
        rows = _rows[part]
        rows.append(texts)
        lines = [_line(names), _line(["---"] * len(names)), *map(_line, rows), ""]
        lines += [f"{note}\n"] * bool(note)
        stamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine.load_now()}."
        document.keep(part, "\n".join([*lines, stamp]), PLACE)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
