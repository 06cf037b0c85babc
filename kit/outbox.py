"""The transactional outbox: an event is a row in the transaction of the change it tells about (I1).

`sequence` rises by exactly one per event of an aggregate, taken under the aggregate's row lock (I4, E4): the row
carries `event_seq`, and whoever records an event holds that row.
"""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from contracts.event import Event
from kit.ids import new_id
from kit.tables import outbox
from kit.work import Work


class Sequenced(Protocol):
    """A row that owns the event sequence of its noun; lock it before recording."""

    event_seq: int


async def record(work: Work, aggregate: Sequenced, *events: Event) -> None:
    """Put the events of one locked aggregate in the outbox, in this order, in the present transaction."""
    work.expect_recording()
    for event in events:
        aggregate.event_seq += 1
        _put(work, event, aggregate.event_seq)


async def record_many(work: Work, events: Iterable[tuple[Event, int]]) -> None:
    """Put many aggregates' events in the outbox at once, each with its sequence; for set-based use cases."""
    work.expect_recording()
    for event, sequence in events:
        _put(work, event, sequence)


def _put(work: Work, event: Event, sequence: int) -> None:
    work.session.gather(outbox, _row(work, event, sequence))
    work.recorded_events += 1


def _row(work: Work, event: Event, sequence: int) -> dict[str, Any]:
    aggregate_id: UUID = event.aggregate_id
    return {
        "event_id": new_id(),
        "noun": event.noun(),
        "aggregate_id": aggregate_id,
        "sequence": sequence,
        "subject": event.SUBJECT,
        "body": event.model_dump_json().encode(),
        "traceparent": work.traceparent,
        "occurred_at": work.now,
    }
