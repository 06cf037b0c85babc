"""Child processes that never outlive us, and ports for them to listen on."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from kit.testing.poll import until

LOOPBACK = "127.0.0.1"
PORTS = range(15_000, 32_000)
"""Below the range that outgoing connections take their ports from (Linux: from 32768): there, a client that
keeps knocking on the port of a killed server can connect to itself, and the server never gets it back."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
"""Linux sends the death signal when the *thread* that forked ends, so one thread forks them all and stays."""


class ServerError(Exception):
    """An embedded server cannot be had here; the message is one sentence for people."""


def tied_to_parent() -> Callable[[], None]:
    """What a child runs between fork and exec so that the kernel kills it when this process dies.

    Elsewhere than on Linux there is no such promise and the child lives by its parent's good manners.
    """
    parent = os.getpid()

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return tie


def spawn(argv: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (Ctrl-C is ours to hand on) that writes into `log`.

    The log of the run before stays beside it as `<log>.old`.
    """
    if log.exists():
        log.replace(log.with_name(log.name + ".old"))
    with log.open("wb") as output:
        return _spawner.submit(
            subprocess.Popen,
            [str(word) for word in argv],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tied_to_parent(),
        ).result()


def end(process: subprocess.Popen[bytes], polite: signal.Signals, within: float) -> None:
    """Ask the child to end, and make it end when it has not after `within` seconds."""
    if process.poll() is None:
        process.send_signal(polite)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, for an error message."""
    if not log.exists():
        return "(it wrote nothing)"
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-count:]) or "(it wrote nothing)"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port nobody listens on, outside the range of outgoing connections."""
    for port in random.SystemRandom().sample(PORTS, 200):
        if is_free(port):
            return port
    raise ServerError(f"No free port between {PORTS.start} and {PORTS.stop} on {LOOPBACK}.")


def claimed(port: int | None, name: str) -> int:
    """The wanted port once it is free (a predecessor may be dying), any free one if none is wanted."""
    if port is None:
        return free_port()
    try:
        until(lambda: is_free(port), within=1.0)
    except TimeoutError:
        raise ServerError(f"{name} cannot start: port {port} is already in use.") from None
    return port


class LocalServer(ABC):
    """What the embedded servers share: folder, log, a port that is kept, a child that can be ended."""

    name: ClassVar[str]
    polite: ClassVar[signal.Signals]

    def __init__(self, folder: Path, port: int | None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / f"{self.name.lower()}.log"
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port clients connect to. Raises `ServerError` before the first start if none was asked for."""
        if self._port is None:
            raise ServerError(f"{self.name} has no port yet: it was never started.")
        return self._port

    @property
    def pid(self) -> int:
        """The process id. Raises `ServerError` while not started."""
        return self._child().pid

    @property
    def running(self) -> bool:
        """Whether the server was started and is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect to."""

    @abstractmethod
    def start(self, within: float = 30.0) -> None:
        """Start the server and wait until it serves; again after `stop()` or `kill()`, on the same port.

        Raises `ServerError`: one sentence, or the log's last lines.
        """

    def wait_ready(self, within: float = 30.0) -> None:
        """Wait until clients are served.

        Raises `ServerError` with the log's last lines when that takes longer than `within` seconds or the
        server dies.
        """
        child = self._child()
        try:
            until(lambda: child.poll() is not None or self._is_ready(), within)
        except TimeoutError:
            raise ServerError(f"{self.name} was not ready within {within:g} s:\n{last_lines(self.log)}") from None
        if child.poll() is not None:
            raise ServerError(f"{self.name} ended before it was ready:\n{last_lines(self.log)}")

    def stop(self, within: float = 10.0) -> None:
        """End in order, or by force after `within` seconds. Nothing happens when it is not started."""
        if self._process is not None:
            end(self._process, self.polite, within)
            self._process = None

    def kill(self) -> None:
        """End as a crash would: SIGKILL, nothing tidied up. `start()` brings it back."""
        if self._process is not None:
            end(self._process, signal.SIGKILL, 10.0)
            self._process = None

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether clients are served now."""

    def _child(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerError(f"{self.name} is not started.")
        return self._process
