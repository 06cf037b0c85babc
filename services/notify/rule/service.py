"""What other rooms ask of rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

from kit.session import Session
from kit.work import Work
from services.notify.rule import store


class RuleInUse(Protocol):
    """A rule as whoever carries it out needs it."""

    name: str
    condition: dict[str, str]
    template: str
    recipients: list[list[str]]
    channel: str


async def rules_in_use(work: Work) -> Mapping[str, Sequence[RuleInUse]]:
    """The rules in use, by the subject of the events that they are about; nobody saves one but the migrations."""
    return await work.session.memory.recall("rules in use", lambda: _by_subject(work.session))


async def _by_subject(session: Session) -> Mapping[str, Sequence[RuleInUse]]:
    found: defaultdict[str, list[RuleInUse]] = defaultdict(list)
    for rule in await store.active(session):
        found[rule.subject].append(rule)
    return dict(found)
