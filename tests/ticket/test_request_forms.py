"""Forms of service requests (T60): what their language takes, what they say of what is filled in, and what of it an
answer shows (X6)."""

import json
from itertools import pairwise, product
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_desk import FORMS, STEPS

from kit.problems import Problem
from services.ticket.service_request import form_language, forms
from services.ticket.service_request.form_language import MOST_BYTES, Personal
from services.ticket.service_request.policy import REQUEST_TYPES

TYPES = {one.code: one for one in REQUEST_TYPES.default.types}


def a_form(**fields: Any) -> dict[str, Any]:
    """A form with these fields, all optional."""
    return {"type": "object", "additionalProperties": False, "properties": fields}


def chain(length: int) -> dict[str, Any]:
    """Definitions of which each says the next one twice."""
    names = [f"d{place}" for place in range(length)]
    doubled = {one: {"allOf": [{"$ref": f"#/$defs/{two}"}] * 2} for one, two in pairwise(names)}
    return {**a_form(a={"$ref": "#/$defs/d0"}), "$defs": {**doubled, names[-1]: {"type": "string"}}}


def nested(levels: int) -> dict[str, Any]:
    """A list of lists of lists."""
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        inner = {"type": "array", "items": inner}
    return a_form(a=inner)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a list": ({"type": "array"}, "/type"),
    "no type": ({"properties": {}}, "/type"),
    "no fields": ({"type": "object", "additionalProperties": False}, "/type"),
    "open": ({"type": "object", "properties": {}}, "/additionalProperties"),
    "open to strings": (
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}, "/additionalProperties"),
    "open inside": (a_form(a={"type": "object", "properties": {}}), "/properties/a/additionalProperties"),
    "unevaluated": (a_form(a={"unevaluatedProperties": True}), "/properties/a/unevaluatedProperties"),
    "an old dialect": ({**a_form(), "$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema"),
    "a slip": (a_form(a={"tpye": "string"}), "/properties/a/tpye"),
    "a slip in a branch": (a_form(a={"anyOf": [{"minlength": 1}]}), "/properties/a/anyOf/0/minlength"),
    "names by pattern": ({**a_form(), "patternProperties": {}}, "/patternProperties"),
    "an id": ({**a_form(), "$id": "https://kefu.test/form"}, "/$id"),
    "an anchor": (a_form(a={"$anchor": "a"}), "/properties/a/$anchor"),
    "a dynamic reference": (a_form(a={"$dynamicRef": "#a"}), "/properties/a/$dynamicRef"),
    "a remote reference": (a_form(a={"$ref": "https://kefu.test/a"}), "/properties/a/$ref"),
    "a file": (a_form(a={"$ref": "file:///etc/passwd"}), "/properties/a/$ref"),
    "itself": (a_form(a={"$ref": "#"}), "/properties/a/$ref"),
    "a field": (a_form(a={"type": "string"}, b={"$ref": "#/properties/a"}), "/properties/b/$ref"),
    "nobody": (a_form(a={"$ref": "#/$defs/nobody"}), "/properties/a/$ref"),
    "a number": (a_form(a={"$ref": 7}), "/properties/a/$ref"),
    "a circle": ({**a_form(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}, "/$defs"),
    "a circle of two": (
        {**a_form(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}},
        "/$defs"),
    "doubling": (chain(12), "/$defs"),
    "no type of JSON": (a_form(a={"type": "text"}), "/properties/a/type"),
    "a broken pattern": (a_form(a={"pattern": "("}), "/properties/a/pattern"),
    "a pattern that looks back": (a_form(a={"pattern": r"(a+)+\1"}), "/properties/a/pattern"),
    "an unknown format": (a_form(a={"format": "telephone"}), "/properties/a/format"),
    "less than nothing": (a_form(a={"minLength": -1}), "/properties/a/minLength"),
    "fields in a list": (a_form(a={"properties": []}), "/properties/a/properties"),
    "a schema that is a word": (a_form(a="string"), "/properties/a"),
    "an unknown secret": (a_form(a={"type": "string", "x-personal": "secret"}), "/properties/a/x-personal"),
    "too large": (a_form(**{f"f{n}": {"description": "字" * 100} for n in range(60)}), ""),
    "too deep": (nested(20), ""),
    "a bell": (a_form(a={"title": "\x07"}), ""),
    "half a character": (a_form(a={"title": "\ud800"}), ""),
    "a number nobody counts to": (a_form(a={"maximum": 2**70}), ""),
    "endless": (a_form(a={"maximum": float("inf")}), ""),
}  # fmt: skip


@pytest.mark.parametrize("why", BAD)
def test_what_is_no_form_is_found_where_it_is(why: str) -> None:
    """T60: bounded, complete in itself, strict; each fault has its place and both languages (X8)."""
    schema, place = BAD[why]
    found = list(form_language.check(schema, "/types/0/form"))
    assert f"/types/0/form{place}" in [fault.pointer for fault in found], found
    assert all(fault.zh and fault.en for fault in found)


@pytest.mark.parametrize(
    "schema",
    [
        a_form(),
        {**a_form(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"type": "string", "x-personal": "phone"}}},
        {**a_form(a={"type": "string"}), "$schema": form_language.DIALECT},
        nested(5),
        chain(5),
        a_form(a={"oneOf": [{"type": "string"}, {"type": "integer"}]}, b={"const": 1}),
        {**a_form(a={"type": "string"}, b={}), "if": {"required": ["a"]}, "then": {"required": ["b"]}},
    ],
)
def test_what_is_a_form_is_taken(schema: dict[str, Any]) -> None:
    assert list(form_language.check(schema, "")) == []
    jsonschema_rs.Draft202012Validator(schema)


