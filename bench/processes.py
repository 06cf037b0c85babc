"""What processes cost, as the kernel counts it: CPU time of a tree, memory, and which core they run on."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import LOOPBACK, LoadError
from kit.testing.children import end, free_port, last_lines, spawn
from kit.testing.poll import eventually
from ops.processes import status_of

_TERMINATE = signal.SIGTERM
_TICKS = os.sysconf("SC_CLK_TCK")
_QUIET_SHARE = 0.15
_QUIET_LOOK_SECONDS = 0.3


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its descendants, dead ones included once they were waited for."""
    return sum(_own_seconds(member) for member in tree(pid))


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    members = [pid]
    for member in members:
        for task in _listed(f"/proc/{member}/task"):
            with contextlib.suppress(OSError):
                members += map(int, Path(f"/proc/{member}/task/{task}/children").read_text().split())
    return members


def pss_mebibytes(pid: int) -> float:
    """Proportional set size: its own pages, and its share of those it shares with others."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LoadError(f"the kernel tells no memory of process {pid}")


async def quiet(pids: Iterable[int], *, within: float = 10.0) -> float:
    """Wait until these trees have next to nothing to do, for relays and subscribers to catch up; seconds waited.

    What is still busy then is measured as it is.
    """
    watched = list(pids)
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < within:
        before = sum(map(cpu_seconds, watched))
        await asyncio.sleep(_QUIET_LOOK_SECONDS)
        if sum(map(cpu_seconds, watched)) - before < _QUIET_SHARE * _QUIET_LOOK_SECONDS:
            break
    return loop.time() - began


def cores() -> tuple[set[int], set[int]]:
    """One core for what is measured and one for everything else; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return {usable[-1]}, {usable[0]}


@contextmanager
def pinned(places: Mapping[int, set[int]]) -> Iterator[None]:
    """Keep these process trees on these cores during the block."""
    everywhere = os.sched_getaffinity(0)
    try:
        for pid, allowed in places.items():
            _pin(pid, allowed)
        yield
    finally:
        for pid in places:
            _pin(pid, everywhere)


@contextmanager
def server(name: str, argv: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator[int]:
    """A server of ours for the block; its process id."""
    child = spawn(argv, log / f"{name}.log", env)
    try:
        yield child.pid
    finally:
        end(child, polite=_TERMINATE, within=5.0)


async def answering(url: str, path: str, log: Path) -> None:
    """Wait until a GET of that path is answered at all. Raises `LoadError` with the log's last lines."""
    place = urlsplit(url)
    assert place.port is not None
    port = place.port

    async def asked() -> bool:
        return await status_of(LOOPBACK, port, path) is not None

    try:
        await eventually(asked, within=20.0)
    except TimeoutError:
        raise LoadError(f"nobody answers at {url}: {last_lines(log)}") from None


def address() -> tuple[int, str]:
    """A free port and the URL with it."""
    port = free_port()
    return port, f"http://{LOOPBACK}:{port}"


def _pin(pid: int, allowed: set[int]) -> None:
    for member in tree(pid):
        for task in _listed(f"/proc/{member}/task"):
            with contextlib.suppress(OSError):  # a thread may end while we look
                os.sched_setaffinity(int(task), allowed)


def _own_seconds(pid: int) -> float:
    """User and system time, its own and that of children it has waited for."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, after_name[11:15])) / _TICKS


def _listed(folder: str) -> list[str]:
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []
