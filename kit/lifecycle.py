"""Status changes only through verbs of one table (T2, I10).

A room draws its life as data: verb → the states it may start from → the state it leads to. What isn't drawn is
refused with a 409 that names what is allowed now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from kit.problems import Problem

S = TypeVar("S", bound=StrEnum)


class HasStatus(Protocol):
    """Anything with a status that a verb may move."""

    status: str


@dataclass(frozen=True)
class Lifecycle(Generic[S]):
    """The drawn transitions of one noun: `table[verb][state]` is the state that the verb leads to."""

    noun: str
    states: type[S]
    initial: S
    table: Mapping[str, Mapping[S, S]]

    def move(self, thing: HasStatus, verb: str) -> S:
        """Take `thing` through `verb` and return the state it left.

        Raises Problem `transition-refused` when that isn't drawn; nothing is changed then.
        """
        before = self.states(thing.status)
        after = self.table[verb].get(before)
        if after is None:
            raise self.refusal(before, verb)
        thing.status = after.value
        return before

    def refusal(self, state: S, verb: str) -> Problem:
        """The 409 that names the verbs allowed in `state`."""
        facts: dict[str, Any] = {"noun": self.noun, "from": state.value, "verb": verb}
        return Problem("transition-refused", allowed=self.allowed(state), **facts)

    def allowed(self, state: S) -> list[str]:
        """The verbs drawn for `state`."""
        return [verb for verb, moves in self.table.items() if state in moves]

    def transitions(self) -> Iterator[tuple[S, str, S]]:
        """Every arrow of the drawing: from, verb, to."""
        for verb, moves in self.table.items():
            for start, end in moves.items():
                yield start, verb, end

    def diagram(self) -> str:
        """The drawing as a Mermaid state diagram, for the documentation."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial.value}"]
        lines += [f"    {start.value} --> {end.value}: {verb}" for start, verb, end in self.transitions()]
        return "\n".join(lines)