@pytest.mark.parametrize("kind", TYPES)
def test_the_shipped_forms_take_what_is_meant_for_them(kind: str) -> None:
    """T60: every type, and every step that is filled in."""
    forms.expect(TYPES[kind].form, FORMS[kind], "form")
    for recorded in STEPS[kind]:
        step = TYPES[kind].step(recorded["step"])
        assert step is not None
        assert (step.form is None) == ("facts" not in recorded)
        if step.form is not None:
            forms.expect(step.form, recorded["facts"], "facts")


def refused(schema: dict[str, Any], values: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Where the values don't fit, and why."""
    with pytest.raises(Problem) as problem:
        forms.expect(schema, values, "form")
    assert problem.value.slug == "invalid-request"
    return {fault.pointer: (fault.zh, fault.en) for fault in problem.value.faults}


def test_what_is_required_is_missed_by_its_name() -> None:
    """T60: each required field of each shipped form."""
    for kind, form in FORMS.items():
        for field in TYPES[kind].form["required"]:
            left = {name: value for name, value in form.items() if name != field}
            assert refused(TYPES[kind].form, left)[f"/form/{field}"] == ("必填", "is required"), (kind, field)


def test_what_no_field_takes_is_found_there() -> None:
    """T60, X6: by its pointer (of what nobody can read by the form's alone), and never with its value."""
    for kind, form in FORMS.items():
        for field, value in product(form, (None, "", [], {"x": 1}, "\x00", "字" * 2001)):
            found = refused(TYPES[kind].form, {**form, field: value})
            named = any(pointer == "/form" or pointer.startswith(f"/form/{field}") for pointer in found)
            assert named, (kind, field, value)
            assert "字字" not in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(
    ("schema", "value", "en"),
    [
        ({"type": "string"}, 1, "must be text"),
        ({"type": "integer"}, "1", "must be a whole number"),
        ({"type": "integer"}, 1.5, "must be a whole number"),
        ({"type": "boolean"}, "no", "must be true or false"),
        ({"type": "array"}, {}, "must be a list"),
        ({"type": "object", "properties": {}, "additionalProperties": False}, [], "must be an object"),
        ({"type": ["string", "null"]}, 1, "is not valid"),
        ({"minLength": 3}, "ab", "is too short: at least 3 characters"),
        ({"maxLength": 1}, "ab", "is too long: at most 1 characters"),
        ({"pattern": "^a$"}, "b", "does not have the right form"),
        ({"enum": ["a", "b"]}, "c", "must be one of a, b"),
        ({"const": "a"}, "c", "must be one of a"),
        ({"minimum": 3}, 2, "must be at least 3"),
        ({"maximum": 3}, 4, "must be at most 3"),
        ({"exclusiveMinimum": 3}, 3, "must be greater than 3"),
        ({"exclusiveMaximum": 3}, 3, "must be less than 3"),
        ({"multipleOf": 5}, 3, "is not a multiple of what is asked for"),
        ({"minItems": 2}, [1], "needs at least 2 items"),
        ({"maxItems": 0}, [1], "takes at most 0 items"),
        ({"uniqueItems": True}, [1, 1], "must not hold the same twice"),
        ({"format": "date"}, "2026-02-30", "must be a date YYYY-MM-DD"),
        ({"format": "date-time"}, "gestern", "must be an RFC 3339 time"),
        ({"format": "email"}, "ming", "must be an e-mail address"),
        ({"format": "uuid"}, "7", "must be a UUID"),
        ({"format": "ipv4"}, "7", "is not valid"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 1, "is not valid"),
        ({"not": {"const": 1}}, 1, "is not valid"),
        ({"minProperties": 1}, {}, "says too little"),
    ],
)  # fmt: skip
def test_every_keyword_says_what_it_asks_for(schema: dict[str, Any], value: Any, en: str) -> None:
    """T60, X8: in the words that all other fields have."""
    assert list(form_language.check(a_form(a=schema), "")) == []
    assert refused(a_form(a=schema), {"a": value})["/form/a"][1] == en


def test_a_name_that_could_be_anybodys_is_not_repeated() -> None:
    """X6: an unknown field is told by its name only if it looks like a slip in one."""
    found = refused(a_form(), {"titel": 1, "13812345678": 1, "李小明": 1})
    assert set(found) == {"/form/titel", "/form/*"}


def test_what_depends_on_another_is_required_with_it() -> None:
    """T60: a company's invoice has a tax number; one that comes by the month has an address."""
    plain = {"title": "李小明", "title_kind": "person", "delivery": "with_goods"}
    forms.expect(TYPES["invoice"].form, plain, "form")
    company = refused(TYPES["invoice"].form, {**plain, "title_kind": "company", "delivery": "monthly"})
    assert set(company) == {"/form/tax_number", "/form/address"}


@pytest.mark.parametrize(
    "values",
    [
        {"a": "字" * MOST_BYTES},
        {"a": json.loads("[" * 20 + "]" * 20)},
        {"a": 2**53},
        {"a": float("inf")},
        {"a": float("nan")},
        {"a": "\ud83d"},
        {"a\x07": 1},
    ],
    ids=["large", "deep", "high", "endless", "no number", "half a character", "a bell"],
)  # fmt: skip
def test_what_no_form_takes(values: dict[str, Any]) -> None:
    """T60: bounded, whatever the form says; nothing is named that was not judged."""
    assert set(refused(a_form(a={}), values)) == {"/form"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(TYPES)), st.dictionaries(st.text(max_size=8), json_values, max_size=6), st.data())
