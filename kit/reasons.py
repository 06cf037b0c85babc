"""Why an event could not be taken, said so that somebody can mend the cause, and without any value of it (X6).

Names of fields are ours and may be told, keys that a sender made up may not: they can be anybody's phone number.
"""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError

from kit.privacy import scrub
from kit.problems import Problem

_OURS = ("contracts", "kit", "services", "gateway")
_FAULTS = 5
_LONGEST = 500


class RefusedEventError(Exception):
    """Raised by a handler for an event that it will never be able to take: it is buried at once with this text, which
    names places and codes and never a value."""


def reason_of(error: Exception) -> str:
    """The class of the error with all that can be told of it: fields, codes, constraints, and where it was raised."""
    if isinstance(error, RefusedEventError):
        return scrub(str(error))[:_LONGEST] or type(error).__qualname__
    told = _told(error)
    return f"{type(error).__qualname__}{f': {told}' if told else ''} (at {_place(error)})"[:_LONGEST]


def faults_in(error: ValidationError) -> str:
    """The first faults: where, and of which type."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return _first(f"{_path(one['loc'])} {one['type']}".strip() for one in found)


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return faults_in(error)
    if isinstance(error, Problem):
        return " ".join((error.slug, _first(_path(fault.pointer.split("/")[1:]) for fault in error.faults))).strip()
    if isinstance(error, DBAPIError):
        cause: Any = error.orig.__cause__ if error.orig is not None else None
        codes = (getattr(cause, name, None) for name in ("sqlstate", "table_name", "constraint_name"))
        return " ".join(str(code) for code in codes if code)
    return ""


def _first(faults: Iterable[str]) -> str:
    every = list(faults)
    more = f" and {len(every) - _FAULTS} more" if len(every) > _FAULTS else ""
    return ", ".join(every[:_FAULTS]) + more


def _path(location: Iterable[object]) -> str:
    known = _field_names()
    parts = [str(part) if isinstance(part, int) or part in known or _is_index(part) else "*" for part in location]
    return "".join(f"/{part}" for part in parts)


def _is_index(part: object) -> bool:
    return isinstance(part, str) and part.isdecimal() and len(part) <= 4


def _field_names() -> set[str]:
    """The fields of all models there are in this process."""
    names: set[str] = set()
    for model in _below(BaseModel):
        names.update(model.model_fields)
    return names


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def _place(error: BaseException) -> str:
    """The last place in our own code that the error went through."""
    place, frame = "?", error.__traceback__
    while frame is not None:
        if _module(frame).partition(".")[0] in _OURS or place == "?":
            place = f"{_module(frame)}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place


def _module(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", "?"))
