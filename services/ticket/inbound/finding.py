"""Parcels as the warehouse looks for them: those that are searched, and the one whose number was scanned (T22)."""

from uuid import UUID

from kit.privacy import mask_code
from kit.work import Work
from services.ticket.inbound import sealing, store
from services.ticket.inbound.lifecycle import ParcelStatus
from services.ticket.inbound.models import Parcel
from services.ticket.inbound.schemas import ParcelFilter, ParcelShown
from services.ticket.sight import in_sight

_AT_MOST = 50


async def list_parcels(work: Work, query: ParcelFilter, after: UUID | None) -> tuple[list[ParcelShown], UUID | None]:
    """Parcels in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = [_shown(work, parcel) for parcel in found[: query.limit]]
    return items, items[-1].parcel_id if len(found) > query.limit else None


async def look_up(work: Work, tracking_number: str) -> list[ParcelShown]:
    """The parcels in the caller's sight with that number, the newest first."""
    wanted = in_sight(work, {"tracking_hash": sealing.hashed(work.vault, tracking_number)})
    return [_shown(work, parcel) for parcel in await store.page(work.session, wanted, None, _AT_MOST)]


def _shown(work: Work, parcel: Parcel) -> ParcelShown:
    return ParcelShown(
        parcel_id=parcel.parcel_id,
        refund_id=parcel.refund_id,
        shop=parcel.shop,
        status=ParcelStatus(parcel.status),
        carrier=parcel.carrier,
        tracking_number=mask_code(sealing.opened(work.vault, parcel.parcel_id, parcel.sealed_tracking)),
        announced_at=parcel.announced_at,
        searched_at=parcel.searched_at,
    )
