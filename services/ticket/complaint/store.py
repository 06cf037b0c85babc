"""Every query of complaints."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, Select, Uuid, column, insert, select, table, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.complaint.models import (
    Complaint,
    ComplaintCall,
    ComplaintCheck,
    ComplaintDiscipline,
    ComplaintGrading,
    ComplaintImprovement,
    ComplaintJudgement,
    ComplaintLetter,
    ComplaintResponsibility,
    ComplaintSolution,
)
from services.ticket.complaint.tally import Cell
from services.ticket.models import TicketServiceTable
from services.ticket.sight import Wanted

# In the order of the key, so that two changes at once take the same cells in the same order and none waits in a ring.
_COUNT = text("""
INSERT INTO complaint_tally AS held (month, measure, shop, key, complaints)
SELECT month, measure, shop, key, complaints
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS moved (month text, measure text, shop text, key text, complaints int)
ORDER BY month, measure, shop, key
ON CONFLICT (month, measure, shop, key) DO UPDATE SET complaints = held.complaints + excluded.complaints
""")
_TALLY = """
SELECT measure, key, sum(complaints)::int AS complaints FROM complaint_tally
WHERE month = :month AND measure = ANY(:measures) {shops} GROUP BY measure, key HAVING sum(complaints) > 0
"""
_TREND = """
SELECT month, measure, key, sum(complaints)::int AS complaints FROM complaint_tally
WHERE month = ANY(:months) AND measure = ANY(:measures) {shops} GROUP BY month, measure, key
"""
# Nearest rank: the shortest time within which half, and nine in ten, were closed.
_TIMES = """
WITH counted AS (
    SELECT key::bigint AS minutes, sum(complaints) AS n FROM complaint_tally
    WHERE month = :month AND measure = 'minutes' {shops} GROUP BY key
), ranked AS (
    SELECT minutes, sum(n) OVER (ORDER BY minutes) AS up_to, sum(n) OVER () AS total FROM counted WHERE n > 0
)
SELECT min(minutes) FILTER (WHERE up_to * 2 >= total) AS median,
       min(minutes) FILTER (WHERE up_to * 10 >= total * 9) AS p90 FROM ranked
"""
# Everything as it stood at that instant: what was found later is another month's (T14).
_STANDING = text("""
SELECT complaint.complaint_id, complaint.number, complaint.shop, graded.grade, laid.unit_id
FROM complaint
JOIN LATERAL (
    SELECT grade FROM complaint_grading
    WHERE complaint_id = complaint.complaint_id AND graded_at < :until
    ORDER BY graded_at DESC, grading_id DESC LIMIT 1
) graded ON graded.grade <> 'ordinary'
JOIN LATERAL (
    SELECT nature FROM complaint_judgement
    WHERE complaint_id = complaint.complaint_id AND judged_at < :until
    ORDER BY judged_at DESC, judgement_id DESC LIMIT 1
) judged ON judged.nature = 'founded'
JOIN LATERAL (
    SELECT unit_id FROM complaint_responsibility
    WHERE complaint_id = complaint.complaint_id AND fixed_at < :until
    ORDER BY fixed_at DESC, responsibility_id DESC LIMIT 1
) laid ON laid.unit_id IS NOT NULL
WHERE complaint.complaint_id IN (SELECT complaint_id FROM complaint_grading WHERE graded_at < :until)
    AND NOT (complaint.stage = 'cancelled' AND complaint.closed_at < :until)