def test_whatever_is_filled_in_is_taken_or_refused(kind: str, values: dict[str, Any], data: st.DataObject) -> None:
    """T60: nothing else happens; and what is taken can be masked and written down."""
    mixed = {**values, **data.draw(st.sampled_from([{}, FORMS[kind]]))}
    try:
        forms.expect(TYPES[kind].form, mixed, "form")
    except Problem as problem:
        assert problem.slug == "invalid-request"
        assert problem.faults
        return
    json.dumps(forms.masked(TYPES[kind].form, mixed))


@given(json_values)
def test_whatever_is_proposed_as_a_form_is_taken_or_refused(schema: Any) -> None:
    """T60: no document of a policy makes more than faults."""
    for proposed in (schema, a_form(a=schema), {**a_form(), "$defs": {"a": schema}, "allOf": [schema]}):
        if isinstance(proposed, dict):
            list(form_language.check(proposed, ""))


MASKED = {
    Personal.NAME: ("李小明", "李**"), Personal.PHONE: ("13812345678", "138****5678"),
    Personal.EMAIL: ("ming@example.com", "m****@example.com"), Personal.ADDRESS: ("上海市浦东新区世纪大道100号", "上海市浦东新****"),
    Personal.ID_NUMBER: ("11010519491231002X", "1****X"), Personal.CODE: ("SF1234567890", "SF****7890"),
}  # fmt: skip


@pytest.mark.parametrize("personal", Personal)
def test_what_is_personal_is_masked_as_everywhere(personal: Personal) -> None:
    """X6: by the mask of its kind, wherever it stands in the form."""
    open_, covered = MASKED[personal]
    said = {"type": "string", "x-personal": personal.value}
    inside = {"type": "object", "additionalProperties": False, "properties": {"b": said}}
    schema = {
        **a_form(a=said, many={"type": "array", "items": said}, deep=inside, by_ref={"$ref": "#/$defs/p"},
                 branch={"anyOf": [{"type": "integer"}, said]}, first={"prefixItems": [said, {}]}, plain={}),
        "$defs": {"p": said},
        "then": {"properties": {"plain": said}},
    }  # fmt: skip
    values = {
        "a": open_, "many": [open_, open_], "deep": {"b": open_}, "by_ref": open_, "branch": open_,
        "first": [open_, open_],
    }  # fmt: skip
    assert forms.masked(schema, values) == {
        "a": covered, "many": [covered, covered], "deep": {"b": covered}, "by_ref": covered, "branch": covered,
        "first": [covered, open_],
    }  # fmt: skip
    assert forms.masked(schema, {"plain": open_}) == {"plain": covered}
    assert forms.masked(a_form(a={"x-personal": personal.value}), {"a": 13812345678}) == {"a": "****"}
