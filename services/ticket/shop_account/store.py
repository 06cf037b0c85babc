"""Every query of shops' accounts and their alarms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.shop_account.lifecycle import AccountStatus
from services.ticket.shop_account.models import ShopAccount, ShopAccountAlarm, SignInCheck
from services.ticket.sight import Wanted


async def add(session: AsyncSession, account: ShopAccount) -> bool:
    """Insert a new account; False where its shop has one of that name."""
    statement = insert(ShopAccount).values(account.model_dump()).on_conflict_do_nothing()
    added = await session.execute(statement.returning(col(ShopAccount.shop_account_id)))
    return added.scalar_one_or_none() is not None


async def get(session: AsyncSession, shop_account_id: UUID) -> ShopAccount | None:
    """One account."""
    return await session.get(ShopAccount, shop_account_id, populate_existing=True)


async def lock(session: AsyncSession, shop_account_id: UUID) -> ShopAccount | None:
    """One account under its row lock."""
    return await session.get(ShopAccount, shop_account_id, populate_existing=True, with_for_update=True)


async def watched(session: AsyncSession) -> Sequence[ShopAccount]:
    """All accounts that are not retired, under their row locks."""
    statement = select(ShopAccount).where(col(ShopAccount.status) != AccountStatus.RETIRED)
    ordered = statement.order_by(col(ShopAccount.shop_account_id)).with_for_update()
    return (await session.execute(ordered)).scalars().all()


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[ShopAccount]:
    """Accounts with these values in their columns, newest first, after the given one."""
    statement = select(ShopAccount)
    for name, values in wanted.items():
        statement = statement.where(getattr(ShopAccount, name).in_(values))
    if after is not None:
        statement = statement.where(col(ShopAccount.shop_account_id) < after)
    statement = statement.order_by(col(ShopAccount.shop_account_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def begin_look(session: AsyncSession, slot: datetime, now: datetime) -> bool:
    """Take the look of that slot; False when it was taken before."""
    statement = insert(SignInCheck).values(slot=slot, found=0, checked_at=now).on_conflict_do_nothing()
    taken = await session.execute(statement.returning(col(SignInCheck.slot)))
    return taken.scalar_one_or_none() is not None


async def end_look(session: AsyncSession, slot: datetime, found: int, before: datetime) -> None:
    """Note how many accounts were found without anybody, and forget looks from before then."""
    await session.execute(update(SignInCheck).where(col(SignInCheck.slot) == slot).values(found=found))
    await session.execute(delete(SignInCheck).where(col(SignInCheck.slot) < before))


async def raise_alarm(session: AsyncSession, alarm: ShopAccountAlarm) -> bool:
    """Raise an alarm, or count it on the one that stands; whether it is new."""
    statement = insert(ShopAccountAlarm).values(alarm.model_dump())
    counted = statement.on_conflict_do_update(
        index_elements=["shop_account_id"],
        index_where=literal_column("ended_at IS NULL"),
        set_={"times": col(ShopAccountAlarm.times) + 1, "last_seen_at": statement.excluded.last_seen_at},
    )
    found: Any = await session.execute(counted.returning(col(ShopAccountAlarm.alarm_id)))
    return bool(found.scalar_one() == alarm.alarm_id)


async def end_alarm(
    session: AsyncSession, shop_account_id: UUID, now: datetime, staff_id: UUID | None
) -> UUID | None:
    """End the account's alarm, if one stands; which."""
    statement = update(ShopAccountAlarm).where(
        col(ShopAccountAlarm.shop_account_id) == shop_account_id, col(ShopAccountAlarm.ended_at).is_(None)
    )
    ended = await session.execute(
        statement.values(ended_at=now, ended_by_staff_id=staff_id).returning(col(ShopAccountAlarm.alarm_id))
    )
    found: UUID | None = ended.scalar_one_or_none()
    return found


async def page_of_alarms(
    session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int, *, standing: bool | None
) -> list[ShopAccountAlarm]:
    """Alarms with these values in their columns, newest first, after the given one; standing or ended ones."""
    statement = select(ShopAccountAlarm)
    for name, values in wanted.items():
        statement = statement.where(getattr(ShopAccountAlarm, name).in_(values))
    if standing is not None:
        ended = col(ShopAccountAlarm.ended_at)
        statement = statement.where(ended.is_(None) if standing else ended.is_not(None))
    if after is not None:
        statement = statement.where(col(ShopAccountAlarm.alarm_id) < after)
    statement = statement.order_by(col(ShopAccountAlarm.alarm_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())
