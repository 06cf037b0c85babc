"""What of a text can be searched: runs of Chinese characters in pairs, other words whole.

A text is brought to one plain form (full and half width, case and punctuation are alike), in which runs stand
between single blanks. A Chinese run is found by its pairs of neighbours, so that the commonest words, those of two
characters, are entries of the index; its last character is an entry of its own, so that one character is the
beginning of some entry wherever it stands. A word of letters and digits is one entry.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import add

LONGEST_WORD = 64
_HAN = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}](?:[^\W_{_HAN}]|[\u0300-\u036f])*")
_IS_HAN = re.compile(rf"[{_HAN}]+")


def folded(text: str) -> str:
    """The text with full width, compatibility forms and case made alike."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def runs(text: str) -> list[str]:
    """The runs of a text, in order: Chinese ones and words, each folded."""
    return _RUN.findall(folded(text))


def neighbours(text: str) -> list[list[str]]:
    """The runs of a text that stand next to each other with nothing between, together."""
    groups: list[list[str]] = []
    end = -1
    for run, start in placed(folded(text)):
        if start == end:
            groups[-1].append(run)
        else:
            groups.append([run])
        end = start + len(run)
    return groups


def placed(text: str) -> Iterator[tuple[str, int]]:
    """The runs of a folded text, each with the place where it begins."""
    return ((match[0], match.start()) for match in _RUN.finditer(text))


def plain(text: str) -> str:
    """The text as it is compared: its runs between single blanks, a blank at either end."""
    return f" {' '.join(runs(text))} "


def entries(text: str) -> set[str]:
    """The entries under which the text stands in the index."""
    return entries_of_plain(plain(text))


def entries_of_plain(plain: str) -> set[str]:
    """The same for a text that is in its plain form already; to bring it there is most of the work."""
    found: set[str] = set()
    for run in plain.split():
        if is_chinese(run):
            found.update(pairs(run), run[-1])
        else:
            found.add(run[:LONGEST_WORD])
    return found


def is_chinese(run: str) -> bool:
    """Whether the run is one of Chinese characters (kana and hangul are treated alike)."""
    return _IS_HAN.fullmatch(run) is not None


def of_shop(shop: str) -> str:
    """The entry of all texts of a shop. Words hold no `@`."""
    return f"@shop:{shop}"


def of_month(at: datetime) -> str:
    """The entry of all texts of tickets opened in that month (UTC)."""
    return f"@month:{at:%Y%m}"


def place(shop: str, opened_at: datetime) -> Sequence[str]:
    """The entries that say where a ticket belongs rather than what it says."""
    return of_shop(shop), of_month(opened_at)


def pairs(run: str) -> Iterable[str]:
    """Neighbours of a Chinese run, two by two."""
    return map(add, run, run[1:])
