"""How far long work has come: bars for people at a terminal, now and then a line for everybody else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

LINE_EVERY = 5.0


class Speed(ProgressColumn):
    """So many a second, and how long the rest will take at that."""

    def render(self, task: Task) -> Text:
        return Text(f"{speed_of(task)} {left_of(task)}".strip(), style="cyan")


class Meter:
    """Shows several works that go on side by side."""

    def __init__(self, progress: Progress, console: Console) -> None:
        self._progress = progress
        self._console = console
        self._shown_at = time.monotonic()

    def begin(self, title: str, total: int, done: int = 0) -> TaskID:
        """A work of so many pieces, of which some were done before."""
        return self._progress.add_task(title, total=total, completed=done)

    def advance(self, task: TaskID, pieces: int) -> None:
        """So many more are done."""
        self._progress.advance(task, pieces)
        self._tell()

    def reach(self, task: TaskID, done: int) -> None:
        """So many are done by now."""
        self._progress.update(task, completed=done)
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if self._console.is_terminal or now - self._shown_at < LINE_EVERY:
            return
        self._shown_at = now
        if works := [task for task in self._progress.tasks if task.completed < (task.total or 0)]:
            self._console.print("  ·  ".join(map(_sentence, works)), soft_wrap=True, highlight=False)


@contextmanager
def meter(console: Console) -> Iterator[Meter]:
    """A meter whose bars go with the block."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Meter(progress, console)


def speed_of(task: Task) -> str:
    """As `612/s`; nothing as long as nobody knows."""
    return f"{task.speed:,.0f}/s" if task.speed and task.speed >= 1 else ""


def left_of(task: Task) -> str:
    """As `1 min 10 s left`."""
    if task.time_remaining is None or task.finished:
        return ""
    minutes, seconds = divmod(int(task.time_remaining), 60)
    return f"{minutes} min {seconds} s left" if minutes else f"{seconds} s left"


def _sentence(task: Task) -> str:
    words = (f"{task.description}: {task.completed:,.0f} of {task.total or 0:,.0f}", speed_of(task), left_of(task))
    return ", ".join(filter(None, words))
