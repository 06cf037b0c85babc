"""Field types of request bodies, and what is said about a value that doesn't fit (X6, X8)."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from contracts.ticket.ticket import Priority
from kit.http.faults import InvalidValue, faults_of, pointer_of
from kit.http.fields import Amount, Code, Currency, Day, Instant, Line, Quantity, Text

SECRET = "13812345678"


def accepts(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Amount, "0"), (Amount, "12.50"), (Amount, "999999999999.9999"), (Currency, "CNY"),
        (Quantity, 1), (Quantity, 1_000_000), (Code, "A"), (Code, "TEA-500_RED.v2:x"), (Code, "a" * 64),
        (Line, "一行"), (Line, "tab\there"), (Line, "x" * 200), (Text, "two\nlines"), (Text, "😀" * 5000), (Text, " "),
    ],
)  # fmt: skip
def test_what_fits_is_kept_as_it_is(kind: Any, value: object) -> None:
    assert accepts(kind, value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Amount, 12.5), (Amount, 12), (Amount, "-1"), (Amount, "01"), (Amount, "1e2"), (Amount, "NaN"), (Amount, "1.00\n"),
        (Amount, "1."), (Amount, "１"), (Amount, "1000000000000"), (Amount, "1.00000"), (Amount, ""), (Amount, None),
        (Currency, "cny"), (Currency, "CNY "), (Currency, "CNY\n"), (Currency, "人民币"),
        (Quantity, 0), (Quantity, 1_000_001), (Quantity, "1"), (Quantity, 1.0), (Quantity, True), (Quantity, 10**400),
        (Code, ""), (Code, "-a"), (Code, "a" * 65), (Code, "a b"), (Code, "a/b"), (Code, "编码"), (Code, "a\n"),
        (Line, ""), (Line, "   "), (Line, "two\nlines"), (Line, "bell\x07"), (Line, "nul\x00"), (Line, "del\x7f"),
        (Line, "cr\r"), (Line, "\ufeff"), (Line, "x" * 201), (Line, 5), (Line, "half \ud83d"),
        (Text, ""), (Text, "x" * 5001), (Text, "nul\x00"), (Text, "esc\x1b[31m"), (Text, "\udc80"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        accepts(kind, value)


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T12:00:00+08:00", "2026-11-21T04:00:00Z", "2026-11-21T04:00:00.000Z", "2026-11-21t04:00:00z",
     "2026-11-20T18:00:00-10:00", "2026-11-21 12:00:00+08:00", "2026-11-21T12:00+08:00"],
)  # fmt: skip
def test_a_time_with_an_offset_is_an_instant_in_utc(text: str) -> None:
    """X5"""
    moved = accepts(Instant, text)
    assert moved == datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert isinstance(moved, datetime)
    assert moved.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        1_763_697_600, 1_763_697_600.5, "1763697600", "1763697600.5", "1763697600000", "-1", "1e9", True, None, "",
        "2026-11-21", "2026-11-21T12:00:00", "12:00:00Z", "yesterday", "0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00Z",
        "9999-12-31T23:59:59-14:00", "2201-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T25:00:00Z",
        "+12026-11-21T00:00:00Z", " 2026-11-21T04:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_instant_is_refused(value: object) -> None:
    """A bare number would be taken for seconds since 1970, in or out of quotes."""
    with pytest.raises(ValidationError):
        accepts(Instant, value)


@pytest.mark.parametrize("text", ["1950-01-01", "2000-02-29", "2200-12-31"])
def test_a_day_is_a_date_of_our_times(text: str) -> None:
    assert accepts(Day, text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "value", ["1949-12-31", "2201-01-01", "2001-02-29", "20000101", "2000-1-1", 0, 10957, "0", None]
)
def test_what_is_no_such_day_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        accepts(Day, value)


AWKWARD = ["", " ", "\t", "\n", "\r", "\x00", "\x1f", "\x7f", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff", "a", " a ", "a\nb",
           "a\n", "\na", "a\tb", "a\x1fb", "\ufeffa", "中", "😀", "a\u2028", "x" * 200, "x" * 201]  # fmt: skip


@pytest.mark.parametrize("kind", [Line, Text])
@pytest.mark.parametrize("text", AWKWARD)
def test_the_document_says_of_a_text_what_its_validator_does(kind: Any, text: str) -> None:
    """Whatever reads our OpenAPI document judges a text as we do, character by character."""
    schema = TypeAdapter(kind).json_schema()
    documented = jsonschema_rs.validator_for(schema).is_valid(text)
    try:
        accepts(kind, text)
    except ValidationError:
        assert not documented
    else:
        assert documented


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2200-12-31T23:59:59.999999Z", "2201-01-01T00:00:00Z",
                                  "2026-11-21T04:00:00", "2026-11-21T04:00:00+08:00", "2026-13-21T04:00:00Z"])  # fmt: skip
def test_the_document_says_of_an_instant_what_its_validator_does(text: str) -> None:
    documented = jsonschema_rs.validator_for(TypeAdapter(Instant).json_schema(), validate_formats=True).is_valid(text)
    try:
        accepts(Instant, text)
    except ValidationError:
        assert not documented
    else:
        assert documented


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: Code
    how_many: Quantity = 1


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[Part], Field(min_length=1, max_length=2)]
    at: Instant | None = None
    priority: Priority = Priority.NORMAL
    kind: Literal["a", "b"] = "a"
    amount: Amount = "0"
    note: Text | None = None
    urgent: Annotated[bool, Field(strict=True)] = False
    by_key: dict[str, Annotated[int, Field(lt=10)]] = {}

    @field_validator("note")
    @classmethod
    def _no_phone(cls, note: str | None) -> str | None:
        if note == SECRET:
            raise InvalidValue("不能是电话", "must not be a phone")
        if note == "boom":
            raise ValueError(f"cannot handle {SECRET}")
        return note


GOOD = {"lines": [{"sku": "A"}]}
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "/lines"),
    ({"lines": SECRET}, "/lines"),
    ({"lines": []}, "/lines"),
    ({"lines": [{"sku": "A"}] * 3}, "/lines"),
    ({"lines": [{"sku": "A"}, {"sku": f"?{SECRET}"}]}, "/lines/1/sku"),
    ({"lines": [{"sku": "A"}, {}]}, "/lines/1/sku"),
    ({"lines": [{"sku": "A", "how_many": 0}]}, "/lines/0/how_many"),
    ({"lines": [SECRET]}, "/lines/0"),
    ({**GOOD, "at": SECRET}, "/at"),
    ({**GOOD, "at": "2026-11-21T12:00:00"}, "/at"),
    ({**GOOD, "priority": SECRET}, "/priority"),
    ({**GOOD, "kind": SECRET}, "/kind"),
    ({**GOOD, "amount": SECRET + "x"}, "/amount"),
    ({**GOOD, "amount": 138}, "/amount"),
    ({**GOOD, "note": SECRET}, "/note"),
    ({**GOOD, "note": "boom"}, "/note"),
    ({**GOOD, "note": f"{SECRET}\x00"}, "/note"),
    ({**GOOD, "note": SECRET * 500}, "/note"),
    ({**GOOD, "urgent": SECRET}, "/urgent"),
    ({**GOOD, "by_key": {"a/b~c": 11}}, "/by_key/a~1b~0c"),
    ({**GOOD, "nickname": SECRET}, "/nickname"),
)


@pytest.mark.parametrize(("body", "pointer"), BAD, ids=range(len(BAD)))
def test_a_fault_points_at_the_place_in_both_languages_and_never_quotes_the_value(
    body: dict[str, Any], pointer: str
) -> None:
    """X6, X8"""
    with pytest.raises(ValidationError) as failure:
        Order.model_validate(body)
    faults = faults_of([{**error, "loc": ("body", *error["loc"])} for error in failure.value.errors()])
    assert [fault.pointer for fault in faults] == [pointer]
    assert any("\u4e00" <= char <= "\u9fff" for char in faults[0].zh)
    assert faults[0].en.isascii()
    for said in (faults[0].zh, faults[0].en):
        assert SECRET[:5] not in said
        assert "{" not in said
        assert "…" not in said


@pytest.mark.parametrize(
    ("location", "pointer"),
    [
        (("body",), ""),
        (("body", "lines", 0, "sku"), "/lines/0/sku"),
        (("body", "a/b", "c~d", "~1"), "/a~1b/c~0d/~01"),
        (("query", "limit"), "/query/limit"),
        (("path", "ticket_id"), "/path/ticket_id"),
        (("header", "if-match"), "/header/if-match"),
        (("cookie", "x"), "/cookie/x"),
        (("elsewhere", 1), "/elsewhere/1"),
        ((), ""),
    ],
)
def test_a_location_becomes_a_json_pointer(location: tuple[Any, ...], pointer: str) -> None:
    """RFC 6901"""
    assert pointer_of(location) == pointer


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("nmae", "/nmae"),
        ("a/b~c", "/a~1b~0c"),
        ("李小明", "/*"),
        ("13812345678", "/*"),
        ("a@b.cn", "/*"),
        ("x" * 65, "/*"),
    ],
)
def test_an_unknown_field_is_named_unless_its_name_could_be_anybodys(name: str, pointer: str) -> None:
    """X6: no error says again what somebody typed."""
    (fault,) = faults_of([{"type": "extra_forbidden", "loc": ("body", name)}])
    assert fault.pointer == pointer


def test_a_name_with_half_a_character_can_be_pointed_at() -> None:
    """The pointer goes into an answer, which is UTF-8."""
    assert pointer_of(("body", "\ud800x")).encode()


def test_of_very_many_faults_a_hundred_are_told() -> None:
    """An answer is no larger for seventy thousand unknown fields than for a hundred."""
    told = faults_of({"type": "extra_forbidden", "loc": ("body", f"f{number}")} for number in range(70_000))
    assert [fault.pointer for fault in told] == [f"/f{number}" for number in range(100)]
