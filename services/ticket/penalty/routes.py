"""`/v1/penalties` (T14): the month's list, from draft to publication, and as a spreadsheet for finance."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.http.spreadsheets import XLSX, spreadsheet
from kit.spreadsheet import Sheet
from kit.work import Work
from services.ticket.penalty import lifecycle, service
from services.ticket.penalty.lifecycle import LIFE, Line, ListStatus, price
from services.ticket.penalty.schemas import (
    PenaltyDraft,
    PenaltyFilter,
    PenaltyLineShown,
    PenaltyListPublic,
    PenaltyListShown,
    PenaltyPage,
    PeriodDeclare,
    PeriodPublic,
    Periods,
)
from services.ticket.penalty.service import Penalties

router = APIRouter(prefix="/v1/penalties", tags=["penalties"])
ListId = Annotated[UUID, Path(description="The list's id.")]
PeriodId = Annotated[UUID, Path(description="The period's id.")]
HEADS = (
    "工单 Ticket", "店铺 Shop", "单位 Unit", "单位名称 Unit name", "负责人 Lead", "等级 Grade", "处罚 Penalty",
    "本次 Charged", "货币 Currency",
)  # fmt: skip


@router.post("", status_code=201, response_model=PenaltyListPublic, dependencies=[allow("penalty:draft")])
async def draft_penalty_list(body: PenaltyDraft, work: WorkDep) -> Response:
    """Make the list of a month that is over."""
    penalties = await service.draft(work, body.month)
    return await _shown(work, penalties, status=201, location=f"/v1/penalties/{penalties.row.penalty_list_id}")


@router.get("", response_model=PenaltyPage, dependencies=[allow("penalty:read")])
async def list_penalty_lists(work: WorkDep, query: Annotated[PenaltyFilter, Query()]) -> Response:
    """Lists, the latest month first."""
    place = read_cursor(work, "penalties", query)
    rows, last = await service.list_penalties(work, place[0] if place else None, query.limit)
    cursor = write_cursor(work, "penalties", [last]) if last else None
    page = PenaltyPage(items=[PenaltyListShown.model_validate(row) for row in rows], next_cursor=cursor)
    return page_answer(page, path="/v1/penalties", query=query, next_cursor=cursor)


@router.post("/sensitive-periods", status_code=201, response_model=PeriodPublic, dependencies=[allow("penalty:sign")])
async def declare_sensitive_period(body: PeriodDeclare, work: WorkDep) -> Response:
    """Declare a sensitive period: lists of the months it touches are made and not applied."""
    return await answer(work, PeriodPublic.model_validate(await service.declare(work, body)), status=201)


@router.get("/sensitive-periods", response_model=Periods, dependencies=[allow("penalty:read")])
async def list_sensitive_periods(work: WorkDep) -> Response:
    """The declared periods that hold, the latest first."""
    periods = await service.list_periods(work)
    return await answer(work, Periods(items=[PeriodPublic.model_validate(one) for one in periods]))


@router.post("/sensitive-periods/{period_id}/end", response_model=PeriodPublic, dependencies=[allow("penalty:sign")])
async def end_sensitive_period(period_id: PeriodId, work: WorkDep) -> Response:
    """Take a period back; lists that are signed stay as they are."""
    return await answer(work, PeriodPublic.model_validate(await service.end_period(work, period_id)))


@router.get("/{penalty_list_id}", response_model=PenaltyListPublic, dependencies=[allow("penalty:read")])
async def get_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """One list with its lines."""
    return await _shown(work, await service.get_penalties(work, penalty_list_id))


@router.get(
    "/{penalty_list_id}/list.xlsx", responses=XLSX, response_class=Response, dependencies=[allow("penalty:read")]
)
async def export_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """The list as a spreadsheet."""
    penalties = await service.get_penalties(work, penalty_list_id)
    rows = [_cells(penalties, line) for line in penalties.lines]
    return await spreadsheet(f"penalties-{penalties.row.month}", [Sheet(penalties.row.month, HEADS, rows)])


@router.post("/{penalty_list_id}/recompute", response_model=PenaltyListPublic, dependencies=[allow("penalty:draft")])
async def recompute_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """Make a draft anew."""
    return await _shown(work, await service.recompute(work, penalty_list_id))


@router.post("/{penalty_list_id}/sign", response_model=PenaltyListPublic, dependencies=[allow("penalty:sign")])
async def sign_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """Sign a draft. Needs If-Match."""
    return await _shown(work, await service.sign(work, penalty_list_id))


@router.post("/{penalty_list_id}/return", response_model=PenaltyListPublic, dependencies=[allow("penalty:sign")])
async def return_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """Make a signed list a draft again. Needs If-Match."""
    return await _shown(work, await service.take_back(work, penalty_list_id))


@router.post("/{penalty_list_id}/publish", response_model=PenaltyListPublic, dependencies=[allow("penalty:sign")])
async def publish_penalty_list(penalty_list_id: ListId, work: WorkDep) -> Response:
    """Publish a signed list; nothing of it changes any more. Needs If-Match."""
    return await _shown(work, await service.publish(work, penalty_list_id))


async def _shown(work: Work, penalties: Penalties, *, status: int = 200, location: str | None = None) -> Response:
    row = penalties.row
    body = PenaltyListPublic(
        **PenaltyListShown.model_validate(row).model_dump(),
        lines=[_line(penalties, line) for line in penalties.lines],
        total=price(lifecycle.total(penalties.lines, row.currency).minor, row.currency),
        allowed=LIFE.allowed(ListStatus(row.status)),
    )
    return await answer(work, body, status=status, version=row.version, location=location)


def _line(penalties: Penalties, line: Line) -> PenaltyLineShown:
    unit = penalties.units.get(line.unit_id)
    return PenaltyLineShown(
        ticket_id=line.ticket_id,
        ticket_number=line.ticket_number,
        shop=line.shop,
        unit_id=line.unit_id,
        unit_code=unit.code if unit else None,
        unit_name=unit.name if unit else None,
        lead_staff_id=line.lead_staff_id,
        grade=line.grade,
        penalty=price(line.penalty_minor, penalties.row.currency),
        charged=price(line.charged_minor, penalties.row.currency),
    )


def _cells(penalties: Penalties, line: Line) -> tuple[str | Decimal | None, ...]:
    shown = _line(penalties, line)
    return (
        shown.ticket_number,
        shown.shop,
        shown.unit_code or str(shown.unit_id),
        shown.unit_name,
        str(shown.lead_staff_id) if shown.lead_staff_id else None,
        shown.grade.value,
        Decimal(shown.penalty.amount),
        Decimal(shown.charged.amount),
        shown.charged.currency,
    )
