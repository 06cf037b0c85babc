"""`/v1/shifts/swaps` and `/v1/shifts/leaves` (T62)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.ticket.copies import service as copies
from services.ticket.shift import exchange
from services.ticket.shift.exchange_schemas import (
    AskedFilter,
    Decision,
    LeavePage,
    LeavePublic,
    LeaveRequest,
    SwapPage,
    SwapPublic,
    SwapRequest,
)  # fmt: skip
from services.ticket.shift.lifecycle import LEAVE, SWAP, AskedStatus
from services.ticket.shift.models import Leave, Swap

router = APIRouter(prefix="/v1/shifts", tags=["shifts"])
SwapId = Annotated[UUID, Path(description="The swap's id.")]
LeaveId = Annotated[UUID, Path(description="The leave's id.")]


async def with_somebody(body: SwapRequest, request: Request) -> SwapRequest:
    """The body, after the copy of the colleague had its time to arrive; the unit of work begins later."""
    await copies.await_staff(runtime_of(request).database, body.with_staff_id)
    return body


@router.post("/swaps", status_code=201, response_model=SwapPublic, dependencies=[allow("swap:request")])
async def request_swap(body: Annotated[SwapRequest, Depends(with_somebody)], work: WorkDep) -> Response:
    """Ask a colleague to take one's shift, perhaps for one of theirs."""
    swap = await exchange.request_swap(work, body)
    location = f"/v1/shifts/swaps/{swap.swap_id}"
    return await answer(work, shown_swap(swap), status=201, version=swap.version, location=location)


@router.get("/swaps", response_model=SwapPage, dependencies=[allow("swap:request")])
async def list_swaps(work: WorkDep, query: Annotated[AskedFilter, Query()]) -> Response:
    """Swaps, newest first: those that concern the caller, and for leads all of their shops."""
    after = _place(read_cursor(work, "swaps", query))
    swaps, last = await exchange.list_swaps(work, query.status, after, query.limit)
    cursor = write_cursor(work, "swaps", [str(last)]) if last else None
    page = SwapPage(items=[shown_swap(one) for one in swaps], next_cursor=cursor)
    return page_answer(page, path="/v1/shifts/swaps", query=query, next_cursor=cursor)


@router.get("/swaps/{swap_id}", response_model=SwapPublic, dependencies=[allow("swap:request")])
async def get_swap(swap_id: SwapId, work: WorkDep) -> Response:
    """One swap."""
    return await _swap(work, await exchange.get_swap(work, swap_id))


@router.post("/swaps/{swap_id}/agree", response_model=SwapPublic, dependencies=[allow("swap:request")])
async def agree_to_swap(swap_id: SwapId, work: WorkDep) -> Response:
    """The colleague agrees."""
    return await _swap(work, await exchange.move_swap(work, swap_id, "agree"))


@router.post("/swaps/{swap_id}/decline", response_model=SwapPublic, dependencies=[allow("swap:request")])
async def decline_swap(swap_id: SwapId, body: Decision, work: WorkDep) -> Response:
    """The colleague doesn't agree, or no longer."""
    return await _swap(work, await exchange.move_swap(work, swap_id, "decline", body.reason))


@router.post("/swaps/{swap_id}/withdraw", response_model=SwapPublic, dependencies=[allow("swap:request")])
async def withdraw_swap(swap_id: SwapId, work: WorkDep) -> Response:
    """Whoever asked for it takes it back."""
    return await _swap(work, await exchange.move_swap(work, swap_id, "withdraw"))


@router.post("/swaps/{swap_id}/approve", response_model=SwapPublic, dependencies=[allow("swap:approve")])
async def approve_swap(swap_id: SwapId, work: WorkDep) -> Response:
    """A lead who is neither of the two approves; the shifts change hands."""
    return await _swap(work, await exchange.move_swap(work, swap_id, "approve"))


@router.post("/swaps/{swap_id}/refuse", response_model=SwapPublic, dependencies=[allow("swap:approve")])
async def refuse_swap(swap_id: SwapId, body: Decision, work: WorkDep) -> Response:
    """A lead who is neither of the two refuses."""
    return await _swap(work, await exchange.move_swap(work, swap_id, "refuse", body.reason))


