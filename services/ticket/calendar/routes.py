"""`/v1/ticket-calendars`: when a shop works, when something is due by its hours, and public holidays (T43)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.fields import Code
from services.ticket.calendar import service
from services.ticket.calendar.policy import Region
from services.ticket.calendar.schemas import (
    CalendarPublic,
    CalendarQuery,
    DuePublic,
    DueQuery,
    HolidayYearPublic,
    HolidayYearPut,
)

router = APIRouter(prefix="/v1/ticket-calendars", tags=["calendars"])
ShopCode = Annotated[Code, Path(description="The shop's code.")]
RegionCode = Annotated[Region, Path(description="Whose public holidays: `cn`.")]
YearNumber = Annotated[int, Path(ge=1970, le=2200)]
READS, WRITES = [allow("calendar:read")], [allow("calendar:write")]


@router.get("/{shop}", response_model=CalendarPublic, dependencies=READS)
async def get_calendar(shop: ShopCode, work: WorkDep, query: Annotated[CalendarQuery, Query()]) -> Response:
    """The hours in force for a shop, and its next days with holidays and make-up workdays."""
    return await answer(work, await service.show_calendar(work, shop, query))


@router.get("/{shop}/due", response_model=DuePublic, dependencies=READS)
async def get_due_time(shop: ShopCode, work: WorkDep, query: Annotated[DueQuery, Query()]) -> Response:
    """When that much business time of the shop has passed."""
    return await answer(work, await service.reckon_due(work, shop, query))


@router.get("/holidays/{region}/{year}", response_model=HolidayYearPublic, dependencies=READS)
async def get_holidays(region: RegionCode, year: YearNumber, work: WorkDep) -> Response:
    """The holidays and make-up workdays of a year."""
    known = await service.get_year(work, region, year)
    return await answer(work, HolidayYearPublic.model_validate(known), version=known.version)


@router.put("/holidays/{region}/{year}", response_model=HolidayYearPublic, dependencies=WRITES)
async def put_holidays(region: RegionCode, year: YearNumber, body: HolidayYearPut, work: WorkDep) -> Response:
    """Put in the holidays and make-up workdays of a year; those it had are replaced. What is running stays due when
    it was due; what starts, and what goes on after a pause, is reckoned by the new ones."""
    saved = await service.put_year(work, region, year, body)
    return await answer(work, HolidayYearPublic.model_validate(saved), version=saved.version)
