"""The document that keeps what the parts printed last: each part's words stand between two comments, with how and
when they were measured. Nothing in between is written by hand."""

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.load import LoadError

PLACE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


class Copied(io.TextIOBase):
    """Standard output, and a copy of what went there."""

    def __init__(self) -> None:
        self._shown = sys.stdout
        self.text = ""

    def write(self, text: str) -> int:
        """Show it and keep it."""
        self.text += text
        return self._shown.write(text)

    def flush(self) -> None:
        """Nothing is held back."""
        self._shown.flush()


@contextlib.contextmanager
def copied() -> Iterator[Copied]:
    """What is printed in the block."""
    copy = Copied()
    with contextlib.redirect_stdout(copy):
        yield copy


def keep(part: str, words: str, place: Path = PLACE) -> None:
    """Put the words in place of what the part said before. Raises `LoadError` when there is no place for it."""
    begin, end = f"<!-- measured: {part} -->", f"<!-- end of {part} -->"
    before, found, rest = place.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise LoadError(f"{place} has no place for {part}: {begin} … {end}")
    place.write_text(f"{before}{begin}\n{words.strip()}\n{end}{after}")
