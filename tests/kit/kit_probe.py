"""A service of the tests: things that are made, renamed and listed, around the kit's own edge."""

import pathlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import httpx
from asgi_lifespan import LifespanManager
from fastapi import APIRouter, FastAPI, Path, Query, Response
from pydantic import BaseModel, ConfigDict, SecretStr
from sqlalchemy import text

from kit import audit, outbox
from kit.http.edge import WorkDep, allow, answer
from kit.http.fields import Instant, Line, Quantity
from kit.http.pages import Page, PageOf, page_answer, read_cursor, write_cursor
from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime, Wiring
from kit.service import create_app
from kit.settings import Profile, ServiceSettings
from kit.work import Work

router = APIRouter(prefix="/v1/things", tags=["things"])
ThingId = Annotated[UUID, Path(description="The thing's id.")]


class ThingMake(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line
    how_many: Quantity = 1
    at: Instant | None = None
    dangling: bool = False
    fails: str | None = None


class ThingRename(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line


class ThingPublic(BaseModel):
    id: UUID
    name: str
    version: int


class ThingFilter(Page):
    name: str | None = None


@router.post("", status_code=201, response_model=ThingPublic, dependencies=[allow("ticket:open")])
async def make_thing(body: ThingMake, work: WorkDep) -> Response:
    """Make a thing."""
    from kit_rig import Thing, paid

    thing, made = Thing(str(new_id())), ThingPublic(id=new_id(), name=body.name, version=1)
    await outbox.record(work, thing, paid(thing.order_no))
    insert = text("INSERT INTO thing VALUES (:id, :name, :seq, 1)")
    await work.session.execute(insert, {"id": made.id, "name": made.name, "seq": thing.event_seq})
    await audit.record(work, "make", "thing", made.id, after={"name": body.name}, reason="asked for")
    if body.dangling:  # a constraint that is checked at commit
        await work.session.execute(text("INSERT INTO reference VALUES (:id)"), {"id": new_id()})
    if body.fails == "problem":
        raise Problem("forbidden")
    if body.fails == "error":
        raise RuntimeError(f"it broke over {body.name}")
    return await answer(work, made, status=201, version=1, location=f"/v1/things/{made.id}")


@router.get("", response_model=PageOf[ThingPublic], dependencies=[allow("ticket:read")])
async def list_things(work: WorkDep, query: Annotated[ThingFilter, Query()]) -> Response:
    """Things in the order in which they were made."""
    return await _page(work, "things", query)


@router.get("/others", response_model=PageOf[ThingPublic], dependencies=[allow("ticket:read")])
async def list_other_things(work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """Another list, with cursors of its own."""
    return await _page(work, "others", query)


@router.get("/{thing_id}", response_model=ThingPublic, dependencies=[allow("ticket:read")])
async def get_thing(thing_id: ThingId, work: WorkDep) -> Response:
    """One thing."""
    thing = await _thing(work, thing_id)
    return await answer(work, thing, version=thing.version)


@router.patch("/{thing_id}", response_model=ThingPublic, dependencies=[allow("ticket:work")])
async def rename_thing(thing_id: ThingId, body: ThingRename, work: WorkDep) -> Response:
    """Give it another name."""
    thing = await _thing(work, thing_id)
    work.expect_version(thing.version)
    thing.name, thing.version = body.name, thing.version + 1
    values = {"id": thing_id, "name": thing.name, "version": thing.version}
    await work.session.execute(text("UPDATE thing SET name = :name, version = :version WHERE id = :id"), values)
    return await answer(work, thing, version=thing.version)


async def _thing(work: Work, thing_id: UUID) -> ThingPublic:
    found = text("SELECT id, name, version FROM thing WHERE id = :id FOR UPDATE")
    row = (await work.session.execute(found, {"id": thing_id})).mappings().one_or_none()
    if row is None:
        raise Problem("not-found")
    return ThingPublic(**row)


async def _page(work: Work, name: str, query: Page) -> Response:
    (after,) = read_cursor(work, name, query) or ("00000000-0000-0000-0000-000000000000",)
    found = text("SELECT id, name, version FROM thing WHERE id > :after ORDER BY id LIMIT :limit")
    rows = (await work.session.execute(found, {"after": after, "limit": query.limit + 1})).mappings().all()
    items = [ThingPublic(**row) for row in rows[: query.limit]]
    cursor = write_cursor(work, name, [items[-1].id]) if len(rows) > query.limit else None
    path = "/v1/things" if name == "things" else "/v1/things/others"
    return page_answer(PageOf(items=items, next_cursor=cursor), path=path, query=query, next_cursor=cursor)


@dataclass
class Probe:
    """The probe service, called as somebody."""

    app: FastAPI
    http: httpx.AsyncClient
    tokens: Any

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    def as_(self, role: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens(role, **claims)}"}

    async def call(
        self, method: str, path: str, *, role: str = "agent", headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """One request as `role`."""
        return await self.http.request(method, path, headers={**self.as_(role), **(headers or {})}, **options)

    async def make(
        self, name: str = "a thing", *, headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        """One more thing."""
        return await self.call("POST", "/v1/things", json={"name": name, **fields}, headers=headers)


def probe_settings(database_url: str, jwks: str, nats_url: str, **more: Any) -> ServiceSettings:
    return ServiceSettings(
        service="ticket",
        database_url=SecretStr(database_url),
        profile=Profile.TEST,
        nats_url=SecretStr(nats_url),
        installation_key=SecretStr("5a" * 32),
        jwks_url=jwks,
        relay_poll_seconds=0.05,
        audit_dir=pathlib.Path(jwks).parent / f"audit-{new_id()}",
        **more,
    )


@asynccontextmanager
async def probing(settings: ServiceSettings, tokens: Any, wiring: Wiring | None = None) -> AsyncIterator[Probe]:
    app = create_app(wiring or Wiring("ticket"), [router], settings, title="Things", description="Of the tests.")
    async with LifespanManager(app, startup_timeout=20, shutdown_timeout=20):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://things") as http:
            yield Probe(app, http, tokens)
