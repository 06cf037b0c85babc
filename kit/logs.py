"""Log lines are JSON with request and trace ids, and no personal data (X6): pass ids, never payloads.

`log` is for what happens now and then. `note` is for the line that every request writes: it costs a tenth, and the
lines of one turn of the event loop are written together, in their order.
"""

import asyncio
import atexit
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

import orjson
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Output:
    """Where lines go, in the order of their coming; structlog calls it a logger."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._held: list[bytes] = []
        self.service = ""
        self.info_is_on = False

    def msg(self, line: bytes) -> None:
        """A line, at once."""
        self._held.append(line)
        self.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = msg

    def hold(self, line: bytes) -> None:
        """A line, with the others of this turn of the event loop."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self.flush)
        self._held.append(line)

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self._stream.write(b"\n".join(self._held) + b"\n")
            self._held.clear()
            self._stream.flush()


_output: Output | None = None


def note(event: str, **facts: Any) -> None:
    """An `info` line from within the event loop: nothing is added to it but what every line says."""
    if _output is None:
        log.info(event, **facts)
    elif _output.info_is_on:
        said = {**facts, "event": event, "level": "info", "time": datetime.now(UTC), "service": _output.service}
        _output.hold(orjson.dumps(said, option=orjson.OPT_UTC_Z))


def configure(service: str, level: str = "info") -> None:
    """Send this process's log lines to standard output, one JSON object a line."""
    global _output  # noqa: PLW0603 - a process has one standard output
    number = logging.getLevelNamesMapping()[level.upper()]
    if _output is None:
        _output = Output(sys.stdout.buffer)
        atexit.register(_output.flush)
    output = _output
    output.service, output.info_is_on = service, number <= logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _named(service),
            _error_class,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: output,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


def _dumps(value: Any, **_: Any) -> bytes:
    return orjson.dumps(value, default=str)


def _named(service: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add


def _error_class(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Exceptions are logged as where and what class: their text may quote a person's data."""
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["at"] = _place(error)
    elif error is not None:
        event["error"] = error
    return event


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return "?"
    code = frame.tb_frame.f_code
    return f"{code.co_qualname}:{frame.tb_lineno}" if hasattr(code, "co_qualname") else code.co_name


class _Bridge(logging.Handler):
    """Libraries' warnings join the same stream, as their logger's name and level without arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning(
            "library",
            logger=record.name,
            level_name=record.levelname,
            line=f"{record.module}:{record.lineno}",
        )
