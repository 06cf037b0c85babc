"""The audit trail (X7): who, when, what before and after, and why, in the transaction of the change.

Rows are only ever added; the database refuses to change or delete them, and the sealer chains them. Personal values
don't belong here: `personal` turns them into digests that mean nothing once their person is forgotten.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kit.tables import audit, audit_person_key, audit_seal
from kit.work import Work

_KEY_BYTES = 32


async def record(
    work: Work,
    action: str,
    noun: str,
    aggregate_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write down one change of state."""
    await record_many(work, [entry(work, action, noun, aggregate_id, before=before, after=after, reason=reason)])


async def record_many(work: Work, entries: Iterable[Mapping[str, Any]]) -> None:
    """Write down many changes at once; for set-based use cases."""
    work.expect_recording()
    for row in entries:
        work.session.gather(audit, row)


def entry(
    work: Work,
    action: str,
    noun: str,
    aggregate_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """One audit row, for `record_many`."""
    return {
        "at": work.now,
        "actor": work.actor.subject,
        "action": action,
        "noun": noun,
        "aggregate_id": aggregate_id,
        "before": dict(before or {}),
        "after": dict(after or {}),
        "reason": reason,
        "request_id": work.request_id,
    }


async def personal(work: Work, person_id: UUID, fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """Personal fields as the trail may hold them: each name with a digest of its value under the person's key.

    Equal values of a person give equal digests, so a change shows; of two people they never do, and without the key
    nothing leads back to a value.
    """
    key = await _key_of(work.session, person_id)
    return {name: None if value is None else _digest(key, name, value) for name, value in fields.items()}


async def forget(work: Work, person_id: UUID) -> None:
    """Destroy the person's key, so that the digests in the trail mean nothing any more; the chain stays whole."""
    await work.session.execute(delete(audit_person_key).where(audit_person_key.c.person_id == person_id))


async def page(
    session: AsyncSession, conditions: Iterable[Any], before_id: int | None, limit: int
) -> list[RowMapping]:
    """Rows of the trail that meet the conditions on `kit.tables.audit`, newest first, each with its seal if it has
    one, from below `before_id` on."""
    sealed = audit.outerjoin(audit_seal, audit_seal.c.audit_id == audit.c.id)
    statement = select(audit, audit_seal.c.number.label("seal"), audit_seal.c.hash).select_from(sealed)
    statement = statement.where(*conditions)
    if before_id is not None:
        statement = statement.where(audit.c.id < before_id)
    return list((await session.execute(statement.order_by(audit.c.id.desc()).limit(limit))).mappings())


async def _key_of(session: AsyncSession, person_id: UUID) -> bytes:
    """The person's key, made when it is first needed. Whoever makes it first wins; the others wait and read it."""
    made = {"person_id": person_id, "key": secrets.token_bytes(_KEY_BYTES)}
    await session.execute(insert(audit_person_key).values(made).on_conflict_do_nothing())
    kept = select(audit_person_key.c.key).where(audit_person_key.c.person_id == person_id)
    return bytes((await session.execute(kept)).scalar_one())


def _digest(key: bytes, name: str, value: str) -> str:
    return "hmac:" + hmac.new(key, f"{name}\0{value}".encode(), hashlib.sha256).hexdigest()
