"""Every query of identity."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from gateway.identity.models import Account, Client, StaffCopy
from kit.db import violated
from kit.problems import Problem

_UNIQUE = {"uq_account_username": "/username", "uq_client_client_id": "/client_id"}


async def client_named(session: AsyncSession, client_id: str, *, lock: bool = False) -> Client | None:
    """The client with that public id."""
    query = select(Client).where(col(Client.client_id) == client_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def account_named(session: AsyncSession, username: str, *, lock: bool = False) -> Account | None:
    """The account with that (lower-case) username."""
    query = select(Account).where(col(Account.username) == username)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def account(session: AsyncSession, id: UUID, *, lock: bool = False) -> Account:  # noqa: A002
    """The account with that id. Raises Problem `not-found`."""
    query = select(Account).where(col(Account.id) == id)
    found = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def page(
    session: AsyncSession, kind: type[Account] | type[Client], *, after: UUID | None, limit: int
) -> Sequence[Any]:
    """At most `limit` rows in order of id, which is the order of their making."""
    query = select(kind).order_by(col(kind.id)).limit(limit)
    if after is not None:
        query = query.where(col(kind.id) > after)
    return (await session.execute(query)).scalars().all()


async def add(session: AsyncSession, row: Account | Client) -> None:
    """Insert the row. Raises Problem `already-exists` naming the field that another row has taken."""
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        field = _UNIQUE.get(violated(error) or "")
        if field is None:
            raise
        raise Problem("already-exists", field=field) from error


async def accounts_of(session: AsyncSession, staff: Iterable[UUID]) -> Sequence[Account]:
    """The accounts of these members of staff, locked, in order of id."""
    query = select(Account).where(col(Account.staff_id).in_(list(staff))).order_by(col(Account.id)).with_for_update()
    return (await session.execute(query)).scalars().all()


async def staff_status(session: AsyncSession, staff_id: UUID) -> str | None:
    """What the last event said about that member of staff, or None when there was none yet."""
    query = select(StaffCopy.status).where(col(StaffCopy.staff_id) == staff_id)
    return (await session.execute(query)).scalar_one_or_none()


async def remember_staff(session: AsyncSession, statuses: Mapping[UUID, str]) -> None:
    """Keep the latest status of each of these members of staff."""
    rows = [{"staff_id": staff_id, "status": status} for staff_id, status in sorted(statuses.items())]
    statement = insert(StaffCopy).values(rows)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["staff_id"], set_={"status": statement.excluded.status})
    )
