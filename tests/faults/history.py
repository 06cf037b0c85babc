"""The client's own history of a run: every operation once, with what came of it, as lines of JSON.

An operation is ok (it was answered), failed (it was refused) or unknown: the client gave up without an answer, and
whether it was done only the tables know. Its name travels as the request's id, so that the trail of the services can be
laid beside the history, line by line.
"""

import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from kit.testing.poll import eventually
from ops.callers import Caller
from ops.environment import StackError

PATIENCE_SECONDS = 300.0
IMPATIENT = 0.2


class Outcome(StrEnum):
    """What the client knows of an operation in the end."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """One line: who was asked for what, under which key, and what was answered; `at` in seconds of the run."""

    name: str
    key: str
    outcome: Outcome
    status: int
    answer: dict[str, Any]
    at: float

    @property
    def id(self) -> str:
        """What the services know it by."""
        return f"{self.name}-{self.key}"


class GivenUpError(Exception):
    """The client was refused, or doesn't know what became of its operation, and goes its way."""


@dataclass
class History:
    """Every operation that was asked for, in the order in which it ended. By the seed, some callers ask only once."""

    path: Path
    seed: int
    operations: list[Operation] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def ask(
        self, who: Caller, name: str, key: str, method: str, path: str, json: object = None, *, wanted: int = 200,
        **headers: str,
    ) -> Any:  # fmt: skip
        """The answer of an operation that is asked for again and again under its key, or only once.

        Raises GivenUpError without an answer, and for a refusal.
        """
        told = {"Idempotency_Key": f"{name}-{key}", "X_Request_Id": f"{name}-{key}", **headers}
        once = random.Random(f"{self.seed} {name} {key}").random() < IMPATIENT
        # A caller of its own has one try and one token; what it doesn't hear of, nobody does.
        asking = replace(who, tries=1) if once else who
        try:
            status, body = await _answered(lambda: asking.call(method, path, json, **told), once=once)
        except StackError:
            self._note(name, key, Outcome.UNKNOWN, 0, None)
            raise GivenUpError(f"{name} {key}") from None
        outcome = Outcome.OK if status == wanted else Outcome.FAILED
        self._note(name, key, outcome, status, body)
        if outcome is Outcome.FAILED:
            raise GivenUpError(f"{name} {key} was answered {status}: {body}")
        return body

    def _note(self, name: str, key: str, outcome: Outcome, status: int, body: Any) -> None:
        answer = {part: found for part, found in (body or {}).items() if part.endswith(("_id", "_key", "type"))}
        operation = Operation(name, key, outcome, status, answer, round(time.monotonic() - self.began, 3))
        self.operations.append(operation)
        with self.path.open("a") as lines:
            lines.write(json.dumps(asdict(operation), ensure_ascii=False) + "\n")

    def those(self, outcome: Outcome, *names: str) -> list[Operation]:
        """The operations of those names, or all, that ended so."""
        return [one for one in self.operations if one.outcome is outcome and (not names or one.name in names)]


async def _answered(call: Callable[[], Awaitable[tuple[int, Any]]], *, once: bool) -> tuple[int, Any]:
    """Status and body, asked for until there is an answer.

    Raises StackError when there is none for who asks once, TimeoutError when nobody answers for minutes.
    """
    if once:
        return await call()

    async def asked() -> tuple[int, Any] | None:
        try:
            return await call()
        except StackError:
            return None

    return await eventually(asked, within=PATIENCE_SECONDS)
