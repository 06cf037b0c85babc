"""Every query of order changes."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.order_change.lifecycle import OPEN, TOLD, ChangeStatus
from services.ticket.order_change.models import OrderChange
from services.ticket.sight import Wanted


async def add(session: AsyncSession, change: OrderChange) -> None:
    """Insert a new change."""
    await session.execute(insert(OrderChange).values(change.model_dump()))


async def get(session: AsyncSession, change_id: UUID) -> OrderChange | None:
    """One change as it stands."""
    statement = select(OrderChange).where(col(OrderChange.change_id) == change_id)
    found: OrderChange | None = (
        await session.execute(statement.execution_options(populate_existing=True))
    ).scalar_one_or_none()
    return found


async def lock(session: AsyncSession, change_id: UUID) -> OrderChange | None:
    """One change under its row lock, the last that is taken: whoever holds it waits for no other."""
    statement = select(OrderChange).where(col(OrderChange.change_id) == change_id).with_for_update()
    found: OrderChange | None = (
        await session.execute(statement.execution_options(populate_existing=True))
    ).scalar_one_or_none()
    return found


async def open_of(session: AsyncSession, order_id: UUID) -> OrderChange | None:
    """The order's change that is under way; whoever asks holds the order's row lock."""
    statement = select(OrderChange).where(col(OrderChange.order_id) == order_id, col(OrderChange.status).in_(OPEN))
    found: OrderChange | None = (
        await session.execute(statement.execution_options(populate_existing=True))
    ).scalar_one_or_none()
    return found


async def moving_money(session: AsyncSession, order_ids: Collection[UUID]) -> dict[UUID, list[OrderChange]]:
    """Of these orders the changes that wait for the storefront, are confirmed, or have given money back."""
    statement = select(OrderChange).where(
        col(OrderChange.order_id).in_(order_ids),
        or_(
            col(OrderChange.status).in_((*TOLD, ChangeStatus.CONFIRMED)),
            col(OrderChange.refunded_at).is_not(None),
        ),
    )
    found: dict[UUID, list[OrderChange]] = defaultdict(list)
    rows = await session.execute(statement.execution_options(populate_existing=True))
    for change in rows.scalars():
        found[change.order_id].append(change)
    return found


async def who_priced(session: AsyncSession, order_id: UUID) -> UUID | None:
    """Who asked for the newest change of the order's price that was carried out; None where nobody did."""
    statement = (
        select(col(OrderChange.requested_by_staff_id))
        .where(
            col(OrderChange.order_id) == order_id,
            col(OrderChange.status) == ChangeStatus.CONFIRMED,
            col(OrderChange.kinds).contains(["price"]),
        )
        .order_by(col(OrderChange.change_id).desc())
        .limit(1)
    )
    found: UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[OrderChange]:
    """Changes with these values in their columns, newest first, after the given one."""
    statement = select(OrderChange)
    for name, values in wanted.items():
        statement = statement.where(getattr(OrderChange, name).in_(values))
    if after is not None:
        statement = statement.where(col(OrderChange.change_id) < after)
    statement = statement.order_by(col(OrderChange.change_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def sealed_after(session: AsyncSession, after: UUID | None, limit: int) -> list[OrderChange]:
    """The next changes that hold a recipient, by id, under their row locks."""
    statement = select(OrderChange).where(col(OrderChange.sealed_recipient).is_not(None))
    if after is not None:
        statement = statement.where(col(OrderChange.change_id) > after)
    statement = statement.order_by(col(OrderChange.change_id)).limit(limit).with_for_update()
    return list((await session.execute(statement)).scalars())
