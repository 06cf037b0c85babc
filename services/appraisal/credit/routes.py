"""`/v1/ledger/sale-credits` and `/v1/ledger/unmatched-aliases` (A1, A6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.appraisal.credit import service, store
from services.appraisal.credit.month import span_of
from services.appraisal.credit.schemas import (
    SaleCreditFilter,
    SaleCreditPage,
    SaleCreditPublic,
    UnmatchedAliasFilter,
    UnmatchedAliasPage,
    UnmatchedAliasPublic,
)  # fmt: skip

router = APIRouter(prefix="/v1/ledger", tags=["sale credits"])


@router.get("/sale-credits", response_model=SaleCreditPage, dependencies=[allow("credit:read")])
async def list_sale_credits(work: WorkDep, query: Annotated[SaleCreditFilter, Query()]) -> Response:
    """Orders with flags and whose sale they were, latest sale first."""
    found = await store.page(
        work.session,
        query.model_dump(include={"staff_id"}, exclude_none=True),
        shops=_shops(work, query.shop),
        sold=span_of(query.month) if query.month else None,
        after=_place(read_cursor(work, "sale-credits", query)),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = len(found) > query.limit
    cursor = write_cursor(work, "sale-credits", [shown[-1].sold_at, str(shown[-1].order_id)]) if more else None
    page = SaleCreditPage(items=[SaleCreditPublic.model_validate(one) for one in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/ledger/sale-credits", query=query, next_cursor=cursor)


@router.get("/sale-credits/{order_id}", response_model=SaleCreditPublic, dependencies=[allow("credit:read")])
async def get_sale_credit(order_id: UUID, work: WorkDep) -> Response:
    """Whose sale one order was, and why it counts or doesn't."""
    return await answer(work, SaleCreditPublic.model_validate(await service.get_credit(work, order_id)))


@router.get("/unmatched-aliases", response_model=UnmatchedAliasPage, dependencies=[allow("credit:read")])
async def list_unmatched_aliases(work: WorkDep, query: Annotated[UnmatchedAliasFilter, Query()]) -> Response:
    """Names in remarks that nobody bears as alias (A1); giving somebody the alias credits those orders."""
    after = read_cursor(work, "unmatched-aliases", query)
    place = (str(after[0]), str(after[1])) if after else None
    shops = _shops(work, query.shop)
    found = await store.unmatched(work.session, shops=shops, after=place, limit=query.limit + 1)
    shown = found[: query.limit]
    more = len(found) > query.limit
    cursor = write_cursor(work, "unmatched-aliases", [shown[-1].shop, shown[-1].alias]) if more else None
    page = UnmatchedAliasPage(items=[UnmatchedAliasPublic.model_validate(one) for one in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/ledger/unmatched-aliases", query=query, next_cursor=cursor)


def _shops(work: Work, asked: str | None) -> list[str] | None:
    """The shops to look in: the one asked for, and never one that the caller doesn't serve. None is all."""
    if asked is not None:
        return [asked] if work.actor.serves(asked) else []
    return None if "*" in work.actor.shops else sorted(work.actor.shops)


def _place(key: Sequence[Any] | None) -> tuple[datetime, UUID] | None:
    return None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1]))
