"""Published contracts only grow (I9, E2): the snapshots still hold, and the checker catches each kind of break."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, create_model

from contracts import snapshot
from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.fields import Part
from contracts.schemas import JsonSchema

STORED = snapshot.stored()


class Colour(StrEnum):
    """A vocabulary."""

    RED = "red"
    GREEN = "green"


class MoreColours(StrEnum):
    """The same vocabulary with one more word."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class FewerColours(StrEnum):
    """The same vocabulary with one word less."""

    RED = "red"


class Brush(Part):
    """A part."""

    width: int
    bristle: str | None = None


class GrownBrush(Part):
    """The part with one more optional field."""

    width: int
    bristle: str | None = None
    handle: str | None = None


class RenamedBrush(Part):
    """The part with a renamed field."""

    breadth: int
    bristle: str | None = None


class ThirstyBrush(Part):
    """The part with a field that is required now."""

    width: int
    bristle: str


class FencePainted(Event):
    """What all versions of the event share."""

    SUBJECT = "fence.painted"
    OWNER = "garden"
    AGGREGATE = "fence_id"

    fence_id: UUID


PUBLISHED: dict[str, Any] = {
    "colour": (Colour, ...),
    "finish": (Literal["matt", "gloss"], ...),
    "coats": (Annotated[int, Field(ge=1)], ...),
    "note": (str | None, None),
    "brush": (Brush, ...),
    "brushes": (tuple[Brush, ...], ()),
    "second_colour": (Colour | None, None),
    "painted_at": (AwareDatetime, ...),
}


def painted(**changes: Any) -> type[Event]:
    """The event with some fields otherwise; ``None`` takes a field away."""
    fields = {name: field for name, field in (PUBLISHED | changes).items() if field is not None}
    return create_model("FencePaintedNow", __base__=FencePainted, **fields)


def faults_of(**changes: Any) -> list[str]:
    before = {"fence.painted": snapshot.snapshot(painted())}
    return snapshot.broken(before, {"fence.painted": painted(**changes)})


@pytest.mark.parametrize("subject", sorted(set(STORED) | set(EVENTS)))
def test_every_published_contract_still_holds(subject: str) -> None:
    assert subject in STORED, f"{subject} has no snapshot yet: run `python -m contracts.snapshot`"
    assert snapshot.broken({subject: STORED[subject]}) == []


def test_the_same_contract_breaks_nothing() -> None:
    assert faults_of() == []


@pytest.mark.parametrize(
    "growth",
    [
        {"weather": (str | None, None)},
        {"weather": (str, "fair")},
        {"colour": (MoreColours, ...)},
        {"second_colour": (MoreColours | None, None)},
        {"finish": (Literal["matt", "gloss", "satin"], ...)},
        {"brush": (GrownBrush, ...)},
        {"brushes": (tuple[GrownBrush, ...], ())},
    ],
    ids=str,
)
def test_growing_is_allowed(growth: dict[str, Any]) -> None:
    assert faults_of(**growth) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"note": None}, "note: the field is gone"),
        ({"colour": None, "hue": (Colour, ...)}, "colour: the field is gone"),
        ({"weather": (str, ...)}, "weather: required now"),
        ({"note": (str | None, ...)}, "note: required now"),
        ({"colour": (Colour, Colour.RED)}, "colour: no longer required"),
        ({"colour": (FewerColours, ...)}, "colour: the vocabulary lost"),
        ({"second_colour": (FewerColours | None, None)}, "second_colour: the vocabulary lost"),
        ({"finish": (Literal["matt"], ...)}, "finish: the vocabulary lost"),
        ({"colour": (str, ...)}, "colour: its vocabulary was"),
        ({"note": (Colour | None, None)}, "note: its vocabulary was"),
        ({"coats": (str, ...)}, "coats: type was"),
        ({"coats": (Annotated[int, Field(ge=2)], ...)}, "coats: minimum was"),
        ({"coats": (int | None, ...)}, "coats: had 0 alternatives, has 2"),
        ({"note": (str, "")}, "note: had 2 alternatives, has 0"),
        ({"note": (Annotated[str, Field(max_length=9)] | None, None)}, "note: maxLength was"),
        ({"painted_at": (str, ...)}, "painted_at: format was"),
        ({"brush": (RenamedBrush, ...)}, "brush.width: the field is gone"),
        ({"brush": (ThirstyBrush, ...)}, "brush.bristle: required now"),
        ({"brushes": (tuple[RenamedBrush, ...], ())}, "brushes[].width: the field is gone"),
        ({"brushes": (Brush | None, None)}, "brushes: type was"),
        ({"brush": (tuple[Brush, ...], ...)}, "brush: what it holds has changed"),
    ],
    ids=str,
)
def test_each_kind_of_break_is_caught(change: dict[str, Any], fault: str) -> None:
    assert any(line.startswith(f"fence.painted: {fault}") for line in faults_of(**change)), faults_of(**change)


def test_a_subject_that_is_gone_is_caught() -> None:
    before = {"fence.painted": snapshot.snapshot(painted())}
    assert snapshot.broken(before, {}) == ["fence.painted: the subject is gone"]


def test_growth_without_a_snapshot_is_named() -> None:
    before = {"fence.painted": snapshot.snapshot(painted())}
    grown = {"fence.painted": painted(weather=(str | None, None)), "fence.mended": painted()}
    assert snapshot.outdated(before, grown) == ["fence.painted", "fence.mended"]


def test_only_words_for_people_are_left_out_of_a_snapshot() -> None:
    titled = painted(title=(str, Field(description="What the painter calls it.")))
    stored = snapshot.snapshot(titled)
    assert stored["properties"]["title"] == {"type": "string"}
    assert "description" not in stored


def drop_field(schema: JsonSchema) -> None:
    schema["properties"]["gone_since"] = {"type": "string"}


def widen_vocabulary(schema: JsonSchema) -> None:
    schema["$defs"]["TicketOutcome"]["enum"].append("forgotten")


def unrequire(schema: JsonSchema) -> None:
    schema["required"].remove("outcome")


def retype(schema: JsonSchema) -> None:
    schema["properties"]["closed_by"] = {"type": "integer"}


@pytest.mark.parametrize("edit", [drop_field, widen_vocabulary, unrequire, retype])
def test_the_command_refuses_to_write_over_a_break(
    edit: Callable[[JsonSchema], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stored promise that the code no longer keeps: nothing is written, the fault is named."""
    assert snapshot.main(["--folder", str(tmp_path)]) == 0
    path = tmp_path / "ticket.closed.json"
    schema = json.loads(path.read_text("utf-8"))
    edit(schema)
    path.write_text(json.dumps(schema), "utf-8")

    assert snapshot.main(["--folder", str(tmp_path)]) == 1
    assert "ticket.closed: " in capsys.readouterr().err
    assert json.loads(path.read_text("utf-8")) == schema


def test_the_command_writes_what_is_missing_and_checks_what_is_old(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert snapshot.main(["--check", "--folder", str(tmp_path)]) == 1
    assert "ticket.closed" in capsys.readouterr().err
    assert snapshot.main(["--folder", str(tmp_path)]) == 0
    assert snapshot.main(["--check", "--folder", str(tmp_path)]) == 0
    assert set(snapshot.stored(tmp_path)) == set(EVENTS)
