"""Field types of request bodies: strict where JSON is, bounded everywhere, free of control characters.

What a type demands is in its JSON Schema, too, as far as that can say it: the API's document promises nothing that is
refused, and nothing it forbids is taken.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from kit.clock import as_utc
from kit.http.faults import InvalidValue

Amount = Annotated[
    str,
    Field(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$", examples=["12.50"], description="A decimal string."),
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["CNY"], description="ISO 4217.")]
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:.*")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_PATTERN = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK_PATTERN = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_INSTANT_PATTERN = f"^(19[7-9][0-9]|2[01][0-9]{{2}}|2200)-{_DAY_PATTERN}[Tt]{_CLOCK_PATTERN}$"
_CONTROL = r"\u0000-\u0008\u000b-\u001f\u007f"
_UNPRINTABLE = re.compile(rf"[{_CONTROL}\ud800-\udfff]")
_VISIBLE = re.compile(r"[^\s\ufeff]")
_TEXT_PATTERN = f"^[^{_CONTROL}]*$"
_LINE_PATTERN = rf"^[^\n{_CONTROL}]*[^\s\u0085\ufeff{_CONTROL}][^\n{_CONTROL}]*$"


def documented(pattern: str) -> Any:
    """A pattern for the API's document alone; a validator that says better what is wrong checks the same."""
    return Field(json_schema_extra={"pattern": pattern})


def _printable(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise InvalidValue("不能包含控制字符", "must not hold control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or not _VISIBLE.search(text):
        raise InvalidValue("必须是一行非空文本", "must be one line of text")
    return _printable(text)


def _from_text(value: object) -> object:
    """RFC 3339 text only: a bare number, quoted or not, would be taken for seconds since 1970."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise InvalidValue("必须是 RFC 3339 时间", "must be an RFC 3339 time")
    return value


def _day_from_text(value: object) -> object:
    """YYYY-MM-DD only: a bare number would be taken for seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        raise InvalidValue("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD")
    return value


def _in_range(day: date) -> date:
    if not 1950 <= day.year <= 2200:
        raise InvalidValue("日期超出范围", "the date is out of range")
    return day


def _utc(at: datetime) -> datetime:
    try:
        moved = as_utc(at)
    except OverflowError as error:
        raise InvalidValue("时间超出范围", "the time is out of range") from error
    if not 1970 <= moved.year <= 2200:
        raise InvalidValue("时间超出范围", "the time is out of range")
    return moved


Instant = Annotated[AwareDatetime, BeforeValidator(_from_text), AfterValidator(_utc), documented(_INSTANT_PATTERN)]
Day = Annotated[
    date,
    BeforeValidator(_day_from_text),
    AfterValidator(_in_range),
    documented(f"^(19[5-9][0-9]|2[01][0-9]{{2}}|2200)-{_DAY_PATTERN}$"),
]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line), documented(_LINE_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(_printable), documented(_TEXT_PATTERN)]
