"""Every query of checklists."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.models import TicketServiceTable
from services.ticket.procedure.models import TicketProcedure, TicketProcedureStep

_TABLES = TicketServiceTable.metadata.tables
_PROCEDURES, _STEPS = _TABLES["ticket_procedure"], _TABLES["ticket_procedure_step"]
# Said as the index says it, so that it is used whatever the parameters.
_OPEN = text("""
SELECT procedure, step, name_zh, name_en FROM ticket_procedure_step
WHERE ticket_id = :ticket_id AND required AND ticked_at IS NULL ORDER BY procedure, place
""")
# What stands on both tickets stays as it is on the one that goes on.
_CARRY = text("""
WITH carried AS (
    INSERT INTO ticket_procedure
    SELECT :target, procedure, name_zh, name_en, policy_shop, policy_version, started_by, started_at
    FROM ticket_procedure WHERE ticket_id = :source ON CONFLICT DO NOTHING RETURNING procedure
)
INSERT INTO ticket_procedure_step
SELECT :target, procedure, step, place, name_zh, name_en, required, ticked_at, ticked_by, ticked_by_staff_id
FROM ticket_procedure_step WHERE ticket_id = :source AND procedure IN (SELECT procedure FROM carried)
""")


async def add(
    session: AsyncSession, procedures: Sequence[TicketProcedure], steps: Sequence[TicketProcedureStep]
) -> set[str]:
    """Put checklists on a ticket; the codes of those that weren't there. Two who do it at once put one there."""
    rows = insert(_PROCEDURES).values([one.model_dump() for one in procedures]).on_conflict_do_nothing()
    added = set((await session.execute(rows.returning(_PROCEDURES.c.procedure))).scalars())
    new = [one.model_dump() for one in steps if one.procedure in added]
    if new:
        await session.execute(insert(_STEPS).values(new))
    return added


async def of_ticket(session: AsyncSession, ticket_id: UUID) -> list[TicketProcedure]:
    """The checklists of a ticket, in the order of their codes."""
    statement = select(TicketProcedure).where(col(TicketProcedure.ticket_id) == ticket_id)
    return list((await session.execute(statement.order_by(col(TicketProcedure.procedure)))).scalars())


async def steps_of(session: AsyncSession, ticket_id: UUID) -> list[TicketProcedureStep]:
    """All steps of a ticket's checklists, each checklist's in their order."""
    statement = select(TicketProcedureStep).where(col(TicketProcedureStep.ticket_id) == ticket_id)
    ordered = statement.order_by(col(TicketProcedureStep.procedure), col(TicketProcedureStep.place))
    return list((await session.execute(ordered)).scalars())


async def get_step(session: AsyncSession, ticket_id: UUID, procedure: str, step: str) -> TicketProcedureStep | None:
    """One step; whoever changes it holds the lock of the ticket's row."""
    return await session.get(TicketProcedureStep, (ticket_id, procedure, step), populate_existing=True)


async def open_steps(session: AsyncSession, ticket_id: UUID) -> Sequence[RowMapping]:
    """The required steps of a ticket that nobody has ticked off: `procedure`, `step`, `name_zh`, `name_en`."""
    return (await session.execute(_OPEN, {"ticket_id": ticket_id})).mappings().all()


async def drop(session: AsyncSession, ticket_id: UUID, procedure: str) -> bool:
    """Take a checklist off a ticket; whether it was there."""
    steps = (_STEPS.c.ticket_id == ticket_id, _STEPS.c.procedure == procedure)
    await session.execute(delete(_STEPS).where(*steps))
    one = (_PROCEDURES.c.ticket_id == ticket_id, _PROCEDURES.c.procedure == procedure)
    gone = delete(_PROCEDURES).where(*one).returning(_PROCEDURES.c.procedure)
    return (await session.execute(gone)).scalar_one_or_none() is not None


async def carry_over(session: AsyncSession, source: UUID, target: UUID) -> None:
    """The checklists of one ticket stand on the other as well, ticked as they were."""
    await session.execute(_CARRY, {"source": source, "target": target})
