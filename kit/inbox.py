"""What of a batch still has to be done: an event handled twice has the effect of once (I5), in its mode's order (I4).

fact     remembered by id; order doesn't matter
copy     events carry the full state; only what is newer than the last one counts
ordered  only the very next event of an aggregate; earlier ones are done, later ones wait
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from contracts.catalogue import Mode
from kit.envelope import Meta
from kit.session import Session


class Verdict(StrEnum):
    """What to do with one delivered event."""

    APPLY = "apply"
    DONE = "done"
    EARLY = "early"
    BLOCKED = "blocked"


M = TypeVar("M")
_CLAIM = """
INSERT INTO inbox (consumer, event_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id
"""
_LOCK = """
INSERT INTO position (consumer, noun, aggregate_id, last_sequence)
SELECT $1, noun, aggregate_id, 0 FROM unnest($2::text[], $3::uuid[]) AS wanted (noun, aggregate_id)
ORDER BY noun, aggregate_id
ON CONFLICT (consumer, noun, aggregate_id) DO UPDATE SET last_sequence = position.last_sequence
RETURNING noun, aggregate_id, last_sequence
"""
_ADVANCE = """
UPDATE position SET last_sequence = reached.sequence
FROM unnest($2::text[], $3::uuid[], $4::bigint[]) AS reached (noun, aggregate_id, sequence)
WHERE position.consumer = $1 AND position.noun = reached.noun AND position.aggregate_id = reached.aggregate_id
"""
_BURIED = """
SELECT noun, aggregate_id, min(sequence) FROM dead_letter
WHERE consumer = $1 AND redriven_at IS NULL AND aggregate_id = ANY($2::uuid[])
GROUP BY noun, aggregate_id
"""

Aggregate = tuple[str, UUID]


async def claim(
    session: Session,
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


async def _claim_facts(session: Session, consumer: str, metas: Sequence[Meta]) -> list[Verdict]:
    claimed = await session.fetch(_CLAIM, consumer, sorted({meta.id for meta in metas}))
    fresh = {event_id for (event_id,) in claimed}
    verdicts = []
    for meta in metas:
        verdicts.append(Verdict.APPLY if meta.id in fresh else Verdict.DONE)
        fresh.discard(meta.id)
    return verdicts


async def _claim_positions(
    session: Session, consumer: str, mode: Mode, events: Sequence[tuple[str, Meta]], *, redriving: bool
) -> list[Verdict]:
    aggregates = sorted({(noun, meta.aggregate_id) for noun, meta in events})
    locked = await session.fetch(_LOCK, consumer, *_columns(aggregates))
    last = {(noun, aggregate_id): sequence for noun, aggregate_id, sequence in locked}
    blocked: dict[Aggregate, int] = {}
    if mode is Mode.ORDERED and not redriving:
        found = await session.fetch(_BURIED, consumer, [key for _, key in aggregates])
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
        await session.fetch(_ADVANCE, consumer, *_columns(keys), [reached[key] for key in keys])
    return verdicts


def _judge(mode: Mode, sequence: int, last: int, *, blocked: bool) -> Verdict:
    if sequence <= last:
        return Verdict.DONE
    if mode is Mode.COPY:
        return Verdict.APPLY
    if blocked:
        return Verdict.BLOCKED
    return Verdict.APPLY if sequence == last + 1 else Verdict.EARLY


def _columns(aggregates: Sequence[Aggregate]) -> tuple[list[str], list[UUID]]:
    return [noun for noun, _ in aggregates], [key for _, key in aggregates]
