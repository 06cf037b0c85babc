"""What somebody asks for, as terms: all of them must be found, each as it is written (T5). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ticket.search import words

MOST_TERMS = 8
MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Term:
    """Runs that stand next to each other: 退款, iPhone, iPhone手机壳."""

    runs: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """What the plain form of a text holds that has this term: a word of letters only whole, a Chinese run also
        within a longer one."""
        first, last = words.is_chinese(self.runs[0]), words.is_chinese(self.runs[-1])
        return f"{'' if first else ' '}{' '.join(self.runs)}{'' if last else ' '}"

    @property
    def entries(self) -> str:
        """A tsquery that finds every text with this term, and few others."""
        return " & ".join(dict.fromkeys(one for run in self.runs for one in _entries(run)))


def terms_of(asked: str) -> list[Term]:
    """The terms of a search, the most telling first; none where there is no word at all."""
    found = dict.fromkeys(Term(tuple(runs)) for runs in words.neighbours(asked))
    return sorted(found, key=lambda term: -len(term.pattern))


def entries_of(term: Term, shops: Sequence[str] | None, since: datetime | None, until: datetime) -> str:
    """The term's tsquery, narrowed to shops and to the months in which the ticket may have been opened."""
    parts = [term.entries]
    if shops is not None:
        parts.append(_any_of(words.of_shop(shop) for shop in shops))
    months = _months(since, until) if since else []
    if months:
        parts.append(_any_of(months))
    return " & ".join(parts)


def _entries(run: str) -> Iterable[str]:
    if not words.is_chinese(run):
        return [_quoted(run[: words.LONGEST_WORD])]
    if len(run) == 1:
        return [f"{_quoted(run)}:*"]
    return [_quoted(pair) for pair in words.pairs(run)]


def _any_of(entries: Iterable[str]) -> str:
    return f"({' | '.join(_quoted(entry) for entry in entries)})"


def _quoted(entry: str) -> str:
    return "'" + entry.replace("\\", "\\\\").replace("'", "''") + "'"


def _months(since: datetime, until: datetime) -> list[str]:
    """The months from one instant to the other; none when they are too many to be of use."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    if not 0 <= last - first < MOST_MONTHS:
        return []
    return [words.of_month(since.replace(year=at // 12, month=at % 12 + 1, day=1)) for at in range(first, last + 1)]
