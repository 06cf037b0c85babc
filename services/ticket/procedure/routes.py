"""`/v1/tickets/{ticket_id}/procedures` (T53): for the house alone; a buyer's ticket shows none."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.fields import Code
from kit.work import Work
from services.ticket.procedure import service
from services.ticket.procedure.schemas import (
    ProcedureDrop,
    ProcedureList,
    ProcedureStart,
    ProcedureTick,
    ProcedureUntick,
)  # fmt: skip
from services.ticket.ticket import lifecycle
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

router = APIRouter(prefix="/v1/tickets/{ticket_id}/procedures", tags=["procedures"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]
ProcedureCode = Annotated[Code, Path(description="The checklist's code.")]


@router.get("", response_model=ProcedureList, dependencies=[allow("ticket:history")])
async def list_procedures(ticket_id: TicketId, work: WorkDep) -> Response:
    """The checklists of a ticket: what is ticked off, by whom and when, and what isn't."""
    ticket = await tickets.get_ticket(work, ticket_id)
    return await _listed(work, ticket.ticket_id)


@router.post("", status_code=201, response_model=ProcedureList, dependencies=[allow("procedure:tick")])
async def start_procedure(ticket_id: TicketId, body: ProcedureStart, work: WorkDep) -> Response:
    """Put a checklist on a ticket that didn't get it by itself."""
    ticket = await _worked_on(work, ticket_id, "start-procedure")
    await service.start(work, ticket.ticket_id, ticket.shop, body.procedure)
    return await _listed(work, ticket.ticket_id, status=201)


@router.post("/{procedure}/tick", response_model=ProcedureList, dependencies=[allow("procedure:tick")])
async def tick_step(ticket_id: TicketId, procedure: ProcedureCode, body: ProcedureTick, work: WorkDep) -> Response:
    """Tick a step off."""
    ticket = await _worked_on(work, ticket_id, "tick")
    await service.tick(work, ticket.ticket_id, procedure, body.step)
    return await _listed(work, ticket.ticket_id)


@router.post("/{procedure}/untick", response_model=ProcedureList, dependencies=[allow("procedure:tick")])
async def untick_step(
    ticket_id: TicketId, procedure: ProcedureCode, body: ProcedureUntick, work: WorkDep
) -> Response:
    """Take a tick back, with a reason."""
    ticket = await _worked_on(work, ticket_id, "untick")
    await service.untick(work, ticket.ticket_id, procedure, body.step, body.reason)
    return await _listed(work, ticket.ticket_id)


@router.post("/{procedure}/drop", response_model=ProcedureList, dependencies=[allow("procedure:drop")])
async def drop_procedure(
    ticket_id: TicketId, procedure: ProcedureCode, body: ProcedureDrop, work: WorkDep
) -> Response:
    """Take a checklist off a ticket that it isn't for."""
    ticket = await _worked_on(work, ticket_id, "drop-procedure")
    await service.drop(work, ticket.ticket_id, procedure, body.reason)
    return await _listed(work, ticket.ticket_id)


async def _worked_on(work: Work, ticket_id: UUID, verb: str) -> Ticket:
    """The ticket, locked. Raises Problem `not-found`, `transition-refused` for one that has ended."""
    ticket = await tickets.locked(work, ticket_id)
    if not tickets.is_unfinished(ticket):
        raise lifecycle.refusal(ticket, verb)
    return ticket


async def _listed(work: Work, ticket_id: UUID, *, status: int = 200) -> Response:
    return await answer(work, ProcedureList(items=await service.list_procedures(work, ticket_id)), status=status)
