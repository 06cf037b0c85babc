"""Field types of request bodies: strict where JSON is, bounded everywhere, free of control characters."""

import re
from datetime import datetime
from typing import Annotated

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


def _printable(text: str) -> str:
    if any(
        (ord(char) < 32 and char not in "\n\t") or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 for char in text
    ):
        raise InvalidValue("不能包含控制字符", "must not hold control characters")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or not text.strip():
        raise InvalidValue("必须是一行非空文本", "must be one line of text")
    return _printable(text)


def _from_text(value: object) -> object:
    """RFC 3339 text only: a bare number, quoted or not, would be taken for seconds since 1970."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise InvalidValue("必须是 RFC 3339 时间", "must be an RFC 3339 time")
    return value


def _utc(at: datetime) -> datetime:
    try:
        moved = as_utc(at)
    except OverflowError as error:
        raise InvalidValue("时间超出范围", "the time is out of range") from error
    if not 1970 <= moved.year <= 2200:
        raise InvalidValue("时间超出范围", "the time is out of range")
    return moved


Instant = Annotated[AwareDatetime, BeforeValidator(_from_text), AfterValidator(_utc)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(_printable)]
