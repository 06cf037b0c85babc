"""Variables in a macro's texts: `{number}` and few others, replaced and never evaluated. Pure."""

import re
from collections.abc import Mapping

from kit.problems import InvalidValue

VARIABLES = ("number", "subject", "shop", "order_no", "today")
MOST_CHARACTERS = 5000
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def expect_known(text: str) -> str:
    """The text. Raises InvalidValue for a variable that isn't one, and for a brace that isn't doubled."""
    for part in _PART.finditer(text):
        if part[0] not in ("{{", "}}") and part[1] not in VARIABLES:
            names = ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise InvalidValue(f"变量只有 {names}；花括号须成对重复", f"knows only {names}; a brace is doubled")
    return text


def filled_in(text: str, values: Mapping[str, str | None]) -> str:
    """The text with its variables replaced. Raises InvalidValue when one has no value, or the text gets too long."""

    def value(part: re.Match[str]) -> str:
        if part[0] in ("{{", "}}"):
            return part[0][0]
        found = values.get(part[1])
        if found is None:
            raise InvalidValue(f"该工单没有 {part[1]}", f"the ticket has no {part[1]}")
        return found

    filled = _PART.sub(value, text)
    if len(filled) > MOST_CHARACTERS:
        raise InvalidValue("替换变量后文本过长", "is too long with its variables")
    return filled
