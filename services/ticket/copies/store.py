"""Every query of the copies; writing takes any number of states at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.policies import EVERYWHERE
from services.ticket.copies.models import AccountCopy, AliasCopy, CustomerCopy, StaffCopy

_CUSTOMERS = text("""
INSERT INTO customer_copy SELECT * FROM jsonb_populate_recordset(NULL::customer_copy, :rows)
ON CONFLICT (customer_id) DO UPDATE SET merged_into = excluded.merged_into, language = excluded.language
""")
_ACCOUNTS = text("""
INSERT INTO account_copy SELECT * FROM jsonb_populate_recordset(NULL::account_copy, :rows)
ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id
""")
_STAFF = text("""
INSERT INTO staff_copy SELECT * FROM jsonb_populate_recordset(NULL::staff_copy, :rows)
ON CONFLICT (staff_id) DO UPDATE SET role = excluded.role, status = excluded.status
""")
_ALIASES = text("""
INSERT INTO alias_copy SELECT * FROM jsonb_populate_recordset(NULL::alias_copy, :rows)
ON CONFLICT (shop, alias) DO UPDATE SET staff_id = excluded.staff_id
""")
Rows = Sequence[Mapping[str, Any]]


async def keep_customers(session: AsyncSession, customers: Rows, accounts: Rows) -> None:
    """Keep these files and accounts."""
    await session.execute(_CUSTOMERS, {"rows": _json(customers)})
    await session.execute(_ACCOUNTS, {"rows": _json(accounts)})


async def keep_staff(session: AsyncSession, staff: Rows, aliases: Rows) -> None:
    """Keep these members of staff, with exactly these aliases."""
    await session.execute(_STAFF, {"rows": _json(staff)})
    ids = [row["staff_id"] for row in staff]
    await session.execute(delete(AliasCopy).where(col(AliasCopy.staff_id).in_(ids)))
    await session.execute(_ALIASES, {"rows": _json(aliases)})


async def customer_of_account(session: AsyncSession, account_id: UUID) -> UUID | None:
    """The customer whose account it is; of a merged file, the one that speaks for it."""
    statement = (
        select(col(CustomerCopy.customer_id), col(CustomerCopy.merged_into))
        .join(AccountCopy, col(AccountCopy.customer_id) == col(CustomerCopy.customer_id))
        .where(col(AccountCopy.account_id) == account_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.merged_into or row.customer_id)


async def knows_customer(session: AsyncSession, customer_id: UUID) -> bool:
    """Whether that file's copy has arrived."""
    statement = select(col(CustomerCopy.customer_id)).where(col(CustomerCopy.customer_id) == customer_id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


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
