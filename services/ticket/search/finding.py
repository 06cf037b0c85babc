"""Finding tickets by their words (T5).

Two ways lead to the newest tickets with a word. Going through the newest tickets finds a common word at once and
would look at a million for a rare one; the index knows all places of a rare word at once, and of a common one far too
many. So a few tickets are gone through first. What that leaves open, the index answers, if one of the terms has few
places; else all terms are common, and going on farther finds enough: a word with more than FEW_PLACES is in one
ticket of a hundred where there are a million, and is met often enough within LOOK_FAR. A page may then be shorter
than asked for and still have a next one: no request looks at more than so many rows, whatever is asked.

The steps are fenced (MATERIALIZED, OFFSET 0), so that the planner can't turn one way into the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession

from services.ticket.search.query import Term, entries_of
from services.ticket.sight import Wanted

LOOK_NEAR = 2_000
LOOK_FAR = 5_000
FEW_PLACES = 10_000
_UUIDS = frozenset({"assignee_staff_id", "account_id", "customer_id", "unit_id"})
# Bounds and filters stand in the statements as values: a plan that is kept for any value expects a tenth of the table
# within a LIMIT, and of a status that hardly any ticket has as many tickets as of the others.
_THROUGH = """
WITH near AS MATERIALIZED (
    SELECT t.ticket_id, t.opened_at FROM ticket t WHERE {filters} ORDER BY t.ticket_id DESC LIMIT {look}
)
SELECT n.ticket_id FROM near n WHERE {opened} AND {said} ORDER BY n.ticket_id DESC LIMIT {limit}
"""
_EXPECTED = "EXPLAIN (FORMAT JSON) SELECT 1 FROM ticket_text x WHERE x.entries @@ CAST(:entries AS tsquery)"
_END = "SELECT t.ticket_id FROM ticket t WHERE {filters} ORDER BY t.ticket_id DESC OFFSET {look} - 1 LIMIT 1"
_BY_INDEX = """
WITH places AS MATERIALIZED (
    SELECT x.ticket_id FROM ticket_text x WHERE x.entries @@ CAST(:entries AS tsquery) LIMIT {few} + 1
), newest AS MATERIALIZED (
    SELECT DISTINCT ticket_id FROM places ORDER BY ticket_id DESC
)
SELECT CASE WHEN (SELECT count(*) FROM places) <= {few} THEN ARRAY(
    SELECT n.ticket_id FROM newest p CROSS JOIN LATERAL (
        SELECT t.ticket_id, t.opened_at FROM ticket t WHERE t.ticket_id = p.ticket_id AND {filters} OFFSET 0
    ) n
    WHERE {opened} AND {said} ORDER BY p.ticket_id DESC LIMIT {limit}
) END
"""
_SAID = """
(SELECT {all_terms} FROM ticket_text x WHERE x.ticket_id = n.ticket_id AND (:internal OR NOT x.internal))
"""
_SHOWN = text("""
SELECT ticket_id, number, kind, shop, status, subject, priority, category, customer_id, assignee_staff_id,
    group_code AS "group", opened_at
FROM ticket WHERE ticket_id = ANY(:ticket_ids) ORDER BY ticket_id DESC
""")
_TEXTS = """
SELECT f.ticket_id, x.internal, x.body FROM unnest(:ticket_ids) AS f (ticket_id) CROSS JOIN LATERAL (
    SELECT x.internal, x.body FROM ticket_text x
    WHERE x.ticket_id = f.ticket_id AND (:internal OR NOT x.internal) AND ({any_term})
    ORDER BY x.text_id LIMIT {most}
) x
"""


@dataclass(frozen=True)
class Sought:
    """What is looked for, and among which tickets the caller may see."""

    terms: Sequence[Term]
    wanted: Wanted
    internal: bool
    now: datetime
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Tickets with the words, newest first, and the place to go on from; None when there are no more."""

    ticket_ids: Sequence[UUID]
    next_after: UUID | None


async def find(session: AsyncSession, sought: Sought, after: UUID | None, limit: int) -> Found:
    """The newest tickets with these words, opened before `after`."""
    if any(not values for values in sought.wanted.values()):
        return Found((), None)
    near, end = await _through(session, sought, after, limit, LOOK_NEAR)
    if len(near) > limit or end is None:
        return _page(near, limit)
    for entries in await _promising(session, sought):
        found = await _by_index(session, sought, entries, after, limit)
        if found is not None:
            return _page(found, limit)
    far, end = await _through(session, sought, after, limit, LOOK_FAR)
    return _page(far, limit) if len(far) > limit or end is None else Found(far, end)


