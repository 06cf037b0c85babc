"""Where in a text the terms stand, as offsets into the text as it was written. Pure; nothing is marked up."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.ticket.search import words

FRAGMENT = 80
BEFORE = 20
MOST_HITS = 20
_VOICED = "\uff9e\uff9f"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a text with its hits: pairs of offsets (in characters, end exclusive) into the piece."""

    text: str
    hits: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Traced:
    """The plain form of a text, and for each of its characters where it comes from."""

    plain: str
    origins: list[tuple[int, int]]


def fragment(body: str, patterns: Sequence[str]) -> Fragment | None:
    """The piece of the text around its first hit, or None when nothing of it is found here."""
    marks = hits(body, patterns)
    if not marks:
        return None
    start = max(0, marks[0][0] - BEFORE)
    end = min(len(body), max(start + FRAGMENT, marks[0][1]))
    inside = [(first - start, last - start) for first, last in marks if last <= end]
    return Fragment(body[start:end], inside[:MOST_HITS])


def hits(body: str, patterns: Sequence[str]) -> list[tuple[int, int]]:
    """All places of the patterns in the text, in order; those that touch are one."""
    traced = trace(body)
    found = sorted(place for pattern in patterns for place in _places(traced, pattern))
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def trace(body: str) -> Traced:
    """The plain form of a text as `words.plain` makes it, with origins."""
    folded, starts, places = _folded(body)
    plain, origins = [" "], [(0, 0)]
    for run, begin in words.placed(folded):
        for at, char in enumerate(run, begin):
            plain.append(char)
            origins.append(places[bisect_right(starts, at) - 1])
        plain.append(" ")
        origins.append((origins[-1][1], origins[-1][1]))
    if len(plain) == 1:
        plain.append(" ")
        origins.append((len(body), len(body)))
    return Traced("".join(plain), origins)


def _places(traced: Traced, pattern: str) -> Iterator[tuple[int, int]]:
    inner = len(pattern) - len(pattern.lstrip())
    length = len(pattern.strip())
    at = traced.plain.find(pattern)
    while at >= 0:
        first = at + inner
        yield traced.origins[first][0], traced.origins[first + length - 1][1]
        at = traced.plain.find(pattern, at + 1)


def _folded(body: str) -> tuple[str, list[int], list[tuple[int, int]]]:
    """The folded text, with the beginning of what each piece of the body became, and the pieces' places."""
    parts: list[str] = []
    starts: list[int] = []
    places: list[tuple[int, int]] = []
    length = 0
    for begin, end in _pieces(body):
        part = words.folded(body[begin:end])
        if part:
            parts.append(part)
            starts.append(length)
            places.append((begin, end))
            length += len(part)
    return "".join(parts), starts, places


def _pieces(body: str) -> Iterator[tuple[int, int]]:
    """A character with the marks that belong to it, again and again."""
    begin = 0
    for at in range(1, len(body) + 1):
        if at == len(body) or not (unicodedata.combining(body[at]) or body[at] in _VOICED):
            yield begin, at
            begin = at
