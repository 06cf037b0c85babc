"""How far the steps of a request have come: they are recorded in the order of their type (T60). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kit.problems import Problem, invalid
from services.ticket.service_request.policy import Outcome, Phase, RequestStep, RequestType


class RecordLike(Protocol):
    """A recorded step as the table holds it."""

    step_id: UUID
    step: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of a type, and what of them was recorded in the present round, in order."""

    kind: RequestType
    records: Sequence[RecordLike]

    def next(self) -> RequestStep | None:
        """The first step that nobody has recorded yet."""
        done = {record.step for record in self.records}
        return next((step for step in self.kind.steps if step.code not in done), None)

    def open_of(self, phase: Phase) -> list[RequestStep]:
        """The steps of that phase that nobody has recorded yet."""
        done = {record.step for record in self.records}
        return [step for step in self.kind.steps if step.phase is phase and step.code not in done]

    def expect_turn(self, step: RequestStep) -> None:
        """Raises Problem `steps-open`, naming them, when others come before this one, `already-exists` when it was
        recorded and doesn't repeat, or another was recorded since."""
        done = {record.step for record in self.records}
        places: Mapping[str, int] = {one.code: place for place, one in enumerate(self.kind.steps)}
        earlier = [one for one in self.kind.steps[: places[step.code]] if one.code not in done]
        if earlier:
            raise steps_open(earlier)
        overtaken = any(places[code] > places[step.code] for code in done)
        if overtaken or (step.code in done and not step.repeats):
            raise Problem("already-exists", step=step.code)

    def expect_choice(self, step: RequestStep, choice: UUID | None) -> None:
        """Raises Problem `invalid-request` when a step that picks names nothing of what it picks from, or one that
        doesn't names something."""
        if step.picks is None:
            if choice is not None:
                raise invalid("/choice", "该步骤没有可选项", "has nothing to choose from here")
            return
        if choice not in {record.step_id for record in self.records if record.step == step.picks}:
            raise invalid("/choice", "必须是可选项之一", "must be one of what there is to choose from")

    def expect_done(self, outcome: Outcome | None) -> None:
        """Raises Problem `steps-open`, naming them, when it can't end so yet."""
        left = self.open_of(Phase.WORK)
        if left and not (outcome is not None and outcome.early):
            raise steps_open(left)


def steps_open(steps: Sequence[RequestStep]) -> Problem:
    """The 409 that names what has to be done first."""
    return Problem("steps-open", steps=[{"step": one.code, "zh": one.name.zh, "en": one.name.en} for one in steps])
