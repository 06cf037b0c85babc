"""`/v1/ticket-clocks`: what is due, what is late and by whom, and a clock's facts (T43, T47)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from services.ticket.clock import showing
from services.ticket.clock.schemas import ClockFactPage, ClockFilter, ClockPage, ClockPublic

router = APIRouter(prefix="/v1/ticket-clocks", tags=["clocks"])
ClockId = Annotated[UUID, Path(description="The clock's id.")]
READS = [allow("clock:read")]


@router.get("", response_model=ClockPage, dependencies=READS)
async def list_clocks(work: WorkDep, query: Annotated[ClockFilter, Query()]) -> Response:
    """Clocks that have not ended, what is due first first: `state=breached` is what is late, and by whom."""
    key = read_cursor(work, "clocks", query)
    after = None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1]))
    found = await showing.list_clocks(work, query, after)
    shown = found[: query.limit]
    more = len(found) > query.limit
    cursor = None
    if more:
        cursor = write_cursor(work, "clocks", [shown[-1]["due_at"].isoformat(), str(shown[-1]["clock_id"])])
    page = ClockPage(items=[showing.public(row) for row in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/ticket-clocks", query=query, next_cursor=cursor)


@router.get("/{clock_id}", response_model=ClockPublic, dependencies=READS)
async def get_clock(clock_id: ClockId, work: WorkDep) -> Response:
    """One clock."""
    clock = await showing.get_clock(work, clock_id)
    return await answer(work, showing.public(clock.model_dump()), version=clock.version)


@router.get("/{clock_id}/facts", response_model=ClockFactPage, dependencies=READS)
async def list_facts(clock_id: ClockId, work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """What happened to a clock, in the order of its happening."""
    name = f"facts-{clock_id}"
    key = read_cursor(work, name, query)
    found = await showing.list_facts(work, clock_id, int(key[0]) if key else 0, query.limit + 1)
    shown = found[: query.limit]
    cursor = write_cursor(work, name, [shown[-1]["fact_id"]]) if len(found) > query.limit else None
    page = ClockFactPage(items=[showing.public_fact(row) for row in shown], next_cursor=cursor)
    return page_answer(page, path=f"/v1/ticket-clocks/{clock_id}/facts", query=query, next_cursor=cursor)
