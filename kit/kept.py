"""Answers kept for their Idempotency-Key (seven days): sealed in a service that has a vault, for they say what people
wrote and what was written of them (X6)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update

from kit.ids import derived_id
from kit.tables import idempotency
from kit.vault import Place
from kit.work import Work

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


def _place(caller: str, key: str) -> Place:
    return Place("idempotency", "body", derived_id("idempotency", caller, key))
