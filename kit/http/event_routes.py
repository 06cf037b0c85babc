"""`/v1/events/{service}`: what the service published, to be read over HTTP in the order of its stream (E4).

An event whose acknowledgement was lost lies in the stream before its neighbours and is marked after them. The feed
holds back what such a latecomer may still come before, so whoever goes on from `next` misses nothing.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import RowMapping, Select, exists, func, select, text

from kit.envelope import Meta, attributes
from kit.http.edge import WorkDep, allow, answer, runtime_of, see_all
from kit.http.fields import Code
from kit.http.pages import DEFAULT_LIMIT, MAX_LIMIT
from kit.tables import outbox
from kit.work import Work

LOOKED_AT = 5000
"""How many events one request looks at in search of those of one noun."""


class EventQuery(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="`next` of the page before; 0 is the beginning.")] = 0
    noun: Annotated[Code | None, Field(description="Events of one kind of thing.", examples=["order"])] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT


class CloudEvent(BaseModel):
    """A CloudEvents 1.0 event in JSON; `sequence` rises by one per event of its `subject`."""

    specversion: str
    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    sequence: str
    datacontenttype: str
    traceparent: str | None = None
    data: dict[str, JsonValue]


class EventFeed(BaseModel):
    """Events in the order of the stream. Ask again with `after` = `next`; when it is what was asked with, there is
    nothing new."""

    items: list[CloudEvent]
    next: int


async def list_events(work: WorkDep, request: Request, query: Annotated[EventQuery, Query()]) -> Response:
    """Published events after a place in the stream."""
    see_all(work)
    looked_at = (await work.session.execute(_settled(query.after))).all()
    found = [row for row in looked_at if query.noun in (None, row.noun)][: query.limit]
    reached = found if len(found) == query.limit else looked_at
    feed = EventFeed(
        items=await _events(work, runtime_of(request).settings.service, [row.id for row in found]),
        next=reached[-1].stream_sequence if reached else query.after,
    )
    return await answer(work, feed)


def router(service: str) -> APIRouter:
    """The feed of one service."""
    routes = APIRouter(prefix=f"/v1/events/{service}", tags=["events"])
    routes.get("", name=f"list_{service}_events", response_model=EventFeed, dependencies=[allow("event:read")])(
        list_events
    )
    return routes


def _settled(after: int) -> Select[Any]:
    """Places in the stream before which nothing can turn up any more: all that was marked before the oldest event
    that still waits to be published had happened. Aggregates that the relay has given up on wait for nothing."""
    given_up = outbox.alias()
    is_given_up = exists().where(
        given_up.c.blocked_at.is_not(None),
        given_up.c.noun == outbox.c.noun,
        given_up.c.aggregate_id == outbox.c.aggregate_id,
    )
    waiting = outbox.c.published_at.is_(None) & ~is_given_up
    oldest = select(func.coalesce(func.min(outbox.c.occurred_at), text("'infinity'"))).where(waiting)
    return (
        select(outbox.c.id, outbox.c.noun, outbox.c.stream_sequence)
        .where(outbox.c.stream_sequence > after, outbox.c.published_at < oldest.scalar_subquery())
        .order_by(outbox.c.stream_sequence)
        .limit(LOOKED_AT)
    )


async def _events(work: Work, owner: str, ids: list[int]) -> list[CloudEvent]:
    statement = select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.stream_sequence)
    return [_event(owner, row) for row in (await work.session.execute(statement)).mappings()]


def _event(owner: str, row: RowMapping) -> CloudEvent:
    meta = Meta(
        id=row["event_id"],
        subject=row["subject"],
        aggregate_id=row["aggregate_id"],
        sequence=row["sequence"],
        time=row["occurred_at"],
        traceparent=row["traceparent"],
    )
    return CloudEvent.model_validate({**attributes(meta, owner=owner), "data": orjson.loads(row["body"])})
