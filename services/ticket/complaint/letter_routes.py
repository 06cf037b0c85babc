"""`/v1/complaints/{id}/letter`: the callback letter (T17)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from services.ticket.complaint import letters
from services.ticket.complaint.letters import Language, LetterEdit, LetterPublic

router = APIRouter(prefix="/v1/complaints", tags=["complaints"])
ComplaintId = Annotated[UUID, Path(description="The complaint's id, which is its ticket's.")]
InLanguage = Annotated[Language | None, Query(description="The customer's language when empty.")]


@router.get("/{complaint_id}/letter", response_model=LetterPublic, dependencies=[allow("complaint:work")])
async def get_letter(complaint_id: ComplaintId, work: WorkDep, language: InLanguage = None) -> Response:
    """The letter as it was saved, else a draft from the ticket."""
    return await answer(work, (await letters.get_letter(work, complaint_id, language)).public())


@router.put("/{complaint_id}/letter", response_model=LetterPublic, dependencies=[allow("complaint:work")])
async def edit_letter(complaint_id: ComplaintId, body: LetterEdit, work: WorkDep) -> Response:
    """Save the letter as it is to be sent."""
    return await answer(work, (await letters.edit_letter(work, complaint_id, body)).public())


@router.post("/{complaint_id}/letter/send", response_model=LetterPublic, dependencies=[allow("complaint:work")])
async def send_letter(complaint_id: ComplaintId, work: WorkDep) -> Response:
    """Send it: it becomes a message that the customer can see."""
    return await answer(work, (await letters.send_letter(work, complaint_id)).public())
