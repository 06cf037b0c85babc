"""What the doors of after-sales have in common, those of returns and exchanges as well: the id in the address, the
stamp of the marketplace (T49)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path

from kit.http.edge import WorkDep
from services.ticket.ticket import service as tickets
from services.ticket.ticket.doors import MarketplaceVersion

RefundId = Annotated[UUID, Path(description="The request's id, which is its ticket's.")]


async def expect_fresh(refund_id: RefundId, work: WorkDep, marketplace_version: MarketplaceVersion = None) -> None:
    """Raises Problem `stale-version` when the caller decided on another version of the marketplace's case than the
    one that is known here (T49)."""
    if marketplace_version is not None:
        await tickets.expect_stamp(work, refund_id, marketplace_version)


# For the decorator of every verb, after its permission.
FRESH = Depends(expect_fresh, scope="function")
