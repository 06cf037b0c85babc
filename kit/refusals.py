"""Refused attempts that the trail has to know (T40, T56).

The refused transaction is undone, so what it wrote would be undone with it. The attempt is written by itself, right
after the answer has gone: whoever guesses can't tell by the wait whether there is such a thing. What can't be written
is logged, and the answer stays what it was.

Somebody who tries again and again doesn't fill the trail: within a minute it holds one row for a caller and a thing,
and no more than so many for a caller and for all of them.
"""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import audit
from kit.logs import log
from kit.problems import Problem, Refusal
from kit.work import Transactions, Work

OF_A_CALLER = 30
OF_ALL = 1000
Key = tuple[str, UUID | None, str, UUID]


def refused(work: Work, problem: Problem, noun: str, aggregate_id: UUID, **facts: Any) -> Problem:
    """The problem, to be raised, with what the trail shall say of it; `facts` are ids and codes, never values."""
    said = {"problem": problem.slug, **facts}
    problem.refusal = Refusal(work.actor, noun, aggregate_id, said, work.request_id)
    return problem


class Refusals:
    """Writes down refused attempts; one for each process."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._written: set[Key] = set()
        self._of_caller: Counter[tuple[str, UUID | None]] = Counter()

    async def write(self, transactions: Transactions, refusal: Refusal) -> None:
        """Write the attempt into the trail, in a transaction of its own; never raises."""
        if not self._takes(refusal, transactions.clock.now()):
            return
        try:
            async with transactions.begin(refusal.actor, request_id=refusal.request_id) as work:
                await audit.record(work, "refuse", refusal.noun, refusal.aggregate_id, after=refusal.facts)
        except Exception as error:  # noqa: BLE001 - the answer has gone; what is left is to say so
            self._written.discard(_key(refusal))
            log.error("refusal.unwritten", noun=refusal.noun, id=str(refusal.aggregate_id), error=error)

    def _takes(self, refusal: Refusal, now: datetime) -> bool:
        """Whether this one is written; the next minute begins anew."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._written.clear()
            self._of_caller.clear()
        key = _key(refusal)
        if key in self._written:
            return False
        if len(self._written) >= OF_ALL or self._of_caller[key[:2]] >= OF_A_CALLER:
            log.warning("refusal.flood", noun=refusal.noun)
            return False
        self._written.add(key)
        self._of_caller[key[:2]] += 1
        return True


def _key(refusal: Refusal) -> Key:
    return refusal.actor.subject, refusal.actor.account_id, refusal.noun, refusal.aggregate_id
