"""Dead letters: events that could not be applied, kept whole with the reason until somebody redrives them (I7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from kit.db import Database
from kit.tables import attempt, dead_letter


@dataclass(frozen=True)
class Letter:
    """One buried event of one consumer."""

    consumer: str
    event_id: str
    subject: str
    aggregate_id: UUID | None
    sequence: int | None
    headers: Mapping[str, str]
    body: bytes
    reason: str
    attempts: int
    id: int | None = None
    buried_at: datetime | None = None


async def count_attempt(database: Database, consumer: str, event_id: UUID, error: str) -> int:
    """Write down one failed attempt and return how many there were."""
    statement = (
        insert(attempt)
        .values(consumer=consumer, event_id=event_id, attempts=1, last_error=error)
        .on_conflict_do_update(
            index_elements=[attempt.c.consumer, attempt.c.event_id],
            set_={"attempts": attempt.c.attempts + 1, "last_error": error},
        )
        .returning(attempt.c.attempts)
    )
    async with database.transaction("before-dead-letter", "after-dead-letter") as session:
        return int((await session.execute(statement)).scalar_one())


async def bury(database: Database, letter: Letter) -> None:
    """Keep the letter; burying the same event again changes nothing."""
    noun = letter.subject.rpartition(".")[0]
    values = {**_columns(letter), "noun": noun}
    async with database.transaction("before-dead-letter", "after-dead-letter") as session:
        await session.execute(insert(dead_letter).values(values).on_conflict_do_nothing())
        await session.execute(
            delete(attempt).where(
                attempt.c.consumer == letter.consumer, cast(attempt.c.event_id, Text) == letter.event_id
            )
        )


async def waiting(database: Database, *, limit: int = 200) -> list[Letter]:
    """The letters nobody has redriven yet, in the order in which they must be redriven."""
    order = (dead_letter.c.consumer, dead_letter.c.noun, dead_letter.c.aggregate_id, dead_letter.c.sequence)
    statement = select(dead_letter).where(dead_letter.c.redriven_at.is_(None)).order_by(*order).limit(limit)
    async with database.reading() as session:
        return [_letter(row) for row in (await session.execute(statement)).mappings()]


async def mark_redriven(database: Database, letter: Letter, at: datetime) -> None:
    """The letter's effect is there now."""
    async with database.transaction("before-dead-letter", "after-dead-letter") as session:
        await session.execute(update(dead_letter).where(dead_letter.c.id == letter.id).values(redriven_at=at))


def _columns(letter: Letter) -> dict[str, Any]:
    values = dict(vars(letter))
    values.pop("id")
    values.pop("buried_at")
    return values


def _letter(row: Mapping[Any, Any]) -> Letter:
    return Letter(**{name: row[name] for name in Letter.__dataclass_fields__})
