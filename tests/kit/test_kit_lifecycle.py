"""Status changes only through drawn verbs (I10, T2)."""

from dataclasses import dataclass
from enum import StrEnum

import pytest

from kit.lifecycle import Lifecycle
from kit.problems import Problem


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    DARK = "dark"


@dataclass
class Lamp:
    status: str = "red"


LIFE = Lifecycle(
    noun="lamp",
    states=Light,
    initial=Light.RED,
    table={
        "go": {Light.RED: Light.GREEN},
        "halt": {Light.GREEN: Light.RED},
        "switch_off": {Light.RED: Light.DARK, Light.GREEN: Light.DARK},
    },
)
DRAWN = {(start, verb): end for start, verb, end in LIFE.transitions()}


@pytest.mark.parametrize("verb", LIFE.table)
@pytest.mark.parametrize("state", Light)
def test_every_state_and_verb_either_moves_as_drawn_or_is_refused_naming_what_is_allowed(
    state: Light, verb: str
) -> None:
    """I10: the full table of state × verb."""
    lamp = Lamp(state.value)
    if (state, verb) in DRAWN:
        assert LIFE.move(lamp, verb) is state
        assert lamp.status == DRAWN[state, verb].value
        return
    with pytest.raises(Problem) as refusal:
        LIFE.move(lamp, verb)
    assert lamp.status == state.value
    assert refusal.value.slug == "transition-refused"
    assert refusal.value.kind.status == 409
    allowed = [other for start, other in DRAWN if start is state]
    assert refusal.value.facts == {"noun": "lamp", "from": state.value, "verb": verb, "allowed": allowed}


def test_a_state_without_arrows_allows_nothing() -> None:
    assert LIFE.allowed(Light.DARK) == []
    assert LIFE.allowed(Light.RED) == ["go", "switch_off"]


def test_a_verb_that_does_not_exist_is_a_programming_error() -> None:
    lamp = Lamp()
    with pytest.raises(KeyError):
        LIFE.move(lamp, "explode")
    assert lamp.status == "red"


def test_a_status_that_is_no_state_is_never_moved() -> None:
    with pytest.raises(ValueError, match="purple"):
        LIFE.move(Lamp("purple"), "go")


def test_the_diagram_shows_every_arrow_and_the_start() -> None:
    drawing = LIFE.diagram().splitlines()
    assert drawing[:2] == ["stateDiagram-v2", "    [*] --> red"]
    assert "    red --> green: go" in drawing
    assert len(drawing) == 2 + len(DRAWN)
