"""What of a batch still has to be done: an event handled twice has the effect of once (I5), in its mode's order (I4).

fact     remembered by id; order doesn't matter
copy     events carry the full state; only what is newer than the last one counts
ordered  only the very next event of an aggregate; earlier ones are done, later ones wait
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import BigInteger, Text, Uuid

from contracts.catalogue import Mode
from kit.envelope import Meta
from kit.tables import inbox


class Verdict(StrEnum):
    """What to do with one delivered event."""

    APPLY = "apply"
    DONE = "done"
    EARLY = "early"
    BLOCKED = "blocked"


M = TypeVar("M")
_LOCK = text("""
INSERT INTO position (consumer, noun, aggregate_id, last_sequence)
SELECT :consumer, noun, aggregate_id, 0 FROM unnest(:nouns, :aggregates) AS wanted (noun, aggregate_id)
ORDER BY noun, aggregate_id
ON CONFLICT (consumer, noun, aggregate_id) DO UPDATE SET last_sequence = position.last_sequence
RETURNING noun, aggregate_id, last_sequence
""").bindparams(bindparam("nouns", type_=ARRAY(Text)), bindparam("aggregates", type_=ARRAY(Uuid)))
_ADVANCE = text("""
UPDATE position SET last_sequence = reached.sequence
FROM unnest(:nouns, :aggregates, :sequences) AS reached (noun, aggregate_id, sequence)
WHERE position.consumer = :consumer AND position.noun = reached.noun AND position.aggregate_id = reached.aggregate_id
""").bindparams(
    bindparam("nouns", type_=ARRAY(Text)),
    bindparam("aggregates", type_=ARRAY(Uuid)),
    bindparam("sequences", type_=ARRAY(BigInteger)),
)
_BURIED = text("""
SELECT noun, aggregate_id, min(sequence) FROM dead_letter
WHERE consumer = :consumer AND redriven_at IS NULL AND aggregate_id = ANY(:aggregates)
GROUP BY noun, aggregate_id
""").bindparams(bindparam("aggregates", type_=ARRAY(Uuid)))

Aggregate = tuple[str, UUID]


async def claim(
    session: AsyncSession,
    consumer: str,
    mode: Mode,
    events: Sequence[tuple[str, Meta]],
    *,
    redriving: bool = False,
) -> list[Verdict]:
    """A verdict per event (its noun and attributes), remembered in this transaction for those to apply."""
    if mode is Mode.FACT:
        return await _claim_facts(session, consumer, [meta for _, meta in events])
    return await _claim_positions(session, consumer, mode, events, redriving=redriving)


async def _claim_facts(session: AsyncSession, consumer: str, metas: Sequence[Meta]) -> list[Verdict]:
    rows = [{"consumer": consumer, "event_id": event_id} for event_id in sorted({meta.id for meta in metas})]
    statement = insert(inbox).values(rows).on_conflict_do_nothing().returning(inbox.c.event_id)
    fresh = set((await session.execute(statement)).scalars())
    verdicts = []
    for meta in metas:
        verdicts.append(Verdict.APPLY if meta.id in fresh else Verdict.DONE)
        fresh.discard(meta.id)
    return verdicts


async def _claim_positions(
    session: AsyncSession, consumer: str, mode: Mode, events: Sequence[tuple[str, Meta]], *, redriving: bool
) -> list[Verdict]:
    aggregates = sorted({(noun, meta.aggregate_id) for noun, meta in events})
    locked = await session.execute(_LOCK, {"consumer": consumer, **_columns(aggregates)})
    last = {(noun, aggregate_id): sequence for noun, aggregate_id, sequence in locked}
    blocked: dict[Aggregate, int] = {}
    if mode is Mode.ORDERED and not redriving:
        found = await session.execute(_BURIED, {"consumer": consumer, "aggregates": [key for _, key in aggregates]})
        blocked = {(noun, aggregate_id): sequence for noun, aggregate_id, sequence in found}
    verdicts = []
    reached: dict[Aggregate, int] = {}
    for noun, meta in events:
        aggregate = (noun, meta.aggregate_id)
        is_blocked = meta.sequence >= blocked.get(aggregate, meta.sequence + 1)
        verdict = _judge(mode, meta.sequence, last[aggregate], blocked=is_blocked)
        if verdict is Verdict.APPLY:
            last[aggregate] = reached[aggregate] = meta.sequence
        verdicts.append(verdict)
    if reached:
        keys = sorted(reached)
        await session.execute(
            _ADVANCE, {"consumer": consumer, **_columns(keys), "sequences": [reached[key] for key in keys]}
        )
    return verdicts


def _judge(mode: Mode, sequence: int, last: int, *, blocked: bool) -> Verdict:
    if sequence <= last:
        return Verdict.DONE
    if mode is Mode.COPY:
        return Verdict.APPLY
    if blocked:
        return Verdict.BLOCKED
    return Verdict.APPLY if sequence == last + 1 else Verdict.EARLY


def _columns(aggregates: Sequence[Aggregate]) -> dict[str, list[object]]:
    return {"nouns": [noun for noun, _ in aggregates], "aggregates": [key for _, key in aggregates]}
