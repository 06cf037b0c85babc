"""Answers kept for their Idempotency-Key (seven days): sealed in a service that has a vault, for they say what people
wrote and what was written of them (X6)."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.db import Database
from kit.ids import derived_id
from kit.logs import log
from kit.tables import idempotency
from kit.vault import Place
from kit.work import Work

KEPT = timedelta(days=7)
_AT_ONCE = 500
_PAUSE_SECONDS = 60.0
_SEALED = "kefu-sealed"
_MORE = UUID(int=0)


def seal_answer(
    work: Work, caller: str, key: str, headers: Mapping[str, str], body: bytes
) -> tuple[dict[str, str], bytes]:
    """Headers and body as they may lie in the database."""
    if work.sealing is None:
        return dict(headers), body
    return {**headers, _SEALED: "1"}, work.sealing.seal_bytes(body, _place(caller, key))


def open_answer(work: Work, row: Mapping[Any, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body as they were given. Raises BrokenSealError for an answer whose key is not here."""
    headers = {name: value for name, value in row["headers"].items() if name != _SEALED}
    if _SEALED not in row["headers"]:
        return headers, row["body"]
    return headers, work.vault.open_bytes(row["body"], _place(row["caller"], row["key"]))


async def reseal_answers(work: Work, _: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Bring the next answers under the newest key, for `kit.rotation`: the envelope names the key of each."""
    body = idempotency.c.body
    key_id = func.convert_from(func.substr(body, 3, func.get_byte(body, 1)), "SQL_ASCII")
    older = and_(idempotency.c.headers.has_key(_SEALED), key_id != work.vault.newest)
    rows = (await work.session.execute(select(idempotency).where(older).limit(limit).with_for_update())).mappings()
    moved = 0
    for row in rows.all():
        found = work.vault.open_bytes(row["body"], place := _place(row["caller"], row["key"]))
        renewed = update(idempotency).values(body=work.vault.seal_bytes(found, place))
        mine = (idempotency.c.caller == row["caller"], idempotency.c.key == row["key"])
        await work.session.execute(renewed.where(*mine))
        moved += 1
    return moved, _MORE if moved == limit else None


async def forget_answers(session: AsyncSession, now: datetime) -> int:
    """Delete the oldest of those that have been kept for their time; returns how many went."""
    mine = (idempotency.c.caller, idempotency.c.key)
    over = select(*mine).where(idempotency.c.stored_at < now - KEPT).order_by(idempotency.c.stored_at).limit(_AT_ONCE)
    gone = await session.execute(delete(idempotency).where(tuple_(*mine).in_(over)).returning(mine[0]))
    return len(gone.all())


async def forget_in_time(database: Database, clock: Clock, leads: asyncio.Event) -> None:
    """Again and again, little by little, while this process leads."""
    while True:
        await leads.wait()
        went = 0
        try:
            async with database.transaction("before-forgetting", "after-forgetting", outdates=False) as session:
                went = await forget_answers(session, clock.now())
        except Exception as error:  # noqa: BLE001 - the loop must live; what is left is found again
            log.warning("kept_answers.interrupted", error=error)
        if went < _AT_ONCE:
            await asyncio.sleep(_PAUSE_SECONDS)


def _place(caller: str, key: str) -> Place:
    return Place("idempotency", "body", derived_id("idempotency", caller, key))
