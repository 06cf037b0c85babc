"""`/v1/policies/{service}`: what is in force when, its history, and new versions (X3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from sqlalchemy import RowMapping

from kit import policies
from kit.http.edge import WorkDep, allow, answer, runtime_of
from kit.http.faults import faults_of
from kit.http.fields import Code, Instant, Line
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from kit.policy import EVERYWHERE, PolicyKind, Title
from kit.problems import Fault, Problem, invalid
from kit.work import Work

READ, WRITE = "policy:read", "policy:write"
ShopCode = Annotated[Code, Field(description="The shop's code; `main` is what holds wherever a shop has no own.")]


class InForceQuery(BaseModel):
    """For whom and when."""

    model_config = ConfigDict(extra="forbid")

    shop: ShopCode = EVERYWHERE
    at: Annotated[Instant | None, Field(description="The instant asked about; now when it isn't given.")] = None


class ShopQuery(BaseModel):
    """Whose version."""

    model_config = ConfigDict(extra="forbid")

    shop: ShopCode = EVERYWHERE


class HistoryQuery(Page):
    """Whose history; every shop's when none is named."""

    shop: ShopCode | None = None


class PolicyDocument(BaseModel):
    """A document to look at."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, JsonValue]


class PolicySchedule(PolicyDocument):
    """A new version, in force from an instant on; at once when none is given."""

    shop: ShopCode = EVERYWHERE
    effective_from: Instant | None = None
    reason: Line


class PolicyWithdrawal(BaseModel):
    """Why a version is taken back."""

    model_config = ConfigDict(extra="forbid")

    shop: ShopCode = EVERYWHERE
    reason: Line


class PolicyVersion(BaseModel):
    """One version of a policy. `effective` versions are or were in force, each until the next one is."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    shop: str
    version: int
    state: Literal["scheduled", "effective", "withdrawn"]
    effective_from: datetime
    document: dict[str, JsonValue]
    reason: str | None
    saved_by: str
    saved_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class PolicyPublic(BaseModel):
    """A policy, the version that is in force for the shop at the instant asked about, and its document's schema."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: str
    title_zh: str
    title_en: str
    in_force: PolicyVersion | None
    json_schema: dict[str, JsonValue] = Field(alias="schema", description="JSON Schema of the document.")


class PolicyList(BaseModel):
    """All policies of a service."""

    items: list[PolicyPublic]


class PolicyHistory(BaseModel):
    """One page of a policy's versions, shop by shop, newest first."""

    items: list[PolicyVersion]
    next_cursor: str | None = None


class PolicyVerdict(BaseModel):
    """The document could be put in force."""

    valid: Literal[True] = True


async def kind_named(name: Annotated[Code, Path(description="The policy's name.")], request: Request) -> Any:
    """The policy of that name. Raises Problem `not-found` when the service has none."""
    kind = runtime_of(request).policies.get(name)
    if kind is None:
        raise Problem("not-found")
    return kind


Kind = Annotated[PolicyKind[Any], Depends(kind_named)]
Version = Annotated[int, Path(ge=1, le=2_147_483_647, description="The version's number in its shop.")]


async def list_policies(work: WorkDep, request: Request, query: Annotated[InForceQuery, Query()]) -> Response:
    """All policies of this service with what is in force for a shop at an instant."""
    kinds = runtime_of(request).policies
    items = [await _public(work, kinds[name], query) for name in sorted(kinds)]
    return await answer(work, PolicyList(items=items))


async def get_policy(kind: Kind, work: WorkDep, query: Annotated[InForceQuery, Query()]) -> Response:
    """One policy with what is in force for a shop at an instant."""
    return await answer(work, await _public(work, kind, query))


