"""Every query of replacements. Whoever changes something holds the row lock of the ticket."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.exchange.models import Exchange, ExchangeArticle, ExchangeCall, Sending, TopUp
from services.ticket.exchange.pricing import Article
from services.ticket.sight import Wanted


async def add(session: AsyncSession, exchange: Exchange) -> None:
    """Insert a new replacement."""
    session.add(exchange)
    await session.flush()


async def get(session: AsyncSession, exchange_id: UUID) -> Exchange | None:
    """One replacement, as it is now."""
    statement = select(Exchange).where(col(Exchange.exchange_id) == exchange_id)
    fresh = statement.execution_options(populate_existing=True)
    found: Exchange | None = (await session.execute(fresh)).scalar_one_or_none()
    return found


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Exchange]:
    """Replacements with these values in their columns, newest first, after the given one."""
    statement = select(Exchange)
    for name, values in wanted.items():
        statement = statement.where(getattr(Exchange, name).in_(values))
    if after is not None:
        statement = statement.where(col(Exchange.exchange_id) < after)
    statement = statement.order_by(col(Exchange.exchange_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def articles_of(session: AsyncSession, exchange_id: UUID) -> tuple[Article, ...]:
    """What was chosen."""
    statement = (
        select(ExchangeArticle)
        .where(col(ExchangeArticle.exchange_id) == exchange_id)
        .order_by(col(ExchangeArticle.place))
    )
    rows = (await session.execute(statement)).scalars()
    return tuple(Article(row.line_no, row.sku, row.quantity, row.unit_price_minor) for row in rows)


async def choose(session: AsyncSession, exchange_id: UUID, articles: Sequence[Article]) -> None:
    """These are chosen from now on, instead of whatever was."""
    await session.execute(delete(ExchangeArticle).where(col(ExchangeArticle.exchange_id) == exchange_id))
    rows = [
        {
            "exchange_id": exchange_id,
            "place": place,
            "line_no": one.line_no,
            "sku": one.sku,
            "quantity": one.quantity,
            "unit_price_minor": one.unit_price,
        }
        for place, one in enumerate(articles)
    ]
    if rows:
        await session.execute(insert(ExchangeArticle), rows)


async def add_top_up(session: AsyncSession, top_up: TopUp) -> bool:
    """Link an order that paid a difference; False when it paid for something already."""
    statement = upsert(TopUp).values(top_up.model_dump()).on_conflict_do_nothing().returning(col(TopUp.order_id))
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def top_ups_of(session: AsyncSession, exchange_id: UUID) -> list[TopUp]:
    """The orders that paid a difference."""
    statement = select(TopUp).where(col(TopUp.exchange_id) == exchange_id).order_by(col(TopUp.linked_at))
    return list((await session.execute(statement)).scalars())


async def add_call(session: AsyncSession, call: ExchangeCall) -> None:
    """Write down a call."""
    await session.execute(insert(ExchangeCall).values(call.model_dump()))


async def calls_of(session: AsyncSession, exchange_id: UUID) -> list[ExchangeCall]:
    """The calls about it, the first one first."""
    statement = (
        select(ExchangeCall).where(col(ExchangeCall.exchange_id) == exchange_id).order_by(col(ExchangeCall.call_id))
    )
    return list((await session.execute(statement)).scalars())


async def add_sending(session: AsyncSession, sending: Sending) -> None:
    """Write down that it was sent."""
    await session.execute(insert(Sending).values(sending.model_dump()))


async def end_sending(
    session: AsyncSession, exchange_id: UUID, *, lost_at: datetime | None = None, received_at: datetime | None = None
) -> None:
    """What became of the parcel that is under way; one that has arrived stays as it is."""
    under_way = (
        col(Sending.exchange_id) == exchange_id,
        col(Sending.lost_at).is_(None),
        col(Sending.received_at).is_(None),
    )
    await session.execute(update(Sending).where(*under_way).values(lost_at=lost_at, received_at=received_at))


async def sendings_of(session: AsyncSession, exchange_id: UUID) -> list[Sending]:
    """Each time that it was sent, the first one first."""
    statement = select(Sending).where(col(Sending.exchange_id) == exchange_id).order_by(col(Sending.sending_id))
    return list((await session.execute(statement)).scalars())


async def sendings_after(session: AsyncSession, after: UUID | None, limit: int) -> list[Sending]:
    """Sendings by id, whatever their replacement, locked: for new seals."""
    statement = select(Sending).order_by(col(Sending.sending_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(Sending.sending_id) > after)
    return list((await session.execute(statement)).scalars())
