"""Personal values in the words of HTTP: written one way whatever way they come."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from kit.http.fields import Line, Text, documented
from kit.problems import InvalidValue
from services.customer.personal import particulars

T = TypeVar("T")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _from_text(value: object) -> object:
    """YYYY-MM-DD only: a bare number would be taken for seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise InvalidValue("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD")
    return value


def _lived(day: date) -> date:
    if day.year < particulars.OLDEST:
        raise InvalidValue("日期超出范围", "the date is out of range")
    return day


def once(spelling: Callable[[T], object]) -> Callable[[list[T]], list[T]]:
    """A validator that lets the first of equal items stand."""

    def kept(items: list[T]) -> list[T]:
        return list({spelling(item): item for item in reversed(items)}.values())[::-1]

    return kept


def _itself(text: str) -> str:
    return text


Birthday = Annotated[
    date,
    BeforeValidator(_from_text),
    AfterValidator(_lived),
    documented("^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
]
IdNumber = Annotated[
    str,
    Field(max_length=40, examples=["11010519491231002X"], description="18 characters, the check letter counts (C1)."),
    AfterValidator(particulars.id_number),
]
Phone = Annotated[
    str,
    Field(max_length=40, examples=["13812345678"], description="E.164; one without a country code is Chinese."),
    AfterValidator(particulars.phone),
]
Email = Annotated[str, Field(max_length=320, examples=["ming@example.com"]), AfterValidator(particulars.email)]
Wechat = Annotated[str, Field(max_length=64), AfterValidator(particulars.wechat)]
Qq = Annotated[str, Field(max_length=20, examples=["10001"]), AfterValidator(particulars.qq)]
Phones = Annotated[list[Phone], Field(max_length=20), AfterValidator(once(_itself))]
Emails = Annotated[list[Email], Field(max_length=10), AfterValidator(once(str.casefold))]
Addresses = Annotated[list[Line], Field(max_length=10), AfterValidator(once(_itself))]
Words = Annotated[list[Annotated[Line, Field(max_length=40)]], Field(max_length=50), AfterValidator(once(_itself))]
Remark = Text
