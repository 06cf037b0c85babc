"""After a new sealing key: what customers wrote into forms, brought under it in short transactions (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.service_request import sealing, store


async def reseal_forms(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next forms: how many were not under the newest key, and after which to go on; None at the end."""
    rows, moved = await store.forms_after(work.session, after, limit), 0
    for row in rows:
        renewed = sealing.renew_form(work.vault, row.form_id, row.sealed_form)
        if renewed is not None:
            row.sealed_form, moved = renewed, moved + 1
    return moved, rows[-1].form_id if len(rows) == limit else None


async def reseal_steps(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """What was recorded of the next steps, as `reseal_forms`."""
    rows, moved = await store.records_after(work.session, after, limit), 0
    for row in rows:
        renewed = sealing.renew_facts(work.vault, row.step_id, row.sealed_facts) if row.sealed_facts else None
        if renewed is not None:
            row.sealed_facts, moved = renewed, moved + 1
    return moved, rows[-1].step_id if len(rows) == limit else None
