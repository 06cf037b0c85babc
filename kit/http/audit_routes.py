"""`/v1/audit/{service}`: the trail for auditors (X7)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import RowMapping

from kit import audit
from kit.http.edge import WorkDep, allow, see_all
from kit.http.fields import Code, Instant
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from kit.tables import audit as trail


class AuditQuery(Page):
    """Which rows of the trail."""

    model_config = ConfigDict(serialize_by_alias=True)

    noun: Annotated[Code | None, Field(description="The kind of thing that changed.", examples=["ticket"])] = None
    aggregate_id: UUID | None = None
    actor: Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")] = None
    since: Annotated[Instant | None, Field(alias="from", description="At or after this instant.")] = None
    until: Annotated[Instant | None, Field(alias="to", description="Before this instant.")] = None


class AuditRow(BaseModel):
    """One change of state. `seal` and `hash` are its place in the chain; null until the sealer has come by."""

    id: int
    at: datetime
    actor: str
    action: str
    noun: str
    aggregate_id: UUID
    before: dict[str, JsonValue]
    after: dict[str, JsonValue]
    reason: str | None
    request_id: str | None
    seal: int | None
    hash: str | None


class AuditPage(BaseModel):
    """One page of the trail, newest first."""

    items: list[AuditRow]
    next_cursor: str | None = None


async def list_audit(work: WorkDep, request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """Who changed what, when and why; newest first."""
    see_all(work)
    after = read_cursor(work, "audit", query)
    rows = await audit.page(work.session, _conditions(query), int(after[0]) if after else None, query.limit + 1)
    shown = rows[: query.limit]
    cursor = write_cursor(work, "audit", [shown[-1]["id"]]) if len(rows) > query.limit else None
    page = AuditPage(items=[_shown(row) for row in shown], next_cursor=cursor)
    return page_answer(page, path=request.url.path, query=query, next_cursor=cursor)


def router(service: str) -> APIRouter:
    """The trail of one service."""
    routes = APIRouter(prefix=f"/v1/audit/{service}", tags=["audit"])
    routes.get("", name=f"list_{service}_audit", response_model=AuditPage, dependencies=[allow("audit:read")])(
        list_audit
    )
    return routes


def _conditions(query: AuditQuery) -> list[Any]:
    wanted = [trail.c[name] == value for name in ("noun", "aggregate_id", "actor") if (value := getattr(query, name))]
    if query.since is not None:
        wanted.append(trail.c.at >= query.since)
    if query.until is not None:
        wanted.append(trail.c.at < query.until)
    return wanted


def _shown(row: RowMapping) -> AuditRow:
    return AuditRow(**{**row, "hash": row["hash"].hex() if row["hash"] is not None else None})
