"""Dead letters: events that could not be applied, kept whole with the reason until somebody redrives them (I7).

What comes from a private stream may be about people, so it lies sealed in a service that has a vault (X6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from contracts.catalogue import READERS, STREAMS
from kit.db import Database
from kit.ids import derived_id
from kit.tables import attempt, dead_letter
from kit.vault import Place, Vault
from kit.work import Work

_SEALED = "kefu-sealed"


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


async def bury(database: Database, letter: Letter, vault: Vault | None = None) -> None:
    """Keep the letter; burying the same event again changes nothing."""
    noun = letter.subject.rpartition(".")[0]
    values = {**_columns(_sealed(letter, vault)), "noun": noun}
    async with database.transaction("before-dead-letter", "after-dead-letter") as session:
        await session.execute(insert(dead_letter).values(values).on_conflict_do_nothing())
        await session.execute(
            delete(attempt).where(
                attempt.c.consumer == letter.consumer, cast(attempt.c.event_id, Text) == letter.event_id
            )
        )


async def waiting(database: Database, *, limit: int = 200) -> list[Letter]:
    """The letters nobody has redriven yet, in the order in which they must be redriven; bodies as they lie."""
    order = (dead_letter.c.consumer, dead_letter.c.noun, dead_letter.c.aggregate_id, dead_letter.c.sequence)
    statement = select(dead_letter).where(dead_letter.c.redriven_at.is_(None)).order_by(*order).limit(limit)
    async with database.reading() as session:
        return [letter_of(row) for row in (await session.execute(statement)).mappings()]


async def mark_redriven(database: Database, letter: Letter, at: datetime) -> None:
    """The letter's effect is there now."""
    async with database.transaction("before-dead-letter", "after-dead-letter") as session:
        await session.execute(update(dead_letter).where(dead_letter.c.id == letter.id).values(redriven_at=at))


async def reseal_letters(work: Work, _: UUID | None, __: int) -> tuple[int, UUID | None]:
    """Bring all sealed letters under the newest key, for `kit.rotation`; how many were not. There are few."""
    statement = select(dead_letter).where(dead_letter.c.headers.has_key(_SEALED)).with_for_update()
    moved = 0
    for row in (await work.session.execute(statement)).mappings().all():
        letter = letter_of(row)
        body = work.vault.reseal(letter.body, _place(letter))
        if body is not None:
            changed = update(dead_letter).where(dead_letter.c.id == letter.id).values(body=body)
            await work.session.execute(changed)
            moved += 1
    return moved, None


def opened(letter: Letter, vault: Vault | None) -> Letter:
    """The letter with the body that came. Raises BrokenSealError for a sealed one whose key is not here."""
    if vault is None or _SEALED not in letter.headers:
        return letter
    headers = {name: value for name, value in letter.headers.items() if name != _SEALED}
    return replace(letter, headers=headers, body=vault.open_bytes(letter.body, _place(letter)))


def _sealed(letter: Letter, vault: Vault | None) -> Letter:
    headers = {name: value for name, value in letter.headers.items() if name != _SEALED}
    if vault is None or not _is_private(letter.consumer):
        return replace(letter, headers=headers)
    body = vault.seal_bytes(letter.body, _place(letter))
    return replace(letter, headers={**headers, _SEALED: "1"}, body=body)


def _is_private(consumer: str) -> bool:
    return any(STREAMS[reader.stream].private for reader in READERS if reader.name == consumer)


def _place(letter: Letter) -> Place:
    return Place("dead_letter", "body", derived_id("dead_letter", letter.consumer, letter.event_id))


def _columns(letter: Letter) -> dict[str, Any]:
    values = dict(vars(letter))
    values.pop("id")
    values.pop("buried_at")
    return values


def letter_of(row: Mapping[Any, Any]) -> Letter:
    """A row of the table."""
    return Letter(**{name: row[name] for name in Letter.__dataclass_fields__})
