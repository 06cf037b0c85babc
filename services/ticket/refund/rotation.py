"""After a new sealing key: who gets the money of requests, brought under it in short transactions (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.refund import store
from services.ticket.refund.weighing import payee_place


async def reseal_payees(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next requests: how many payees were not under the newest key, and after which request to go on; None at the
    end."""
    rows = await store.after(work.session, after, limit)
    changed = 0
    for row in rows:
        place = payee_place(row.refund_id)
        sealed = None if row.sealed_payee is None else work.vault.reseal(row.sealed_payee, place)
        if sealed is not None:
            row.sealed_payee, changed = sealed, changed + 1
    return changed, rows[-1].refund_id if len(rows) == limit else None
