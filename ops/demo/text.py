"""Figures as people read them, in columns where a Chinese character is as wide as two letters."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.cells import cell_len

GAP = "  "
HOUR, TWO_MINUTES = 3600, 120


def columns(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """The rows as lines: the first `left` columns begin under one another, the others end so."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [GAP.join(_cells(row, widths, left)).rstrip() for row in rows]


def count(number: int) -> str:
    """As `69,659`."""
    return f"{number:,}"


def amount(sum_: str | Decimal) -> str:
    """As `2,500,315.63`."""
    return f"{Decimal(sum_):,}"


def duration(seconds: float) -> str:
    """As `2 h`, `5 min` or `1.4 s`."""
    if seconds >= HOUR:
        return f"{seconds / HOUR:.3g} h"
    return f"{seconds / 60:.3g} min" if seconds >= TWO_MINUTES else f"{seconds:.1f} s"


def listed(counts: Mapping[str, int]) -> str:
    """As `cleared 24, problem 2`, the most first; `none` of nothing."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{name} {number:,}" for name, number in ordered) or "none"


def _cells(row: Sequence[str], widths: Sequence[int], left: int) -> list[str]:
    padded = []
    for place, (text, width) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (width - cell_len(text))
        padded.append(text + blanks if place < left else blanks + text)
    return padded
