"""Every query of facts about refunds. Writing is set-based."""

from collections.abc import Collection, Sequence
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.appraisal.refund.models import CostRebookingFact, RefundCostFact, RefundFact

# Two keys of four bytes are a space of their own beside the kit's locks of one long key; the first is this service's.
_TAKING = text("SELECT pg_advisory_xact_lock(1635018081, 2)")
_READING = text("SELECT pg_advisory_xact_lock_shared(1635018081, 2)")
_COLUMNS = tuple(RefundFact.model_fields)
_KEEP = text(f"""
INSERT INTO refund_fact ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::refund_fact, :rows) ORDER BY refund_id
ON CONFLICT (refund_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
WHERE refund_fact.sequence < excluded.sequence
RETURNING refund_id
""")  # noqa: S608 - column names of our own table


async def hold_for_taking(session: AsyncSession) -> None:
    """Be the only one to take refunds until this transaction ends, while nobody works out a credit."""
    await session.execute(_TAKING)


async def hold_for_reading(session: AsyncSession) -> None:
    """Let no refund be taken until this transaction ends: it is seen now, or finds what is written now."""
    await session.execute(_READING)


async def keep(session: AsyncSession, facts: Sequence[RefundFact]) -> set[UUID]:
    """Keep these facts, one per refund; returns the refunds of which nothing as new was known."""
    rows = orjson.dumps([fact.model_dump() for fact in facts], default=str).decode()
    return set((await session.execute(_KEEP, {"rows": rows})).scalars())


async def replace_costs(session: AsyncSession, refund_ids: Collection[UUID], costs: Sequence[RefundCostFact]) -> None:
    """Put these costs in the place of the refunds' earlier ones."""
    await session.execute(delete(RefundCostFact).where(col(RefundCostFact.refund_id).in_(refund_ids)))
    if costs:
        await session.execute(insert(RefundCostFact), [cost.model_dump() for cost in costs])


async def keep_rebookings(session: AsyncSession, facts: Sequence[CostRebookingFact]) -> None:
    """Keep these facts; one that is there stays as it is."""
    rows = [fact.model_dump() for fact in facts]
    await session.execute(insert(CostRebookingFact).on_conflict_do_nothing(), rows)


async def of_orders(session: AsyncSession, order_ids: Collection[UUID]) -> Sequence[RefundFact]:
    """All paid refunds of these orders."""
    return (await session.execute(select(RefundFact).where(col(RefundFact.order_id).in_(order_ids)))).scalars().all()
