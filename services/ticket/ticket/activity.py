"""When something was last done on the tickets of orders (T33)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

# The trail has a row for whatever is done on a ticket (X7); a refused attempt is nothing done.
_LAST = text("""
SELECT ticket.order_id, max(done.at) AS at
FROM ticket CROSS JOIN LATERAL (
    SELECT audit.at FROM audit
    WHERE audit.noun = 'ticket' AND audit.aggregate_id = ticket.ticket_id AND audit.action <> 'refuse'
    ORDER BY audit.id DESC LIMIT 1
) done
WHERE ticket.order_id = ANY(:order_ids) GROUP BY ticket.order_id
""").bindparams(bindparam("order_ids", type_=ARRAY(Uuid)))


async def last_activity(session: AsyncSession, order_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Of each order that has a ticket, when something was last done on any of them."""
    if not order_ids:
        return {}
    found = await session.execute(_LAST, {"order_ids": list(order_ids)})
    return {row.order_id: row.at for row in found}
