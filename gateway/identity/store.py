"""Every query of identity."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from contracts.permissions import ADMIN
from gateway.identity.models import (
    Account,
    ApiKey,
    Client,
    LoginFailures,
    RefreshToken,
    Revocation,
    Session,
    StaffCopy,
)
from gateway.identity.policy import IdentityPolicy
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


async def has_admin(session: AsyncSession) -> bool:
    """Whether anybody can make logins."""
    active = select(Account.id).where(col(Account.disabled_at).is_(None), col(Account.roles).contains([ADMIN]))
    return (await session.execute(active.limit(1))).first() is not None


async def account(session: AsyncSession, id: UUID, *, lock: bool = False) -> Account:  # noqa: A002
    """The account with that id. Raises Problem `not-found`."""
    query = select(Account).where(col(Account.id) == id)
    found = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def client(session: AsyncSession, id: UUID) -> Client:  # noqa: A002
    """The client with that id, locked. Raises Problem `not-found`."""
    query = select(Client).where(col(Client.id) == id).with_for_update()
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def page(
    session: AsyncSession, kind: type[Account] | type[ApiKey] | type[Client], *, after: UUID | None, limit: int
) -> Sequence[Any]:
    """At most `limit` rows in order of id, which is the order of their making."""
    query = select(kind).order_by(col(kind.id)).limit(limit)
    if after is not None:
        query = query.where(col(kind.id) > after)
    return (await session.execute(query)).scalars().all()


async def add(session: AsyncSession, row: Account | ApiKey | Client) -> None:
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


async def staff_status(session: AsyncSession, staff_id: UUID, *, hold: bool = False) -> str | None:
    """What the last event said about that member of staff, or None when there was none yet.

    With `hold` it stays so until the transaction ends.
    """
    query = select(StaffCopy.status).where(col(StaffCopy.staff_id) == staff_id)
    return (await session.execute(query.with_for_update(read=True) if hold else query)).scalar_one_or_none()


async def remember_staff(session: AsyncSession, statuses: Mapping[UUID, str]) -> None:
    """Keep the latest status of each of these members of staff."""
    rows = [{"staff_id": staff_id, "status": status} for staff_id, status in sorted(statuses.items())]
    statement = insert(StaffCopy).values(rows)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["staff_id"], set_={"status": statement.excluded.status})
    )


async def held_client(session: AsyncSession, client_id: str) -> Client | None:
    """The client with that public id; until the transaction ends nobody can disable it."""
    query = select(Client).where(col(Client.client_id) == client_id).with_for_update(read=True)
    return (await session.execute(query)).scalar_one_or_none()


async def held_account(session: AsyncSession, id: UUID) -> Account:  # noqa: A002
    """The account with that id; until the transaction ends nobody can disable it."""
    query = select(Account).where(col(Account.id) == id).with_for_update(read=True)
    query = query.execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one()


async def session_of_token(session: AsyncSession, digest: bytes) -> tuple[Account, Session, RefreshToken] | None:
    """Account, session and token of a refresh token, each as it is now that it is held.

    The account comes first, as it does for whoever disables it, so that neither waits for the other for good.
    """
    of_token = col(RefreshToken.digest) == digest
    query = select(Session.id, Session.account_id).join(RefreshToken).where(of_token)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    account = await held_account(session, found.account_id)
    locked = select(Session).where(col(Session.id) == found.id).with_for_update()
    one = (await session.execute(locked)).scalar_one()
    return account, one, (await session.execute(select(RefreshToken).where(of_token))).scalar_one()


async def open_sessions(session: AsyncSession, account_id: UUID) -> Sequence[Session]:
    """The account's sessions that nobody has ended, locked, in order of id."""
    query = select(Session).where(col(Session.account_id) == account_id, col(Session.ended_at).is_(None))
    return (await session.execute(query.order_by(col(Session.id)).with_for_update())).scalars().all()


async def failures_of(session: AsyncSession, name_hash: bytes) -> LoginFailures | None:
    """What is known of wrong passwords for the name."""
    return await session.get(LoginFailures, name_hash)


async def lock_failures(session: AsyncSession, name_hash: bytes, now: datetime) -> LoginFailures:
    """The same, locked; made when there was none."""
    empty = {"name_hash": name_hash, "count": 0, "since": now, "last_at": now, "locks": 0}
    await session.execute(insert(LoginFailures).values(empty).on_conflict_do_nothing())
    query = select(LoginFailures).where(col(LoginFailures.name_hash) == name_hash).with_for_update()
    return (await session.execute(query)).scalar_one()


async def forget_failures(session: AsyncSession, name_hash: bytes) -> None:
    """The name has given its right password."""
    await session.execute(delete(LoginFailures).where(col(LoginFailures.name_hash) == name_hash))


async def key_with(session: AsyncSession, key_id: str) -> ApiKey | None:
    """The API key with that public part, locked."""
    query = select(ApiKey).where(col(ApiKey.key_id) == key_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def api_key(session: AsyncSession, id: UUID) -> ApiKey:  # noqa: A002
    """The API key with that id, locked. Raises Problem `not-found`."""
    found = (await session.execute(select(ApiKey).where(col(ApiKey.id) == id).with_for_update())).scalar_one_or_none()
    if found is None:
        raise Problem("not-found")
    return found


async def count_live_keys(session: AsyncSession, client_id: str, now: datetime) -> int:
    """How many keys of the client open at the moment; exact while the client's row is locked."""
    live = (col(ApiKey.client_id) == client_id, col(ApiKey.revoked_at).is_(None), col(ApiKey.expires_at) > now)
    return (await session.execute(select(func.count()).select_from(ApiKey).where(*live))).scalar_one()


async def revoke(session: AsyncSession, subject: str, not_before: datetime) -> None:
    """Tokens of the subject from before that instant are void."""
    statement = insert(Revocation).values(subject=subject, not_before=not_before)
    latest = func.greatest(col(Revocation.not_before), statement.excluded.not_before)
    await session.execute(statement.on_conflict_do_update(index_elements=["subject"], set_={"not_before": latest}))


async def revocations(session: AsyncSession) -> Mapping[str, datetime]:
    """All revocations that may still matter; some hundreds at most, because old ones are swept."""
    rows = await session.execute(select(Revocation.subject, Revocation.not_before))
    return {row.subject: row.not_before for row in rows}


async def sweep(session: AsyncSession, now: datetime, policy: IdentityPolicy, *, tokens_gone: datetime) -> None:
    """Delete what can't matter any more: sessions past their time, forgotten failures, revocations of tokens that
    had run out at `now` because they were issued before `tokens_gone`."""
    over = or_(col(Session.expires_at) < now, col(Session.used_at) < now - policy.refresh_idle)
    await session.execute(delete(Session).where(over))
    idle = col(LoginFailures.last_at)
    never_locked = (col(LoginFailures.locks) == 0) & (idle < now - policy.lock_window)
    await session.execute(delete(LoginFailures).where(or_(never_locked, idle < now - policy.lock_memory)))
    await session.execute(delete(Revocation).where(col(Revocation.not_before) < tokens_gone))
