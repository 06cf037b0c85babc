"""Validation errors in the reader's language, as JSON Pointers, never with the value that was refused (X6, X8)."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from kit.problems import Fault, InvalidValue

__all__ = ["InvalidValue", "faults_of", "pointer_of"]

_TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("必填", "is required"),
    "extra_forbidden": ("不认识的字段", "is not a known field"),
    "string_type": ("必须是文本", "must be text"),
    "string_too_short": ("太短，至少 {min_length} 个字符", "is too short: at least {min_length} characters"),
    "string_too_long": ("太长，最多 {max_length} 个字符", "is too long: at most {max_length} characters"),
    "string_pattern_mismatch": ("格式不对", "does not have the right form"),
    "int_type": ("必须是整数", "must be a whole number"),
    "int_parsing": ("必须是整数", "must be a whole number"),
    "int_from_float": ("必须是整数", "must be a whole number"),
    "bool_type": ("必须是 true 或 false", "must be true or false"),
    "bool_parsing": ("必须是 true 或 false", "must be true or false"),
    "greater_than": ("必须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than": ("必须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "enum": ("只能是：{expected}", "must be one of {expected}"),
    "literal_error": ("只能是：{expected}", "must be one of {expected}"),
    "uuid_type": ("必须是 UUID", "must be a UUID"),
    "uuid_parsing": ("必须是 UUID", "must be a UUID"),
    "timezone_aware": ("时间必须带时区偏移", "must be a time with an offset"),
    "datetime_parsing": ("必须是 RFC 3339 时间", "must be an RFC 3339 time"),
    "datetime_from_date_parsing": ("必须是 RFC 3339 时间", "must be an RFC 3339 time"),
    "datetime_type": ("必须是 RFC 3339 时间", "must be an RFC 3339 time"),
    "date_from_datetime_parsing": ("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
    "list_type": ("必须是列表", "must be a list"),
    "dict_type": ("必须是对象", "must be an object"),
    "model_attributes_type": ("必须是对象", "must be an object"),
    "too_short": ("至少 {min_length} 项", "needs at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "takes at most {max_length} items"),
}
_MOST_FAULTS = 100
_OTHERWISE = ("无效", "is not valid")
# Short, ASCII, no address and no long number: a name of a field, or a slip in one.
_NAME = re.compile(r"(?!.*[0-9]{5})[\x21-\x3f\x41-\x7e]{1,64}")
_PLACES = {"body": "", "query": "/query", "path": "/path", "header": "/header", "cookie": "/cookie"}


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """pydantic's errors as faults; of very many the first hundred, which is more than anybody reads."""
    return [_fault(error) for error in islice(errors, _MOST_FAULTS)]


def _fault(error: Mapping[str, Any]) -> Fault:
    if error["type"] == "value_error" and isinstance(cause := error.get("ctx", {}).get("error"), InvalidValue):
        zh, en = cause.zh, cause.en
    else:
        zh, en = (text.format_map(_Context(error.get("ctx"))) for text in _TEXTS.get(error["type"], _OTHERWISE))
    return Fault(pointer_of(_told(error)), zh, en)


def _told(error: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where it is. The name of an unknown field is the sender's word: what is no name of a field isn't repeated, it
    could be anybody's."""
    *before, last = error["loc"] or ("body",)
    if error["type"] == "extra_forbidden" and not _NAME.fullmatch(str(last)):
        last = "*"
    return (*before, last)


def pointer_of(location: Iterable[Any]) -> str:
    """A JSON Pointer into the body; other parts of the request come first (`/query/limit`, `/header/if-match`)."""
    first, *rest = tuple(location) or ("body",)
    rest = [str(name).lower() for name in rest] if first == "header" else rest
    escaped = [str(part).replace("~", "~0").replace("/", "~1") for part in rest]
    pointer = "/".join([_PLACES.get(str(first), f"/{first}"), *escaped])
    return pointer.encode(errors="replace").decode()  # a name may hold half a character, an answer may not


class _Context(dict[str, Any]):
    def __init__(self, given: Mapping[str, Any] | None) -> None:
        super().__init__(given or {})

    def __missing__(self, key: str) -> str:
        return "…"
