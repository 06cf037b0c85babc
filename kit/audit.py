"""The audit trail (X7): who, when, what before and after, and why, in the transaction of the change.

Rows are only ever added; the database refuses to change or delete them. Personal values don't belong here.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from kit.tables import audit
from kit.work import Work


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
    rows = list(entries)
    if rows:
        await work.session.execute(insert(audit), rows)


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
