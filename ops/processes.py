"""The parts of a running stack: embedded servers and our own programs, all started, watched and ended alike."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kit.testing.children import LOOPBACK, LocalServer, last_lines, tied_to_parent
from ops.environment import StackError

READY_WITHIN = 60.0
END_WITHIN = 10.0

Show = Callable[[str, str], None]
"""Takes a part's name and one line it wrote."""


class Part(Protocol):
    """Something that runs as long as the stack runs."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def pid(self) -> int:
        """Its process id."""

    async def start(self) -> None:
        """Start it, again if need be. Raises `ServerError` or `StackError`, one sentence."""

    async def wait_ready(self) -> None:
        """Wait until it serves. Raises `ServerError` or `StackError`, one sentence."""

    async def ended(self) -> str:
        """Wait until it ends by itself, and say how."""

    async def stop(self) -> None:
        """End it, by force if it takes too long."""


@dataclass(frozen=True)
class Program:
    """One of our own processes: its command, its environment, and where it answers.

    `early`, if given, is a command that does the same but waits for the end of its standard input first.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    port: int
    host: str = LOOPBACK
    early: tuple[str, ...] = ()


def python_program(
    name: str, module: str, heavy: str, env: Mapping[str, str], port: int, host: str = LOOPBACK, metrics: int = 0
) -> Program:
    """A program that is one of our modules, run by this same Python; `heavy` is what it takes long to import."""
    told = {**env, "KEFU_HOST": host, "KEFU_PORT": str(port), "KEFU_METRICS_PORT": str(metrics)}
    early = (sys.executable, "-m", "ops.early", module, heavy)
    return Program(name, (sys.executable, "-m", module), told, port, host, early)


class RunningServer:
    """An embedded server as a part of the stack."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self._starting: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def pid(self) -> int:
        return self.server.pid

    async def start(self) -> None:
        # A thread cannot be called off: `stop` has to know of the start that may still be under way.
        self._starting = asyncio.create_task(asyncio.to_thread(self.server.start))
        await asyncio.shield(self._starting)

    async def wait_ready(self) -> None:
        await asyncio.to_thread(self.server.wait_ready)

    async def ended(self) -> str:
        while self.server.running:  # noqa: ASYNC110 - a Popen offers no event to wait for
            await asyncio.sleep(0.1)
        return f"its log is {self.server.log}"

    async def stop(self) -> None:
        if self._starting is not None:
            await asyncio.wait({self._starting})
        await asyncio.to_thread(self.server.stop, END_WITHIN)


class RunningProgram:
    """A program as a part of the stack; what it writes goes to `show` line by line, or into a log file."""

    def __init__(self, program: Program, output: Show | Path) -> None:
        self.program = program
        self.output = output
        self.last_line = ""
        self._process: Process | None = None
        self._waits_for_start = False
        self._relay: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int:
        return self._child().pid

    async def warm_up(self) -> None:
        """Begin with what can be done before `start`; nothing, for a program that knows no such thing."""
        if self.program.early:
            await self._spawn(self.program.early, PIPE)
            self._waits_for_start = True

    async def start(self) -> None:
        child = self._process
        if self._waits_for_start and child is not None and child.returncode is None and child.stdin is not None:
            child.stdin.close()
        else:
            await self._spawn(self.program.command, DEVNULL)
        self._waits_for_start = False

    async def wait_ready(self) -> None:
        """Ask `/readyz` until it answers 200. Raises `StackError` when the program ends or takes too long."""
        child = self._child()
        answer = "nothing"
        try:
            async with asyncio.timeout(READY_WITHIN):
                while child.returncode is None:
                    status = await status_of(self.program.host, self.program.port, "/readyz")
                    if status == 200:
                        return
                    answer = str(status or "nothing")
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise StackError(
                f"{self.name} was not ready within {READY_WITHIN:g} s (/readyz answered {answer})."
            ) from None
        raise StackError(f"{self.name} ended before it was ready ({await self.ended()}).")

    async def ended(self) -> str:
        code = await self._child().wait()
        await self._hear_out()
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if isinstance(self.output, Path):
            return f"{how}; its log {self.output} ends: {last_lines(self.output, 1)}"
        return f"{how}; its last words: {self.last_line or 'none'}"

    async def stop(self) -> None:
        child = self._process
        if child is None:
            return
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), END_WITHIN)
            except TimeoutError:
                child.kill()
                await child.wait()
        await self._hear_out()

    async def _spawn(self, command: tuple[str, ...], stdin: int) -> None:
        if isinstance(self.output, Path):
            with self.output.open("ab") as log:
                self._process = await self._child_of(command, stdin, log.fileno())
        else:
            self._process = await self._child_of(command, stdin, PIPE)
            self._relay = asyncio.create_task(self._pass_on(self._process, self.output))

    async def _child_of(self, command: tuple[str, ...], stdin: int, stdout: int) -> Process:
        return await asyncio.create_subprocess_exec(
            *command,
            env=dict(self.program.env),
            stdin=stdin,
            stdout=stdout,
            stderr=STDOUT,
            start_new_session=True,
            preexec_fn=tied_to_parent(),
        )

    async def _hear_out(self) -> None:
        """Let what was written before the end still be passed on."""
        if self._relay is not None:
            await asyncio.wait({self._relay}, timeout=1.0)

    async def _pass_on(self, process: Process, show: Show) -> None:
        """Read in blocks rather than lines: a line may be longer than any limit of a stream reader."""
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        rest = b""
        while block := await process.stdout.read(65_536):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self._tell(line, show)
        if rest:
            self._tell(rest, show)

    def _tell(self, line: bytes, show: Show) -> None:
        text = line.decode(errors="replace").rstrip()
        self.last_line = text or self.last_line
        show(self.name, text)

    def _child(self) -> Process:
        if self._process is None:
            raise StackError(f"{self.name} is not started.")
        return self._process


async def status_of(host: str, port: int, path: str, within: float = 2.0) -> int | None:
    """The status of a GET, or None when nobody answers in time. A few lines, since clients import slowly."""
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None
