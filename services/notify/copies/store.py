"""Every query of the copies; writing takes any number of states at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.appraisal.staff import StaffStatus
from services.notify.copies.models import AccountCopy, CustomerCopy, StaffCopy, UnitCopy

_STAFF = text("""
INSERT INTO staff_copy SELECT * FROM jsonb_populate_recordset(NULL::staff_copy, :rows)
ON CONFLICT (staff_id) DO UPDATE SET role = excluded.role, status = excluded.status
""")
_CUSTOMERS = text("""
INSERT INTO customer_copy SELECT * FROM jsonb_populate_recordset(NULL::customer_copy, :rows) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE
SET language = excluded.language, merged_into = excluded.merged_into, erased = excluded.erased
""")
_ACCOUNTS = text("""
INSERT INTO account_copy SELECT * FROM jsonb_populate_recordset(NULL::account_copy, :rows) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id
""")
_UNITS = text("""
INSERT INTO unit_copy SELECT * FROM jsonb_populate_recordset(NULL::unit_copy, :rows) ORDER BY unit_id
ON CONFLICT (unit_id) DO UPDATE SET lead_staff_id = excluded.lead_staff_id, sequence = excluded.sequence
WHERE unit_copy.sequence < excluded.sequence
""")
# From a file along the merges to the one that speaks for it (C3).
_SPEAKING = text("""
WITH RECURSIVE merged AS (
    SELECT customer_copy.*, 1 AS step FROM customer_copy WHERE customer_id = :customer_id
    UNION ALL
    SELECT next.*, step + 1 FROM merged JOIN customer_copy next ON next.customer_id = merged.merged_into
    WHERE step < 100
)
SELECT customer_id, language, merged_into, erased FROM merged ORDER BY step DESC LIMIT 1
""")
_WORKING = (StaffStatus.PROBATION, StaffStatus.ACTIVE)


async def keep_staff(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep these members of staff."""
    await session.execute(_STAFF, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def keep_customers(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep these customers."""
    await session.execute(_CUSTOMERS, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def keep_accounts(session: AsyncSession, holders: Mapping[UUID, UUID]) -> None:
    """Keep whose these accounts are."""
    rows = [{"account_id": account_id, "customer_id": customer_id} for account_id, customer_id in holders.items()]
    await session.execute(_ACCOUNTS, {"rows": orjson.dumps(rows, default=str).decode()})


async def keep_units(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep these units, unless something newer is known of them."""
    await session.execute(_UNITS, {"rows": orjson.dumps(list(rows), default=str).decode()})


async def holders(session: AsyncSession, accounts: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose these accounts are; those of nobody known here are missing."""
    query = select(col(AccountCopy.account_id), col(AccountCopy.customer_id)).where(
        col(AccountCopy.account_id).in_(accounts)
    )
    return {row.account_id: row.customer_id for row in await session.execute(query)}


async def leads(session: AsyncSession, units: Collection[UUID]) -> dict[UUID, UUID]:
    """The leads of those of these units that have one."""
    query = select(col(UnitCopy.unit_id), col(UnitCopy.lead_staff_id)).where(col(UnitCopy.unit_id).in_(units))
    return {unit_id: lead for unit_id, lead in await session.execute(query) if lead is not None}


async def speaking_file(session: AsyncSession, customer_id: UUID) -> CustomerCopy | None:
    """The file that speaks for that customer since their merges; None for one unknown here."""
    row = (await session.execute(_SPEAKING, {"customer_id": customer_id})).mappings().one_or_none()
    return CustomerCopy(**row) if row else None


async def at_work(session: AsyncSession, roles: Collection[str]) -> Sequence[tuple[str, UUID]]:
    """Role and id of everybody in these roles who is at work, in order of id."""
    query = (
        select(col(StaffCopy.role), col(StaffCopy.staff_id))
        .where(col(StaffCopy.role).in_(roles), col(StaffCopy.status).in_(_WORKING))
        .order_by(col(StaffCopy.staff_id))
    )
    return [(role, staff_id) for role, staff_id in await session.execute(query)]


async def gone(session: AsyncSession, staff: Collection[UUID]) -> set[UUID]:
    """Those of these who have left."""
    query = select(col(StaffCopy.staff_id)).where(
        col(StaffCopy.staff_id).in_(staff), col(StaffCopy.status) == StaffStatus.LEFT
    )
    return set((await session.execute(query)).scalars())
