"""After a new sealing key: the tracking numbers of replacements, brought under it (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.exchange import sealing, store


async def reseal_sendings(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next sendings: how many were not under the newest key, and after which to go on; None at the end."""
    sendings = await store.sendings_after(work.session, after, limit)
    changed = 0
    for sending in sendings:
        sealed = sealing.renewed(work.vault, sending.sending_id, sending.sealed_tracking)
        if sealed is not None:
            sending.sealed_tracking, changed = sealed, changed + 1
    return changed, sendings[-1].sending_id if len(sendings) == limit else None