async def list_policy_versions(
    kind: Kind, work: WorkDep, request: Request, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """Every version there is or was, withdrawn ones too; of the shops of the caller's token and of `main` (X1)."""
    if query.shop is not None:
        _expect_sight(work, query.shop)
    after = read_cursor(work, f"policy-{kind.name}", query)
    rows = await policies.history(work.session, kind.name, _shops(work, query.shop), after, query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    cursor = write_cursor(work, f"policy-{kind.name}", [shown[-1]["shop"], shown[-1]["version"]]) if more else None
    page = PolicyHistory(items=[_version(work, row) for row in shown], next_cursor=cursor)
    return page_answer(page, path=request.url.path, query=query, next_cursor=cursor)


async def get_policy_version(
    kind: Kind, version: Version, work: WorkDep, query: Annotated[ShopQuery, Query()]
) -> Response:
    """The version that a result names."""
    _expect_sight(work, query.shop)
    row = await policies.get_version(work.session, kind.name, query.shop, version)
    if row is None:
        raise Problem("not-found")
    return await answer(work, _version(work, row))


async def validate_policy(kind: Kind, body: PolicyDocument, work: WorkDep) -> Response:
    """Look at a document without putting it in force; a 422 says what is wrong and where."""
    _read(kind, body.document)
    return await answer(work, PolicyVerdict())


async def schedule_policy(kind: Kind, body: PolicySchedule, work: WorkDep, request: Request) -> Response:
    """Put a new version in force, now or later; what was decided before keeps the version that decided it."""
    _expect_service(work, body.shop)
    document = _read(kind, body.document)
    row = await policies.schedule(work, kind, body.shop, body.effective_from, document, body.reason)
    location = f"{request.url.path}/{row['version']}?shop={body.shop}"
    return await answer(work, _version(work, row), status=201, location=location)


async def withdraw_policy(kind: Kind, version: Version, body: PolicyWithdrawal, work: WorkDep) -> Response:
    """Take back a version that isn't in force yet."""
    _expect_service(work, body.shop)
    row = await policies.withdraw(work, kind, body.shop, version, body.reason)
    return await answer(work, _version(work, row))


def router(service: str) -> APIRouter:
    """The routes of one service; another service's name in the path is no path here."""
    routes = APIRouter(prefix=f"/v1/policies/{service}", tags=["policies"])
    reads, writes = [allow(READ)], [allow(WRITE)]
    one, versions, version = "/{name}", "/{name}/versions", "/{name}/versions/{version}"
    add = partial(_add, routes, service)
    add("GET", "", list_policies, PolicyList, reads)
    add("GET", one, get_policy, PolicyPublic, reads)
    add("GET", versions, list_policy_versions, PolicyHistory, reads)
    add("GET", version, get_policy_version, PolicyVersion, reads)
    add("POST", f"{one}/validate", validate_policy, PolicyVerdict, writes)
    add("POST", versions, schedule_policy, PolicyVersion, writes, status=201)
    add("POST", f"{version}/withdraw", withdraw_policy, PolicyVersion, writes)
    return routes


def _add(
    routes: APIRouter, service: str, method: str, path: str, endpoint: Callable[..., Any], model: type[BaseModel],
    dependencies: Sequence[Any], *, status: int = 200,
) -> None:  # fmt: skip
    """One route; its name has the service in it, so that no two in the merged document are called the same."""
    verb, noun = endpoint.__name__.split("_", 1)
    routes.add_api_route(
        path, endpoint, methods=[method], name=f"{verb}_{service}_{noun}", status_code=status,
        response_model=model, dependencies=list(dependencies),
    )  # fmt: skip


async def _public(work: Work, kind: PolicyKind[Any], query: InForceQuery) -> PolicyPublic:
    _expect_sight(work, query.shop)
    row = await policies.version_at(work.session, kind.name, query.shop, query.at or work.now)
    title = kind.title or Title(kind.name, kind.name)
    return PolicyPublic(
        name=kind.name,
        title_zh=title.zh,
        title_en=title.en,
        in_force=None if row is None else _version(work, row),
        schema=kind.document.model_json_schema(),
    )


def _version(work: Work, row: RowMapping) -> PolicyVersion:
    return PolicyVersion(**row, state=policies.state_of(row, work.now))


def _read(kind: PolicyKind[Any], given: dict[str, JsonValue]) -> Any:
    """The document as its model. Raises Problem `invalid-request` that points to every place that is wrong."""
    try:
        document = kind.document.model_validate(given)
    except ValidationError as error:
        located = [
            {**one, "loc": ("body", "document", *_inside(one["loc"]))} for one in error.errors(include_input=False)
        ]
        raise Problem("invalid-request", faults=faults_of(located)) from error
    found = [Fault(f"/document{fault.pointer}", fault.zh, fault.en) for fault in kind.check(document)]
    if found:
        raise Problem("invalid-request", faults=found)
    if b"\\u0000" in orjson.dumps(document.model_dump(mode="json")):
        raise invalid("/document", "不能包含控制字符", "must not hold control characters")
    return document


def _inside(location: Sequence[Any]) -> list[Any]:
    """pydantic names a refused key of an object `[key]`; the key before it is the place."""
    return [part for part in location if part != "[key]"]


def _shops(work: Work, asked: str | None) -> list[str] | None:
    if asked is not None:
        return [asked]
    return None if work.actor.serves("*") else sorted({*work.actor.shops, EVERYWHERE})


def _expect_sight(work: Work, shop: str) -> None:
    """What holds for all is for all to see; a shop's own is for those who serve it (X1)."""
    if shop != EVERYWHERE and not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)


def _expect_service(work: Work, shop: str) -> None:
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
