"""Named points around commits, publishes and acknowledgements at which a test may kill or fail the process.

Armed by `KEFU_FAILPOINTS` (production refuses it), e.g. `after-commit=crash@2`: die at the second time the point is
reached. Unarmed, reaching a point costs one look at an empty dictionary.
"""

import os
import re
from dataclasses import dataclass
from typing import Literal, get_args

Point = Literal[
    "before-commit", "after-commit",
    "before-publish", "after-publish", "after-puback", "after-mark",
    "before-inbox", "after-inbox", "before-effect-commit", "after-effect-commit",
    "before-ack", "after-ack",
    "before-dead-letter", "after-dead-letter",
    "before-timer-commit", "after-timer-commit", "before-forgetting", "after-forgetting",
    "before-send", "after-send",
]  # fmt: skip
POINTS: tuple[str, ...] = get_args(Point)
CRASHED = 137
_PART = re.compile(r"(?P<point>[a-z-]+)=(?P<action>crash|raise)(@(?P<nth>[1-9][0-9]{0,8}))?")


class FailpointError(Exception):
    """Raised where a failpoint is armed with `raise`."""


@dataclass
class _Armed:
    action: str
    left: int


_armed: dict[str, _Armed] = {}


def arm(plan: str) -> None:
    """Arm points from `point=action[@n]` parts joined by commas; actions are `crash` and `raise`.

    Raises ValueError for a point or an action that doesn't exist.
    """
    planned: dict[str, _Armed] = {}
    for part in filter(None, plan.split(",")):
        match = _PART.fullmatch(part)
        if match is None or match["point"] not in POINTS:
            raise ValueError(f"no such failpoint: {part}")
        planned[match["point"]] = _Armed(match["action"], int(match["nth"] or 1))
    _armed.update(planned)


def disarm() -> None:
    """Forget everything armed."""
    _armed.clear()


def reach(point: Point) -> None:
    """Die or raise here if the point is armed and this is the time it is armed for."""
    if not _armed:
        return
    armed = _armed.get(point)
    if armed is None:
        return
    armed.left -= 1
    if armed.left:
        return
    del _armed[point]
    if armed.action == "crash":
        os._exit(CRASHED)
    raise FailpointError(point)
