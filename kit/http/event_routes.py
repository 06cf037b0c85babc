"""`/v1/events/{service}`: what the service published, to be read over HTTP in the order of its stream (E4).

The feed holds back whatever an older event may still come before: one that the broker has stored but whose
acknowledgement was lost is marked later than its neighbours. So whoever goes on from `next` misses nothing.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import RowMapping, and_, exists, func, literal, select

from kit.envelope import Meta, attributes
from kit.http.edge import WorkDep, allow, see_all
from kit.http.fields import Code
from kit.http.pages import DEFAULT_LIMIT, MAX_LIMIT
from kit.tables import outbox

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
    data: dict[str, JsonValue]


class EventFeed(BaseModel):
    """Events in the order of the stream. Ask again with `after` = `next`; when it is what was asked with, there is
    nothing new."""

    items: list[CloudEvent]
    next: int


async def list_events(work: WorkDep, query: Annotated[EventQuery, Query()]) -> Response:
    """Published events after a place in the stream."""
    see_all(work)
    rows = (await work.session.execute(_settled(query.after))).mappings().all()
    wanted = [row for row in rows if query.noun in (None, row["noun"])][: query.limit]
    full = len(wanted) == query.limit
    reached = wanted[-1] if full else rows[-1] if rows else None
    feed = EventFeed(
        items=[_event(str(work.service), row) for row in wanted],
        next=reached["stream_sequence"] if reached else query.after,
    )
    return Response(feed.model_dump_json(), media_type="application/json")
