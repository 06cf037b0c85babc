"""What other rooms ask of rules."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Protocol

from kit.work import Work
from services.notify.rule import store


class RuleInUse(Protocol):
    """A rule as whoever carries it out needs it."""

    name: str
    condition: dict[str, str]
    template: str
    recipients: list[list[str]]
    channel: str


async def rules_for(work: Work, subjects: Collection[str]) -> dict[str, Sequence[RuleInUse]]:
    """The rules in use for each of these subjects."""
    found: defaultdict[str, list[RuleInUse]] = defaultdict(list)
    for rule in await store.active(work.session, subjects):
        found[rule.subject].append(rule)
    return dict(found)
