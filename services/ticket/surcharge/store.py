"""Every query of noted surcharges."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.ticket.surcharge.models import OrderSurcharge


async def get(session: AsyncSession, order_id: UUID) -> OrderSurcharge | None:
    """What is noted on an order; whoever changes it holds the order's row lock."""
    return await session.get(OrderSurcharge, order_id, populate_existing=True)


async def keep(session: AsyncSession, noted: OrderSurcharge) -> OrderSurcharge:
    """Note it, in place of what was noted before."""
    return await session.merge(noted)
