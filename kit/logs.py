"""Log lines are JSON with request and trace ids, and no personal data (X6): pass ids, never payloads."""

import logging
import sys
from typing import Any

import orjson
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure(service: str, level: str = "info") -> None:
    """Send this process's log lines to standard output, one JSON object a line."""
    number = logging.getLevelNamesMapping()[level.upper()]
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
        logger_factory=structlog.BytesLoggerFactory(file=sys.stdout.buffer),
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
