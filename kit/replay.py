"""Replay: a stream that lost what it had acknowledged gets it back from the outbox (I7).

Rows of the outbox stay as long as the stream keeps messages. What the stream doesn't hold any more is marked as not
published, and the relay publishes it in its order, under the ids it always had: subscribers that have applied it drop
it, others get what they missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kit.bus import stored_events
from kit.db import Database

_BATCH = 5_000
_PUBLISHED = """
SELECT id, event_id, stream_sequence FROM outbox
WHERE published_at IS NOT NULL AND published_at < $1 AND id > $2 ORDER BY id LIMIT $3
"""
_ALL_LOST = """
UPDATE outbox SET published_at = NULL, stream_sequence = NULL
WHERE id IN (SELECT id FROM outbox WHERE published_at IS NOT NULL ORDER BY id LIMIT $1) RETURNING id
"""
_LOST = "UPDATE outbox SET published_at = NULL, stream_sequence = NULL WHERE id = ANY($1::bigint[])"
_MOVED = """
UPDATE outbox SET stream_sequence = found.place
FROM unnest($1::bigint[], $2::bigint[]) AS found (id, place) WHERE outbox.id = found.id
"""


@dataclass(slots=True)
class Compared:
    """What the outbox and its stream have to do with each other: events that stand in both, those that the stream
    had lost, and those that stand in another place of it than they did."""

    present: int = 0
    lost: int = 0
    moved: int = 0


async def replay(database: Database, nats_url: str, stream: str) -> Compared:
    """Mark what the stream has lost as not published, and set right where the rest stands; safe beside the running
    service, and to repeat. An intact stream gains nothing.

    Raises BusUnavailableError, and NoStreamError where `kefu migrate` has to make the stream first.
    """
    connection = await database.connect()
    try:
        began = await connection.fetchval("SELECT clock_timestamp()")
        stored = await stored_events(nats_url, stream)  # after `began`: what was published before it must be there
        compared, last = Compared(), 0
        while rows := await connection.fetch(_PUBLISHED, began, last, _BATCH):
            last = rows[-1]["id"]
            lost = [row["id"] for row in rows if row["event_id"] not in stored]
            moved = _moved(rows, stored)
            async with connection.transaction():
                await connection.execute(_LOST, lost)
                await connection.execute(_MOVED, list(moved), list(moved.values()))
            compared.lost += len(lost)
            compared.present += len(rows) - len(lost)
            compared.moved += len(moved)
        return compared
    finally:
        await connection.close()


async def publish_all(database: Database) -> int:
    """Mark everything as not published, before its stream is made anew: it gets the events in their order then. How
    many there are."""
    connection, marked = await database.connect(), 0
    try:
        while lost := len(await connection.fetch(_ALL_LOST, _BATCH)):
            marked += lost
        return marked
    finally:
        await connection.close()


def _moved(rows: list[Mapping[str, object]], stored: Mapping[UUID, int]) -> dict[int, int]:
    """The rows by id whose events stand elsewhere in the stream now."""
    places = {row["id"]: (stored.get(UUID(str(row["event_id"]))), row["stream_sequence"]) for row in rows}
    return {int(str(id_)): now for id_, (now, before) in places.items() if now is not None and now != before}
