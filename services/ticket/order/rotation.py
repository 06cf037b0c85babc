"""After a new sealing key, or after an upgrade from before there were seals: what is kept of people about orders,
brought under the newest key in short transactions (X6)."""

from collections.abc import Sequence
from uuid import UUID

from kit.work import Work
from services.ticket.order import sealing, store
from services.ticket.order.models import Delivery, Milestone


async def reseal_deliveries(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next deliveries: how many values were not under the newest key, and after which order to go on; None at
    the end."""
    rows = await store.deliveries_after(work.session, after, limit)
    return sum(sealing.renew_delivery(work.vault, row) for row in rows), _last(rows, limit)


async def reseal_milestones(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The milestones of the next orders, as `reseal_deliveries`."""
    rows = await store.milestones_after(work.session, after, limit)
    return sum(sealing.renew(work.vault, row) for row in rows), rows[-1].order_id if rows else None


def _last(rows: Sequence[Delivery | Milestone], limit: int) -> UUID | None:
    return rows[-1].order_id if len(rows) == limit else None
