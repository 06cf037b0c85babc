"""After a new sealing key: who is paid, brought under the newest key in short transactions (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.payment import store
from services.ticket.payment.service import payee_place


async def reseal_payees(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next payments: how many payees were not under the newest key, and after which payment to go on; None at
    the end."""
    rows = await store.after(work.session, after, limit)
    count = 0
    for row in rows:
        sealed = (
            None if row.sealed_payee is None else work.vault.reseal(row.sealed_payee, payee_place(row.payment_key))
        )
        if sealed is not None:
            row.sealed_payee = sealed
            count += 1
    return count, rows[-1].payment_key if len(rows) == limit else None
