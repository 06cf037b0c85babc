"""Every query of files and accounts. Opening files is set-based, like the orders that lead to it."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from services.customer.file.models import Account, PersonFile
from services.customer.sight import Sight

# Taken in one order, so that two batches with the same new accounts never wait for each other in a ring.
_CLAIM = text("""
INSERT INTO account SELECT * FROM jsonb_populate_recordset(NULL::account, :rows) ORDER BY account_id
ON CONFLICT (account_id) DO NOTHING RETURNING account_id
""")
_INSERT = text("INSERT INTO person_file SELECT * FROM jsonb_populate_recordset(NULL::person_file, :rows)")
_NUMBERS = text("SELECT nextval('person_file_number') FROM generate_series(1, CAST(:count AS integer))")


async def find_customers(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The customer of each account that is known."""
    statement = select(col(Account.account_id), col(Account.customer_id))
    known = await session.execute(statement.where(col(Account.account_id).in_(account_ids)))
    return {row.account_id: row.customer_id for row in known}


async def claim_accounts(session: AsyncSession, accounts: Iterable[Account]) -> set[UUID]:
    """Insert the accounts nobody has inserted and return their ids; waits for whoever is doing so right now."""
    return set((await session.execute(_CLAIM, {"rows": _json(accounts)})).scalars())


async def draw_numbers(session: AsyncSession, count: int) -> Sequence[int]:
    """The next so many numbers; they are never given back."""
    return (await session.execute(_NUMBERS, {"count": count})).scalars().all()


async def insert(session: AsyncSession, files: Iterable[PersonFile]) -> None:
    """Insert new files."""
    await session.execute(_INSERT, {"rows": _json(files)})


async def get(session: AsyncSession, customer_id: UUID) -> PersonFile | None:
    """One file."""
    return await session.get(PersonFile, customer_id)


async def accounts_of(session: AsyncSession, customer_ids: Collection[UUID]) -> list[Account]:
    """All accounts of these customers."""
    order = (col(Account.customer_id), col(Account.shop), col(Account.account_id))
    statement = select(Account).where(col(Account.customer_id).in_(customer_ids)).order_by(*order)
    return list((await session.execute(statement)).scalars())


async def page(
    session: AsyncSession, sight: Sight, provisional: bool | None, after: UUID | None, limit: int
) -> list[PersonFile]:
    """Files with an account in sight, newest first: the ids are in the order of their making."""
    statement = select(PersonFile).order_by(col(PersonFile.customer_id).desc()).limit(limit)
    if not sight.is_unbounded:
        seen = select(col(Account.customer_id))
        if sight.shops is not None:
            seen = seen.where(col(Account.shop).in_(sight.shops))
        if sight.accounts is not None:
            seen = seen.where(col(Account.account_id).in_(sight.accounts))
        statement = statement.where(col(PersonFile.customer_id).in_(seen))
    if provisional is not None:
        statement = statement.where(col(PersonFile.provisional) == provisional)
    if after is not None:
        statement = statement.where(col(PersonFile.customer_id) < after)
    return list((await session.execute(statement)).scalars())


def _json(rows: Iterable[SQLModel]) -> str:
    return orjson.dumps([row.model_dump() for row in rows], default=str).decode()
