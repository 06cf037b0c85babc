"""What customers write into a form: judged by the form's schema, and masked for answers (T60, X6)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from jsonschema_rs import ValidationError, ValidationErrorKind

from kit.http.faults import faults_of
from kit.privacy import mask_address, mask_code, mask_email, mask_id_number, mask_name, mask_phone
from kit.problems import Fault, InvalidValue, Problem
from services.ticket.service_request.form_language import (
    PERSONAL,
    Personal,
    Schema,
    beside,
    compiled,
    readable,
)  # fmt: skip

Values = Mapping[str, Any]
MOST_BYTES, DEEPEST, MOST_FAULTS = 32_000, 12, 50
_MASKS: Mapping[Personal, Callable[[str], str | None]] = {
    Personal.NAME: mask_name,
    Personal.PHONE: mask_phone,
    Personal.EMAIL: mask_email,
    Personal.ADDRESS: mask_address,
    Personal.ID_NUMBER: mask_id_number,
    Personal.CODE: mask_code,
}
_COVERED = "****"
# The words that every other field of a request is judged by: pydantic's for the same thing, and what they name.
_AS_ELSEWHERE: Mapping[str, tuple[str, str | None]] = {
    "required": ("missing", None), "dependentRequired": ("missing", None),
    "minLength": ("string_too_short", "min_length"), "maxLength": ("string_too_long", "max_length"),
    "pattern": ("string_pattern_mismatch", None), "minimum": ("greater_than_equal", "ge"),
    "maximum": ("less_than_equal", "le"), "exclusiveMinimum": ("greater_than", "gt"),
    "exclusiveMaximum": ("less_than", "lt"), "minItems": ("too_short", "min_length"),
    "maxItems": ("too_long", "max_length"),
}  # fmt: skip
_TYPES = {
    "string": "string_type", "integer": "int_type", "boolean": "bool_type", "array": "list_type",
    "object": "dict_type",
}  # fmt: skip
_OF_FORMS = {
    "uniqueItems": InvalidValue("不能有重复项", "must not hold the same twice"),
    "multipleOf": InvalidValue("不是允许的倍数", "is not a multiple of what is asked for"),
    "minProperties": InvalidValue("填写的字段太少", "says too little"),
    "maxProperties": InvalidValue("填写的字段太多", "says too much"),
}
_FORMATS = {
    "date": InvalidValue("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
    "date-time": InvalidValue("必须是 RFC 3339 时间", "must be an RFC 3339 time"),
    "time": InvalidValue("必须是 RFC 3339 时刻", "must be an RFC 3339 time of day"),
    "email": InvalidValue("必须是电子邮箱", "must be an e-mail address"),
    "uri": InvalidValue("必须是网址", "must be an address of the web"),
    "uuid": InvalidValue("必须是 UUID", "must be a UUID"),
}


def expect(schema: Schema, values: Values, at: str) -> None:
    """Raises Problem `invalid-request`, naming each place below the field `at` and never a value, when the values
    aren't what the form asks for (T60)."""
    faults = [*_unfit(values, f"/{at}")] or _judged(schema, values, at)
    if faults:
        raise Problem("invalid-request", faults=faults[:MOST_FAULTS])


def masked(schema: Schema, values: Values) -> dict[str, Any]:
    """The values as answers show them: what the form says is personal is covered (X6)."""
    return dict(_masked([schema], schema, values))


def _judged(schema: Schema, values: Values, at: str) -> list[Fault]:
    errors = compiled(orjson.dumps(schema)).iter_errors(dict(values))
    return list(dict.fromkeys(faults_of(told for error in errors for told in _told(error, at))))


def _told(error: ValidationError, at: str) -> Iterator[dict[str, Any]]:
    """The error as pydantic would tell it of any other field."""
    place, kind = ("body", at, *error.instance_path), error.kind
    match kind:
        case ValidationErrorKind.Required():
            yield {"type": "missing", "loc": (*place, kind.property)}
        case ValidationErrorKind.AdditionalProperties() | ValidationErrorKind.UnevaluatedProperties():
            yield from ({"type": "extra_forbidden", "loc": (*place, name)} for name in kind.unexpected)
        case _:
            yield {**_words(kind), "loc": place}


def _words(kind: ValidationErrorKind) -> dict[str, Any]:
    said = kind.as_dict()
    match kind.name:
        case "type" if len(said["types"]) == 1 and said["types"][0] in _TYPES:
            return {"type": _TYPES[said["types"][0]]}
        case "enum":
            return {"type": "enum", "ctx": {"expected": ", ".join(map(str, said["options"]))}}
        case "const":
            return {"type": "enum", "ctx": {"expected": said["expected_value"]}}
        case "format" if said["format"] in _FORMATS:
            return {"type": "value_error", "ctx": {"error": _FORMATS[said["format"]]}}
        case name if name in _OF_FORMS:
            return {"type": "value_error", "ctx": {"error": _OF_FORMS[name]}}
        case name if name in _AS_ELSEWHERE:
            return {"type": _AS_ELSEWHERE[name][0], "ctx": {_AS_ELSEWHERE[name][1]: said.get("limit")}}
    return {"type": "no_other_words"}


def _masked(schemas: Sequence[Schema], root: Schema, value: Any) -> Any:
    """The value, covered where any of the schemas that judge it says so."""
    judging = [*_all_beside(schemas, root)]
    kinds = [Personal(one[PERSONAL]) for one in judging if PERSONAL in one]
    if kinds:
        return _MASKS[kinds[0]](value) if isinstance(value, str) else _COVERED
    if isinstance(value, Mapping):
        return {name: _masked(_of_field(judging, name), root, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(_of_item(judging, place), root, inner) for place, inner in enumerate(value)]
    return value


def _all_beside(schemas: Iterable[Any], root: Schema) -> Iterator[Schema]:
    for schema in schemas:
        if isinstance(schema, Mapping):
            yield schema
            yield from _all_beside(beside(schema, root), root)


def _of_field(judging: Sequence[Schema], name: str) -> list[Schema]:
    return [one["properties"][name] for one in judging if name in one.get("properties", ())]


def _of_item(judging: Sequence[Schema], place: int) -> list[Schema]:
    own = [one["prefixItems"][place] for one in judging if place < len(one.get("prefixItems", ()))]
    return own + [one["items"] for one in judging if "items" in one]


def _unfit(values: Values, at: str) -> Iterator[Fault]:
    """What no form takes: too much, too deep, what isn't text that people can read. Names nothing below `at`: what
    stands there was not judged yet, its names could be anybody's."""
    unreadable = [*readable(values, at, DEEPEST)]
    yield from unreadable
    if not unreadable and len(orjson.dumps(values)) > MOST_BYTES:
        yield Fault(at, f"不能超过 {MOST_BYTES} 字节", f"is larger than {MOST_BYTES} bytes")