ORDER BY complaint.complaint_id
""")
# Whose a complaint is now, its ticket says; the row of a complaint is made after the ticket's and refers to it.
_TICKET = table("ticket", column("ticket_id", Uuid), column("assignee_staff_id", Uuid))
HISTORY: Mapping[str, tuple[type[TicketServiceTable], str]] = {
    "judgements": (ComplaintJudgement, "judgement_id"),
    "responsibilities": (ComplaintResponsibility, "responsibility_id"),
    "gradings": (ComplaintGrading, "grading_id"),
    "solutions": (ComplaintSolution, "round"),
    "verifications": (ComplaintCheck, "check_id"),
    "callbacks": (ComplaintCall, "call_id"),
    "disciplines": (ComplaintDiscipline, "discipline_id"),
    "improvements": (ComplaintImprovement, "improvement_id"),
}


async def add(session: AsyncSession, row: TicketServiceTable) -> None:
    """Insert a new row of the room."""
    await session.execute(insert(type(row)).values(row.model_dump()))


async def get(session: AsyncSession, complaint_id: UUID) -> Complaint | None:
    """One complaint."""
    return await session.get(Complaint, complaint_id)


async def get_fresh(session: AsyncSession, complaint_id: UUID) -> Complaint | None:
    """One complaint as it is now; the caller holds its ticket's row lock, which is the complaint's as well."""
    statement = select(Complaint).where(col(Complaint.complaint_id) == complaint_id)
    fresh = statement.execution_options(populate_existing=True)
    found: Complaint | None = (await session.execute(fresh)).scalar_one_or_none()
    return found


async def last_closed(
    session: AsyncSession, order_id: UUID, category: str, but: UUID
) -> tuple[UUID, datetime] | None:
    """The complaint about that order and category that was closed last, and when."""
    statement = (
        select(col(Complaint.complaint_id), col(Complaint.closed_at))
        .where(
            col(Complaint.order_id) == order_id,
            col(Complaint.category) == category,
            col(Complaint.closed_at).is_not(None),
            col(Complaint.stage) != "cancelled",
            col(Complaint.complaint_id) != but,
        )
        .order_by(col(Complaint.closed_at).desc())
        .limit(1)
    )
    found = (await session.execute(statement)).one_or_none()
    return None if found is None or found[1] is None else (found[0], found[1])


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Complaint]:
    """Complaints with these values in their columns, newest first, after the given one."""
    statement = _with(select(Complaint), wanted)
    if after is not None:
        statement = statement.where(col(Complaint.complaint_id) < after)
    statement = statement.order_by(col(Complaint.complaint_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def page_due(
    session: AsyncSession, wanted: Wanted, before: datetime, after: Sequence[Any] | None, limit: int
) -> list[Complaint]:
    """Complaints whose promise is due before that instant and not confirmed yet, what is due first leads (T16)."""
    statement = _with(select(Complaint), wanted).where(
        col(Complaint.due_at) < before, col(Complaint.due_at).is_not(None), col(Complaint.verified_at).is_(None)
    )
    if after is not None:
        place = (datetime.fromisoformat(after[0]), UUID(after[1]))
        statement = statement.where(tuple_(col(Complaint.due_at), col(Complaint.complaint_id)) > place)
    statement = statement.order_by(col(Complaint.due_at), col(Complaint.complaint_id)).limit(limit)
    return list((await session.execute(statement)).scalars())


async def promises_due(session: AsyncSession, staff_id: UUID, until: datetime) -> list[RowMapping]:
    """The promises of whoever has the ticket, due before that instant and not confirmed yet, earliest first."""
    due = col(Complaint.due_at)
    statement = (
        select(col(Complaint.complaint_id), col(Complaint.number), due)
        .join(_TICKET, _TICKET.c.ticket_id == col(Complaint.complaint_id))
        .where(_TICKET.c.assignee_staff_id == staff_id, due < until, due.is_not(None))
        .where(col(Complaint.verified_at).is_(None))
        .order_by(due, col(Complaint.complaint_id))
    )
    return list((await session.execute(statement)).mappings())


async def solution(session: AsyncSession, complaint_id: UUID, round: int) -> ComplaintSolution | None:  # noqa: A002
    """The proposal of one round."""
    return await session.get(ComplaintSolution, (complaint_id, round))


async def history(session: AsyncSession, name: str, complaint_id: UUID) -> Sequence[Any]:
    """All rows of one kind of history of a complaint, oldest first."""
    kept, order = HISTORY[name]
    of_it: Any = kept
    statement = select(kept).where(of_it.complaint_id == complaint_id).order_by(getattr(kept, order))
    return list((await session.execute(statement)).scalars())


async def calls(
    session: AsyncSession, month: str, shops: Sequence[str] | None, after: UUID | None, limit: int
) -> list[ComplaintCall]:
    """The callbacks of a month, newest first."""
    statement = select(ComplaintCall).where(col(ComplaintCall.month) == month)
    if shops is not None:
        statement = statement.where(col(ComplaintCall.shop).in_(shops))
    if after is not None:
        statement = statement.where(col(ComplaintCall.call_id) < after)
    return list((await session.execute(statement.order_by(col(ComplaintCall.call_id).desc()).limit(limit))).scalars())


async def improvement(session: AsyncSession, complaint_id: UUID, improvement_id: UUID) -> ComplaintImprovement | None:
    """One measure of one complaint."""
    statement = select(ComplaintImprovement).where(
        col(ComplaintImprovement.improvement_id) == improvement_id,
        col(ComplaintImprovement.complaint_id) == complaint_id,
    )
    found: ComplaintImprovement | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def improvements(
    session: AsyncSession,
    wanted: Wanted,
    *,
    done: bool | None,
    before: date | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[ComplaintImprovement]:
    """Measures, what is due first leads."""
    due, key = col(ComplaintImprovement.due_on), col(ComplaintImprovement.improvement_id)
    statement = _with(select(ComplaintImprovement), wanted, ComplaintImprovement)
    if done is not None:
        finished = col(ComplaintImprovement.done_at)
        statement = statement.where(finished.is_not(None) if done else finished.is_(None))
    if before is not None:
        statement = statement.where(due < before)
    if after is not None:
        statement = statement.where(tuple_(due, key) > (date.fromisoformat(after[0]), UUID(after[1])))
    return list((await session.execute(statement.order_by(due, key).limit(limit))).scalars())


async def letter(session: AsyncSession, complaint_id: UUID) -> ComplaintLetter | None:
    """The letter of a complaint as it was saved last."""
    return await session.get(ComplaintLetter, complaint_id)


async def standing(session: AsyncSession, until: datetime) -> list[RowMapping]:
    """The founded complaints with a raised grade and a unit, as they stood before that instant (T14)."""
    return list((await session.execute(_STANDING, {"until": until})).mappings())


async def count(session: AsyncSession, moved: Mapping[Cell, int]) -> None:
    """Change these cells of the tally by so much each (T15)."""
    if moved:
        rows = [{**cell._asdict(), "complaints": change} for cell, change in moved.items()]
        await session.execute(_COUNT, {"rows": orjson.dumps(rows).decode()})


async def tally(
    session: AsyncSession, month: str, measures: Sequence[str], shops: Sequence[str] | None
) -> list[RowMapping]:
    """The numbers of a month; `shops` None: of all shops."""
    return await _summed(session, _TALLY, shops, month=month, measures=list(measures))


async def trend(
    session: AsyncSession, months: Sequence[str], measures: Sequence[str], shops: Sequence[str] | None
) -> list[RowMapping]:
    """The numbers of several months."""
    return await _summed(session, _TREND, shops, months=list(months), measures=list(measures))


async def times(session: AsyncSession, month: str, shops: Sequence[str] | None) -> tuple[int | None, int | None]:
    """Minutes to close, of the complaints closed in the month: the median, and what nine in ten kept to."""
    (row,) = await _summed(session, _TIMES, shops, month=month)
    return row["median"], row["p90"]


async def _summed(
    session: AsyncSession, statement: str, shops: Sequence[str] | None, **values: Any
) -> list[RowMapping]:
    of_shops = "AND shop = ANY(:shops)" if shops is not None else ""
    if shops is not None:
        values["shops"] = list(shops)
    cast = statement.replace("::", "\\:\\:").format(shops=of_shops)
    return list((await session.execute(text(cast), values)).mappings())


def _with(statement: Select[Any], wanted: Wanted, of: Any = Complaint) -> Select[Any]:
    for name, values in wanted.items():
        statement = statement.where(getattr(of, name).in_(values))
    return statement
