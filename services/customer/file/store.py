"""Every query of files and accounts. Opening files is set-based, like the orders that lead to it."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, select, text, update
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


async def add(session: AsyncSession, file: PersonFile) -> None:
    """Insert one new file."""
    session.add(file)
    await session.flush()


async def get(session: AsyncSession, customer_id: UUID) -> PersonFile | None:
    """One file."""
    return await session.get(PersonFile, customer_id)


async def get_for_update(session: AsyncSession, customer_id: UUID) -> PersonFile | None:
    """One file under its row lock."""
    return await session.get(PersonFile, customer_id, with_for_update=True, populate_existing=True)


async def give_accounts(session: AsyncSession, account_ids: Collection[UUID], customer_id: UUID) -> None:
    """Let these accounts, claimed in this transaction, lead to that file."""
    given = update(Account).where(col(Account.account_id).in_(account_ids)).values(customer_id=customer_id)
    await session.execute(given)


async def keep_ref(session: AsyncSession, account_id: UUID, sealed_ref: bytes) -> None:
    """Keep the platform's own id of an account, sealed."""
    kept = update(Account).where(col(Account.account_id) == account_id).values(sealed_ref=sealed_ref)
    await session.execute(kept)


async def accounts_after(session: AsyncSession, after: UUID | None, limit: int) -> list[Account]:
    """Accounts with a sealed id, in order, under their row locks; for resealing all of them bit by bit."""
    statement = select(Account).where(col(Account.sealed_ref).is_not(None)).order_by(col(Account.account_id))
    if after is not None:
        statement = statement.where(col(Account.account_id) > after)
    return list((await session.execute(statement.limit(limit).with_for_update())).scalars())


async def accounts_of(session: AsyncSession, customer_ids: Collection[UUID]) -> list[Account]:
    """All accounts of these customers."""
    order = (col(Account.customer_id), col(Account.shop), col(Account.account_id))
    statement = select(Account).where(col(Account.customer_id).in_(customer_ids)).order_by(*order)
    return list((await session.execute(statement)).scalars())


async def page(
    session: AsyncSession,
    sight: Sight,
    *,
    only: Collection[UUID] | None,
    provisional: bool | None,
    after: UUID | None,
    limit: int,
) -> list[PersonFile]:
    """Files in sight (of `only` when given), newest first: the ids are in the order of their making."""
    statement = select(PersonFile).order_by(col(PersonFile.customer_id).desc()).limit(limit)
    if not sight.is_unbounded:
        statement = statement.where(_seen(sight))
    if only is not None:
        statement = statement.where(col(PersonFile.customer_id).in_(only))
    if provisional is not None:
        statement = statement.where(col(PersonFile.provisional) == provisional)
    if after is not None:
        statement = statement.where(col(PersonFile.customer_id) < after)
    return list((await session.execute(statement)).scalars())


def _seen(sight: Sight) -> ColumnElement[bool]:
    seen = select(col(Account.customer_id))
    if sight.shops is not None:
        seen = seen.where(col(Account.shop).in_(sight.shops))
    if sight.accounts is not None:
        seen = seen.where(col(Account.account_id).in_(sight.accounts))
    by_account = col(PersonFile.customer_id).in_(seen)
    if not sight.without_account:
        return by_account
    own = select(col(Account.account_id)).where(col(Account.customer_id) == col(PersonFile.customer_id))
    return by_account | ~own.exists()


def _json(rows: Iterable[SQLModel]) -> str:
    return orjson.dumps([row.model_dump() for row in rows], default=str).decode()