async def shown(session: AsyncSession, ticket_ids: Sequence[UUID]) -> Sequence[RowMapping]:
    """What a result tells of each ticket, newest first."""
    ids = bindparam("ticket_ids", list(ticket_ids), type_=ARRAY(Uuid))
    return (await session.execute(_SHOWN.bindparams(ids))).mappings().all()


async def texts_of(session: AsyncSession, sought: Sought, ticket_ids: Sequence[UUID], most: int) -> Sequence[Any]:
    """Of each ticket, up to so many texts that hold one of the terms: ticket_id, internal, body."""
    any_term = " OR ".join(f"strpos(x.plain, :term_{at}) > 0" for at in range(len(sought.terms)))
    statement = text(_TEXTS.format(any_term=any_term, most=most)).bindparams(
        bindparam("ticket_ids", list(ticket_ids), type_=ARRAY(Uuid))
    )
    return (await session.execute(statement, _terms(sought))).all()


async def _through(
    session: AsyncSession, sought: Sought, after: UUID | None, limit: int, look: int
) -> tuple[list[UUID], UUID | None]:
    """Up to limit + 1 of the newest `look` tickets have the words; and the last one looked at, None when all were."""
    statement = _statement(_THROUGH, sought, after, look=look, limit=limit + 1)
    found = list((await session.execute(statement, _terms(sought))).scalars())
    if len(found) > limit:
        return found, None
    return found, (await session.execute(_statement(_END, sought, after, look=look))).scalar_one_or_none()


async def _promising(session: AsyncSession, sought: Sought) -> list[str]:
    """What to ask the index for: the terms that may have few places, as far as the database's statistics tell. An
    error of theirs costs time and nothing else."""
    asked = [
        entries_of(term, sought.wanted.get("shop"), sought.since, sought.until or sought.now) for term in sought.terms
    ]
    expected = [(await session.execute(text(_EXPECTED), {"entries": entries})).scalar_one() for entries in asked]
    return [entries for entries, plan in zip(asked, expected, strict=True) if _rows_of(plan) <= 2 * FEW_PLACES]


def _rows_of(plan: Any) -> int:
    told = orjson.loads(plan) if isinstance(plan, str | bytes) else plan
    return int(told[0]["Plan"]["Plan Rows"])


async def _by_index(
    session: AsyncSession, sought: Sought, entries: str, after: UUID | None, limit: int
) -> list[UUID] | None:
    """Up to limit + 1 tickets from the places that the index knows of one term; None when those are too many."""
    statement = _statement(_BY_INDEX, sought, after, few=FEW_PLACES, limit=limit + 1)
    found = (await session.execute(statement, {**_terms(sought), "entries": entries})).scalar_one()
    return None if found is None else list(found)


def _statement(template: str, sought: Sought, after: UUID | None, **bounds: int) -> TextClause:
    values: dict[str, Any] = {}
    filters, opened = ["TRUE"], ["TRUE"]
    for name, allowed in sought.wanted.items():
        kind = Uuid() if name in _UUIDS else TEXT()
        filters.append(f"t.{name} IN :{name}")
        values[name] = bindparam(name, list(allowed), type_=kind, expanding=True, literal_execute=True)
    for name, condition, conditions, value in (
        ("after", "t.ticket_id < :after", filters, after),
        ("since", "n.opened_at >= :since", opened, sought.since),
        ("until", "n.opened_at < :until", opened, sought.until),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = bindparam(name, value)
    all_terms = " AND ".join(f"bool_or(strpos(x.plain, :term_{at}) > 0)" for at in range(len(sought.terms)))
    parts = {
        "filters": " AND ".join(filters),
        "opened": " AND ".join(opened),
        "said": _SAID.format(all_terms=all_terms),
    }
    made = template.format(**parts, **bounds)
    used = [bound for name, bound in values.items() if f":{name}" in made]
    return text(made).bindparams(*used)


def _terms(sought: Sought) -> dict[str, Any]:
    patterns = {f"term_{at}": term.pattern for at, term in enumerate(sought.terms)}
    return {**patterns, "internal": sought.internal}


def _page(found: Sequence[UUID], limit: int) -> Found:
    return Found(found[:limit], found[limit - 1] if len(found) > limit else None)
