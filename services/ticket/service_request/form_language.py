"""What the form of a request type may say: JSON Schema 2020-12, as much of it as a form needs (T60).

A form is written by people and judged for customers, so it is bounded (its size, its depth, what its references come
to), complete in itself (no reference leaves it) and strict (objects list their fields; a keyword that isn't known is
a slip, not a wish). `x-personal` names how a value is masked in answers (X6), `x-title-en` the title in English (X8).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from kit.problems import Fault

Schema = Mapping[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_BYTES, DEEPEST, MOST_PLACES = 16_000, 16, 500
TITLE_EN, PERSONAL = "x-title-en", "x-personal"
LARGEST = 2**53 - 1  # what JSON carries whole
_REF = "#/$defs/"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Where a schema holds others: by name, in a row, one.
_NAMED = ("properties", "$defs")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "contains", "not", "if", "then", "else")
_CLOSED = ("additionalProperties", "unevaluatedProperties")
_PLAIN = (
    "$schema", "$ref", "$comment", "title", "description", "type", "enum", "const", "default", "examples", "format",
    "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "dependentRequired",
    TITLE_EN, PERSONAL,
)  # fmt: skip
_KNOWN = frozenset((*_NAMED, *_LISTED, *_SINGLE, *_CLOSED, *_PLAIN))


class Personal(StrEnum):
    """What a personal value is, and so how much of it an answer shows (X6)."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ID_NUMBER = "id_number"
    CODE = "code"


def check(schema: Schema, at: str) -> Iterator[Fault]:
    """What of a form isn't right, each at its place below `at`."""
    for rule in (_as_text, _as_form, _as_references, _as_schema):  # each stands on those before it
        found = [*rule(schema, at)]
        if found:
            yield from found
            return


@lru_cache(maxsize=256)
def compiled(schema: bytes) -> Draft202012Validator:
    """The form, ready to judge values. Patterns are matched in linear time, formats count, nothing is fetched. Raises
    ValidationError for what is no schema."""
    return Draft202012Validator(
        orjson.loads(schema),
        validate_formats=True,
        ignore_unknown_formats=False,
        pattern_options=RegexOptions(),
        offline=True,
    )


def beside(schema: Schema, root: Schema) -> Iterator[Schema]:
    """The schemas that judge the same value as that one: those it refers to, and its branches."""
    if "$ref" in schema:
        yield root["$defs"][schema["$ref"].removeprefix(_REF)]
    for name in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(name, ())
    yield from (schema[name] for name in ("then", "else") if name in schema)


def pointer(path: Sequence[str | int]) -> str:
    """A path as a JSON Pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def readable(value: Any, at: str, levels: int) -> Iterator[Fault]:
    """What of a JSON value isn't text that people can read, is too large a number, or too deep."""
    if isinstance(value, str):
        if _CONTROL.search(value):
            yield Fault(at, "不能包含控制字符", "must not hold control characters")
    elif isinstance(value, int | float):
        if not abs(value) <= LARGEST:
            yield Fault(at, "数字太大", "holds too large a number")
    elif isinstance(value, Mapping | list):
        if levels == 0:
            yield Fault(at, "嵌套过深", "is nested too deep")
            return
        for inner in value if isinstance(value, list) else (*value, *value.values()):
            yield from readable(inner, at, levels - 1)


def _as_text(schema: Schema, at: str) -> Iterator[Fault]:
    unreadable = [*readable(schema, at, DEEPEST)]
    yield from unreadable
    if not unreadable and len(orjson.dumps(schema)) > MOST_BYTES:
        yield Fault(at, f"不能超过 {MOST_BYTES} 字节", f"is larger than {MOST_BYTES} bytes")


def _as_form(schema: Schema, at: str) -> Iterator[Fault]:
    if schema.get("type") != "object" or "properties" not in schema:
        yield Fault(f"{at}/type", "表单必须是列出字段的 object", "must be an object that lists its properties")
    if schema.get("$schema", DIALECT) != DIALECT:
        yield Fault(f"{at}/$schema", "只支持 2020-12", "must be 2020-12")
    yield from _faults(schema, schema, at)


def _as_references(schema: Schema, at: str) -> Iterator[Fault]:
    if not _is_bounded(schema):
        yield Fault(f"{at}/$defs", "引用成环或展开后过大", "refers in a circle, or to too much")


def _as_schema(schema: Schema, at: str) -> Iterator[Fault]:
    try:
        compiled(orjson.dumps(schema))
    except ValidationError as error:
        yield Fault(f"{at}{pointer(error.instance_path)}", "不是有效的 JSON Schema", "is no valid JSON Schema")


def _faults(schema: Any, root: Schema, at: str) -> Iterator[Fault]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        yield Fault(at, "必须是对象", "must be an object")
        return
    for name in schema:
        if name not in _KNOWN:
            yield Fault(f"{at}{pointer([name])}", "不支持的关键字", "is no keyword that a form may use")
    yield from _loose(schema, at)
    named = schema.get("$ref")
    if named is not None and not _is_own(named, root):
        yield Fault(f"{at}/$ref", "只能引用本表单 $defs 中的定义", "must name one of the form's own $defs")
    if PERSONAL in schema and schema[PERSONAL] not in list(Personal):
        yield Fault(f"{at}/{PERSONAL}", f"只能是：{', '.join(Personal)}", f"must be one of {', '.join(Personal)}")
    for place, inner in _inside(schema):
        yield from _faults(inner, root, f"{at}{pointer(place)}")


def _loose(schema: Schema, at: str) -> Iterator[Fault]:
    """Whether it takes fields that it doesn't list: then anybody's words could stand as a name."""
    for name in _CLOSED:
        demanded = name == _CLOSED[0] and schema.get("type") == "object"
        if (demanded or name in schema) and schema.get(name) is not False:
            yield Fault(f"{at}/{name}", "必须为 false", "must be false")


def _inside(schema: Schema) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The schemas in a schema, with their places."""
    for name in _NAMED:
        held = schema.get(name)
        if isinstance(held, Mapping):
            yield from (((name, key), inner) for key, inner in held.items())
    for name in _LISTED:
        held = schema.get(name)
        if isinstance(held, list):
            yield from (((name, place), inner) for place, inner in enumerate(held))
    yield from (((name,), schema[name]) for name in _SINGLE if name in schema)


def _is_own(named: Any, root: Schema) -> bool:
    defined = root.get("$defs")
    return (
        isinstance(named, str)
        and named.startswith(_REF)
        and isinstance(defined, Mapping)
        and named.removeprefix(_REF) in defined
    )


def _is_bounded(root: Schema) -> bool:
    """Whether it stays small with every reference written out: one that leads back to itself never does."""
    known: dict[str, int] = {}
    on_the_way: set[str] = set()

    def places(schema: Any) -> int:
        if not isinstance(schema, Mapping):
            return 1
        inner = (one for place, one in _inside(schema) if place[0] != "$defs")
        counted = 1 + sum(places(one) for one in inner)
        return counted + (behind(schema["$ref"]) if "$ref" in schema else 0)

    def behind(named: str) -> int:
        if named in on_the_way:
            return MOST_PLACES + 1
        if named not in known:
            on_the_way.add(named)
            known[named] = places(root["$defs"][named.removeprefix(_REF)])
            on_the_way.discard(named)
        return known[named]

    return places(root) <= MOST_PLACES
