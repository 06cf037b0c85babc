"""Whom a rule tells (N3): pure, over what an event said and who works here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

ASSIGNEE, OPENER, WATCHERS, LEAD = "assignee", "opener", "watchers", "lead"
CUSTOMER, ROLE = "customer", "role:"


class RuleLike(Protocol):
    """A rule as the table holds it."""

    condition: dict[str, str]
    recipients: list[list[str]]


@dataclass(frozen=True)
class People:
    """Who is here: the ids at work by role, and those of the people named who have left."""

    at_work: Mapping[str, Sequence[UUID]]
    gone: AbstractSet[UUID]


def applies(rule: RuleLike, facts: Mapping[str, str | None]) -> bool:
    """Whether the event's facts are as the rule's condition asks; no condition asks for nothing."""
    return all(facts.get(name) == wanted for name, wanted in rule.condition.items())


def recipients(rule: RuleLike, named: Mapping[str, Sequence[UUID]], people: People) -> list[UUID]:
    """Which staff the rule tells, each once, in its own order. `named` are those whom the event names: its assignee,
    its opener, its watchers, its unit's lead."""
    told = (staff_id for alternatives in rule.recipients for staff_id in _first(alternatives, named, people))
    return list(dict.fromkeys(told))


def tells_customer(rule: RuleLike) -> bool:
    """Whether the rule tells the customer whom the event is about; by a channel that leaves the house."""
    return any(CUSTOMER in alternatives for alternatives in rule.recipients)


def asks_lead(rules: Iterable[RuleLike]) -> bool:
    """Whether one of these rules may tell a unit's lead."""
    return any(LEAD in alternatives for rule in rules for alternatives in rule.recipients)


def roles_of(rules: Iterable[RuleLike]) -> set[str]:
    """The roles that these rules may tell."""
    words = (word for rule in rules for alternatives in rule.recipients for word in alternatives)
    return {word.removeprefix(ROLE) for word in words if word.startswith(ROLE)}


def _first(alternatives: Sequence[str], named: Mapping[str, Sequence[UUID]], people: People) -> list[UUID]:
    found = (list(_find(word, named, people)) for word in alternatives)
    return next(filter(None, found), [])


def _find(word: str, named: Mapping[str, Sequence[UUID]], people: People) -> Iterator[UUID]:
    if word.startswith(ROLE):
        yield from people.at_work.get(word.removeprefix(ROLE), ())
    else:
        yield from (staff_id for staff_id in named.get(word, ()) if staff_id not in people.gone)