@router.post("/leaves", status_code=201, response_model=LeavePublic, dependencies=[allow("swap:request")])
async def request_leave(body: LeaveRequest, work: WorkDep) -> Response:
    """Ask for days off, perhaps with a colleague who takes the shifts."""
    leave = await exchange.request_leave(work, body)
    location = f"/v1/shifts/leaves/{leave.leave_id}"
    return await answer(work, shown_leave(work, leave), status=201, version=leave.version, location=location)


@router.get("/leaves", response_model=LeavePage, dependencies=[allow("swap:request")])
async def list_leaves(work: WorkDep, query: Annotated[AskedFilter, Query()]) -> Response:
    """Leaves, newest first: those that concern the caller, and for leads all of their shops."""
    after = _place(read_cursor(work, "leaves", query))
    leaves, last = await exchange.list_leaves(work, query.status, after, query.limit)
    cursor = write_cursor(work, "leaves", [str(last)]) if last else None
    page = LeavePage(items=[shown_leave(work, one) for one in leaves], next_cursor=cursor)
    return page_answer(page, path="/v1/shifts/leaves", query=query, next_cursor=cursor)


@router.get("/leaves/{leave_id}", response_model=LeavePublic, dependencies=[allow("swap:request")])
async def get_leave(leave_id: LeaveId, work: WorkDep) -> Response:
    """One leave."""
    return await _leave(work, await exchange.get_leave(work, leave_id))


@router.post("/leaves/{leave_id}/agree", response_model=LeavePublic, dependencies=[allow("swap:request")])
async def agree_to_cover(leave_id: LeaveId, work: WorkDep) -> Response:
    """The colleague who covers agrees."""
    return await _leave(work, await exchange.move_leave(work, leave_id, "agree"))


@router.post("/leaves/{leave_id}/decline", response_model=LeavePublic, dependencies=[allow("swap:request")])
async def decline_to_cover(leave_id: LeaveId, body: Decision, work: WorkDep) -> Response:
    """The colleague doesn't cover, or no longer."""
    return await _leave(work, await exchange.move_leave(work, leave_id, "decline", body.reason))


@router.post("/leaves/{leave_id}/withdraw", response_model=LeavePublic, dependencies=[allow("swap:request")])
async def withdraw_leave(leave_id: LeaveId, work: WorkDep) -> Response:
    """Whoever asked for it takes it back."""
    return await _leave(work, await exchange.move_leave(work, leave_id, "withdraw"))


@router.post("/leaves/{leave_id}/approve", response_model=LeavePublic, dependencies=[allow("swap:approve")])
async def approve_leave(leave_id: LeaveId, work: WorkDep) -> Response:
    """A lead who is neither of the two approves; the shifts go to whoever covers them, or off the roster."""
    return await _leave(work, await exchange.move_leave(work, leave_id, "approve"))


@router.post("/leaves/{leave_id}/refuse", response_model=LeavePublic, dependencies=[allow("swap:approve")])
async def refuse_leave(leave_id: LeaveId, body: Decision, work: WorkDep) -> Response:
    """A lead who is neither of the two refuses."""
    return await _leave(work, await exchange.move_leave(work, leave_id, "refuse", body.reason))


def shown_swap(swap: Swap) -> SwapPublic:
    """The swap as an answer shows it."""
    allowed = SWAP.allowed(AskedStatus(swap.status))
    return SwapPublic.model_validate(swap).model_copy(update={"allowed": allowed})


def shown_leave(work: WorkDep, leave: Leave) -> LeavePublic:
    """The leave as an answer shows it: whoever covers it needs no reason."""
    said: dict[str, Any] = {"allowed": LEAVE.allowed(AskedStatus(leave.status))}
    if leave.staff_id != work.actor.staff_id and not work.actor.may("swap:approve"):
        said["reason"] = None
    return LeavePublic.model_validate(leave).model_copy(update=said)


def _place(key: list[str] | None) -> UUID | None:
    return None if key is None else UUID(key[0])


async def _swap(work: WorkDep, swap: Swap) -> Response:
    return await answer(work, shown_swap(swap), version=swap.version)


async def _leave(work: WorkDep, leave: Leave) -> Response:
    return await answer(work, shown_leave(work, leave), version=leave.version)
