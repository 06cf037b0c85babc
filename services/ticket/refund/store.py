"""Every query of after-sales requests."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.refund.models import Refund, RefundLine
from services.ticket.sight import Wanted

# What other requests of an order took of each line: pieces nobody else can ask for, what they were worth, and the
# delivery that the book has given or holds for them.
_OTHERS = text("""
SELECT line_no,
    coalesce(sum(counted) FILTER (WHERE taken), 0)::int AS pieces,
    coalesce(sum(goods_share_minor) FILTER (WHERE taken), 0)::bigint AS goods,
    coalesce(sum(freight_share_minor) FILTER (WHERE taken), 0)::bigint AS freight,
    coalesce(sum(freight_minor) FILTER (WHERE reserved_minor > 0), 0)::bigint AS freight_given
FROM refund_line WHERE order_id = :order_id AND refund_id <> :refund_id AND (taken OR reserved_minor > 0)
GROUP BY line_no
""")


async def add(session: AsyncSession, refund: Refund, lines: Sequence[RefundLine]) -> None:
    """Insert a new request with its lines."""
    await session.execute(insert(Refund).values(refund.model_dump()))
    await session.execute(insert(RefundLine), [line.model_dump() for line in lines])


async def get(session: AsyncSession, refund_id: UUID) -> Refund | None:
    """One request."""
    found: Refund | None = (await session.execute(_one(refund_id))).scalar_one_or_none()
    return found


async def get_for_update(session: AsyncSession, refund_id: UUID) -> Refund | None:
    """One request under its row lock; its ticket's is held already."""
    found: Refund | None = (await session.execute(_one(refund_id).with_for_update())).scalar_one_or_none()
    return found


async def lines_of(session: AsyncSession, refund_id: UUID) -> list[RefundLine]:
    """The lines of a request, in the order of their numbers."""
    statement = select(RefundLine).where(col(RefundLine.refund_id) == refund_id).order_by(col(RefundLine.line_no))
    fresh = statement.execution_options(populate_existing=True)
    return list((await session.execute(fresh)).scalars())


async def lines_of_many(session: AsyncSession, refund_ids: Sequence[UUID]) -> dict[UUID, list[RefundLine]]:
    """The lines of several requests."""
    found: dict[UUID, list[RefundLine]] = {refund_id: [] for refund_id in refund_ids}
    statement = select(RefundLine).where(col(RefundLine.refund_id).in_(refund_ids))
    for line in (await session.execute(statement.order_by(col(RefundLine.line_no)))).scalars():
        found[line.refund_id].append(line)
    return found


async def others_of(session: AsyncSession, order_id: UUID, refund_id: UUID) -> dict[int, tuple[int, int, int, int]]:
    """What other requests of the order took of each line: pieces, their worth in goods and in delivery, the delivery
    given. The caller holds the order's book."""
    rows = await session.execute(_OTHERS, {"order_id": order_id, "refund_id": refund_id})
    return {row.line_no: (row.pieces, row.goods, row.freight, row.freight_given) for row in rows}


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Refund]:
    """Requests with these values in their columns, newest first, after the given one."""
    statement = select(Refund)
    for name, values in wanted.items():
        statement = statement.where(getattr(Refund, name).in_(values))
    if after is not None:
        statement = statement.where(col(Refund.refund_id) < after)
    statement = statement.order_by(col(Refund.refund_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def after(session: AsyncSession, refund_id: UUID | None, limit: int) -> list[Refund]:
    """The next requests by id, under their row locks."""
    statement = select(Refund).order_by(col(Refund.refund_id)).limit(limit).with_for_update()
    if refund_id is not None:
        statement = statement.where(col(Refund.refund_id) > refund_id)
    return list((await session.execute(statement)).scalars())


def _one(refund_id: UUID) -> Select[Refund]:
    statement = select(Refund).where(col(Refund.refund_id) == refund_id)
    return statement.execution_options(populate_existing=True)
