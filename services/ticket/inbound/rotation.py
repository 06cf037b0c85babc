"""After a new sealing key: the tracking numbers of parcels that come back, brought under it (X6)."""

from uuid import UUID

from kit.work import Work
from services.ticket.inbound import sealing, store


async def reseal_parcels(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """The next parcels: how many were not under the newest key, and after which to go on; None at the end."""
    parcels = await store.parcels_after(work.session, after, limit)
    changed = 0
    for parcel in parcels:
        sealed = sealing.renewed(work.vault, parcel.parcel_id, parcel.sealed_tracking)
        if sealed is not None:
            parcel.sealed_tracking, changed = sealed, changed + 1
    return changed, parcels[-1].parcel_id if len(parcels) == limit else None
