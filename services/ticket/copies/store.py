"""Every query of the copies; writing takes any number of states at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.policy import EVERYWHERE
from services.ticket.copies.models import AccountCopy, AliasCopy, StaffCopy

_CUSTOMERS = text("""
INSERT INTO customer_copy SELECT * FROM jsonb_populate_recordset(NULL::customer_copy, :rows) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET merged_into = excluded.merged_into, language = excluded.language
""")
_ACCOUNTS = text("""
INSERT INTO account_copy SELECT * FROM jsonb_populate_recordset(NULL::account_copy, :rows) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id
""")
_STAFF = text("""
INSERT INTO staff_copy SELECT * FROM jsonb_populate_recordset(NULL::staff_copy, :rows) ORDER BY staff_id
ON CONFLICT (staff_id) DO UPDATE SET role = excluded.role, status = excluded.status
""")
_ALIASES = text("""
INSERT INTO alias_copy SELECT * FROM jsonb_populate_recordset(NULL::alias_copy, :rows) ORDER BY shop, alias
ON CONFLICT (shop, alias) DO UPDATE SET staff_id = excluded.staff_id
""")
# From a file along the merges to the one that speaks for it; where that one's copy is still on its way, to its id.
_FILE = text("""
WITH RECURSIVE merged AS (
    SELECT customer_id, merged_into, 1 AS step FROM customer_copy WHERE customer_id = :customer_id
    UNION ALL
    SELECT next.customer_id, next.merged_into, step + 1
    FROM merged JOIN customer_copy next ON next.customer_id = merged.merged_into
    WHERE step < 100
)
SELECT coalesce(merged_into, customer_id) FROM merged ORDER BY step DESC LIMIT 1
""")
Rows = Sequence[Mapping[str, Any]]


async def keep_customers(session: AsyncSession, customers: Rows, accounts: Rows) -> None:
    """Keep these files, with exactly these accounts."""
    await session.execute(_CUSTOMERS, {"rows": _json(customers)})
    ids = [row["customer_id"] for row in customers]
    await session.execute(delete(AccountCopy).where(col(AccountCopy.customer_id).in_(ids)))
    await session.execute(_ACCOUNTS, {"rows": _json(accounts)})


async def keep_staff(session: AsyncSession, staff: Rows, aliases: Rows) -> None:
    """Keep these members of staff, with exactly these aliases."""
    await session.execute(_STAFF, {"rows": _json(staff)})
    ids = [row["staff_id"] for row in staff]
    await session.execute(delete(AliasCopy).where(col(AliasCopy.staff_id).in_(ids)))
    await session.execute(_ALIASES, {"rows": _json(aliases)})


async def customer_of_account(session: AsyncSession, account_id: UUID) -> UUID | None:
    """The customer whose account it is; of a merged file, the one that speaks for it."""
    statement = select(col(AccountCopy.customer_id)).where(col(AccountCopy.account_id) == account_id)
    customer_id = (await session.execute(statement)).scalar_one_or_none()
    return None if customer_id is None else await file_of(session, customer_id)


async def file_of(session: AsyncSession, customer_id: UUID) -> UUID | None:
    """The file that speaks for that one since their merge (C3), itself where there was none; None for one that is
    unknown here."""
    return (await session.execute(_FILE, {"customer_id": customer_id})).scalar_one_or_none()


async def staff_by_alias(session: AsyncSession, shop: str, alias: str) -> UUID | None:
    """Whose alias it is in that shop, else in the company at large (shop `main`)."""
    statement = (
        select(col(AliasCopy.staff_id))
        .where(col(AliasCopy.alias) == alias, col(AliasCopy.shop).in_({shop, EVERYWHERE}))
        .order_by((col(AliasCopy.shop) == shop).desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def staff_status(session: AsyncSession, staff_id: UUID) -> str | None:
    """The status of a member of staff; None for somebody unknown here."""
    return (
        await session.execute(select(col(StaffCopy.status)).where(col(StaffCopy.staff_id) == staff_id))
    ).scalar_one_or_none()


def _json(rows: Rows) -> str:
    return orjson.dumps(list(rows), default=str).decode()
