"""`/v1/tickets/{id}/clocks/{clock_id}/…`: one clock paused by hand, with a reason and an author (T47, T48)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from kit.http.edge import WorkDep, allow, answer
from services.ticket.clock.schemas import ClockPublic, ClockReason
from services.ticket.leg import service

router = APIRouter(prefix="/v1/tickets", tags=["clocks"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]
ClockId = Annotated[UUID, Path(description="The clock's id.")]
PAUSES = [allow("clock:pause")]


@router.post("/{ticket_id}/clocks/{clock_id}/pause", response_model=ClockPublic, dependencies=PAUSES)
async def pause_clock(ticket_id: TicketId, clock_id: ClockId, body: ClockReason, work: WorkDep) -> Response:
    """Pause this clock alone. A first reply and the containing of an emergency never stand still."""
    clock = await service.pause_clock(work, ticket_id, clock_id, body.reason)
    return await answer(work, clock, version=clock.version)


@router.post("/{ticket_id}/clocks/{clock_id}/resume", response_model=ClockPublic, dependencies=PAUSES)
async def resume_clock(ticket_id: TicketId, clock_id: ClockId, body: ClockReason, work: WorkDep) -> Response:
    """Let it go on with what was left; while the ticket waits for the customer it stands still nevertheless."""
    clock = await service.resume_clock(work, ticket_id, clock_id, body.reason)
    return await answer(work, clock, version=clock.version)
