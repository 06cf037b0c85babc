"""What the doors of tickets have in common, those of kinds with stages as well: the id in the address, the stamp of
the marketplace (T49), the answer."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Response

from kit.http.edge import WorkDep, answer
from kit.work import Work
from services.ticket.ticket import service
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.schemas import TicketPublic

TicketId = Annotated[UUID, Path(description="The ticket's id.")]
MarketplaceVersion = Annotated[
    int | None,
    Header(ge=0, le=2**53 - 1, description="The version of the marketplace's case that this was decided on (T49)."),
]


async def expect_fresh(ticket_id: TicketId, work: WorkDep, marketplace_version: MarketplaceVersion = None) -> None:
    """Raises Problem `stale-version` when the caller decided on another version of the marketplace's case than the
    one that is known here (T49)."""
    if marketplace_version is not None:
        await service.expect_stamp(work, ticket_id, marketplace_version)


# For the decorator of every verb, after its permission.
FRESH = Depends(expect_fresh, scope="function")


async def opened(work: Work, ticket: Ticket) -> Response:
    """A ticket that is there from now on, and where."""
    return await _created(work, ticket, await service.show(work, ticket))


async def opened_just_now(work: Work, made: service.Opened) -> Response:
    """The same for one whose clocks are at hand."""
    return await _created(work, made.ticket, service.show_new(work, made))


async def shown(work: Work, ticket: Ticket) -> Response:
    """The ticket as the caller may see it, under its version."""
    return await answer(work, await service.show(work, ticket), version=ticket.version)


async def _created(work: Work, ticket: Ticket, body: TicketPublic) -> Response:
    location = f"/v1/tickets/{ticket.ticket_id}"
    return await answer(work, body, status=201, version=ticket.version, location=location)
