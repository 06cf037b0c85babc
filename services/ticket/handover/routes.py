"""`/v1/handovers`: one shift hands over to the next (T46)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.handover import service, store
from services.ticket.handover.lifecycle import LIFE, SheetStatus
from services.ticket.handover.models import Sheet
from services.ticket.handover.schemas import (
    ItemPublic,
    SheetDispute,
    SheetDraft,
    SheetFilter,
    SheetPage,
    SheetPublic,
    SheetShort,
    SheetSign,
)  # fmt: skip
from services.ticket.sight import ALL_SHOPS

router = APIRouter(prefix="/v1/handovers", tags=["handovers"])
SheetId = Annotated[UUID, Path(description="The sheet's id.")]


async def to_somebody(body: SheetSign, request: Request) -> SheetSign:
    """The body, after the copy of whoever takes over had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, body.to_staff_id)
    return body


@router.post("", status_code=201, response_model=SheetPublic, dependencies=[allow("handover:sign")])
async def draft_handover(body: SheetDraft, work: WorkDep) -> Response:
    """Draft the sheet of one's shift: everything that is pending is on it."""
    sheet = await service.draft_sheet(work, body.shift_id, body.notes)
    shown = await _public(work, sheet)
    location = f"/v1/handovers/{sheet.handover_id}"
    return await answer(work, shown, status=201, version=sheet.version, location=location)


@router.get("", response_model=SheetPage, dependencies=[allow("handover:read")])
async def list_handovers(work: WorkDep, query: Annotated[SheetFilter, Query()]) -> Response:
    """Sheets, newest first: those the caller is part of, and for leads all of their shops (X1)."""
    all_of_them = service.sees_all(work)
    shops = None if not all_of_them or ALL_SHOPS in work.actor.shops else sorted(work.actor.shops)
    own = None if all_of_them else work.actor.staff_id or UUID(int=0)
    key = read_cursor(work, "handovers", query)
    after = None if key is None else UUID(key[0])
    wanted = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    sheets = await store.page(work.session, shops, own, wanted, after, query.limit + 1)
    shown = sheets[: query.limit]
    cursor = write_cursor(work, "handovers", [str(shown[-1].handover_id)]) if len(sheets) > query.limit else None
    page = SheetPage(items=[_short(sheet) for sheet in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/handovers", query=query, next_cursor=cursor)


@router.get("/{handover_id}", response_model=SheetPublic, dependencies=[allow("handover:read")])
async def get_handover(handover_id: SheetId, work: WorkDep) -> Response:
    """One sheet with all that is on it."""
    return await _shown(work, await service.get_sheet(work, handover_id))


@router.post("/{handover_id}/sign", response_model=SheetPublic, dependencies=[allow("handover:sign")])
async def sign_handover(
    handover_id: SheetId, body: Annotated[SheetSign, Depends(to_somebody)], work: WorkDep
) -> Response:
    """Sign it over to somebody who is on shift or about to be; say what is kept or goes elsewhere."""
    return await _shown(work, await service.sign_sheet(work, handover_id, body))


@router.post("/{handover_id}/recall", response_model=SheetPublic, dependencies=[allow("handover:sign")])
async def recall_handover(handover_id: SheetId, work: WorkDep) -> Response:
    """Take back a sheet that nobody has answered."""
    return await _shown(work, await service.recall_sheet(work, handover_id))


@router.post("/{handover_id}/accept", response_model=SheetPublic, dependencies=[allow("handover:sign")])
async def accept_handover(handover_id: SheetId, work: WorkDep) -> Response:
    """Take over: the pending tickets change hands as the sheet says."""
    return await _shown(work, await service.accept_sheet(work, handover_id))


@router.post("/{handover_id}/dispute", response_model=SheetPublic, dependencies=[allow("handover:sign")])
async def dispute_handover(handover_id: SheetId, body: SheetDispute, work: WorkDep) -> Response:
    """Say what is wrong with it; it is to be corrected and signed anew."""
    return await _shown(work, await service.dispute_sheet(work, handover_id, body.reason))


def _short(sheet: Sheet) -> SheetShort:
    return SheetShort.model_validate(sheet).model_copy(update={"allowed": LIFE.allowed(SheetStatus(sheet.status))})


async def _public(work: WorkDep, sheet: Sheet) -> SheetPublic:
    items = [ItemPublic.model_validate(item) for item in await store.items(work.session, sheet.handover_id)]
    return SheetPublic(**dict(_short(sheet)), notes=sheet.notes, dispute_reason=sheet.dispute_reason, items=items)


async def _shown(work: WorkDep, sheet: Sheet) -> Response:
    return await answer(work, await _public(work, sheet), version=sheet.version)
