"""What a policy is, for the pure rules that are written over its document (X3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from kit.problems import Fault

D = TypeVar("D", bound=BaseModel)
EVERYWHERE = "main"


class Title(NamedTuple):
    """What people call a policy, in both languages (X8)."""

    zh: str
    en: str


def _nothing_more(_: Any) -> Iterable[Fault]:
    return ()


@dataclass(frozen=True, eq=False)  # one is itself and no other
class PolicyKind(Generic[D]):
    """One named policy of a service: the shape of its document and the default shipped as version 1.

    `check` finds what the shape can't: codes that nobody knows, holes between steps. Its faults point into the
    document (`/steps/0/rate`).
    """

    name: str
    document: type[D]
    default: D
    title: Title | None = None
    check: Callable[[D], Iterable[Fault]] = _nothing_more


@dataclass(frozen=True)
class InForce(Generic[D]):
    """The document that decides, with the version that a result records."""

    name: str
    shop: str
    version: int
    document: D
