"""备注: what an agent writes beside a flag, `【name】(content)month/day` (T31), read leniently and never lost."""

import re
from dataclasses import dataclass
from datetime import date

_OPEN, _CLOSE = "【\\[〖［", "】\\]〗］"
_ROUND_OPEN, _ROUND_CLOSE = "(（", ")）"
_NAME = re.compile(f"[{_OPEN}]([^{_OPEN}{_CLOSE}]*)[{_CLOSE}]")
_CONTENT = re.compile(f"[{_ROUND_OPEN}]([^{_ROUND_OPEN}{_ROUND_CLOSE}]*)[{_ROUND_CLOSE}]")
_DAY = re.compile(
    r"(?<![0-9])(1[0-2]|0?[1-9])\s*(?:[/\-.·．－／]|月)\s*(3[01]|[12][0-9]|0?[1-9])(?:\s*[日号])?(?![0-9])"
)
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)}


@dataclass(frozen=True)
class Remark:
    """What could be read; what could not is None, the text itself is kept elsewhere."""

    agent: str | None = None
    content: str | None = None
    marked_on: date | None = None


def read_remark(text: str, today: date) -> Remark:
    """Read a remark (T31). Each name begins a remark, and of several in one text the last counts; the year is the one
    that puts the day closest to `today`."""
    names = [found for found in _NAME.finditer(text) if found[1].strip()]
    last = text[names[-1].start() :] if len(names) > 1 else text
    rest = _NAME.sub(" ", last)
    contents = [found.strip() for found in _CONTENT.findall(rest) if found.strip()]
    days = _DAY.findall(_CONTENT.sub(" ", rest).translate(_WIDTH))
    return Remark(
        agent=names[-1][1].strip() if names else None,
        content=contents[-1] if contents else None,
        marked_on=_closest(int(days[-1][0]), int(days[-1][1]), today) if days else None,
    )


def _closest(month: int, day: int, today: date) -> date | None:
    """The day of that month nearest to today; None when no near year has it (30 February)."""
    near = [found for year in range(today.year - 4, today.year + 5) if (found := _day(year, month, day))]
    return min(near, key=lambda found: (abs(found - today), found), default=None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
