"""After a new sealing key: the recipients of changed orders, brought under the newest one (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.order_change import sealing, store


async def reseal_recipients(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next changes with an address: how many seals were not under the newest key, and after which change to go
    on; None at the end."""
    changes = await store.sealed_after(work.session, after, limit)
    renewed = 0
    for change in changes:
        fresh = work.vault.reseal(change.sealed_recipient or b"", sealing.place_of(change.change_id))
        if fresh is not None:
            change.sealed_recipient = fresh
            renewed += 1
    return renewed, changes[-1].change_id if len(changes) == limit else None
