"""Keys over HTTP: API keys of clients, and the keys that sign access tokens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from gateway.identity import api_keys, service
from gateway.identity.lists import one_page
from gateway.identity.models import ApiKey
from gateway.identity.schemas import ApiKeyCreate, ApiKeyPublic, ApiKeyWithText, SigningKey, SigningKeys
from gateway.parts import PartsDep
from kit.http.edge import WorkDep, allow
from kit.http.pages import Page, PageOf, page_answer

router = APIRouter(prefix="/v1", tags=["keys"])


@router.post("/api-keys", status_code=201, dependencies=[allow("client:manage")])
async def make_api_key(body: ApiKeyCreate, parts: PartsDep, work: WorkDep, response: Response) -> ApiKeyWithText:
    """Make an API key for a client. The key is in this answer and never again: none is kept for an Idempotency-Key,
    and a client has two live keys at most."""
    made = await api_keys.make_api_key(work, body, parts.policy)
    response.headers["Cache-Control"] = "no-store"
    return ApiKeyWithText(**ApiKeyPublic.model_validate(made.key).model_dump(), api_key=made.text)


@router.get("/api-keys", dependencies=[allow("client:manage")], response_model=PageOf[ApiKeyPublic])
async def list_api_keys(page: Annotated[Page, Query()], work: WorkDep) -> Response:
    """API keys of all clients, revoked and expired ones too, oldest first."""
    rows, cursor = await one_page(work, ApiKey, page)
    items = [ApiKeyPublic.model_validate(row) for row in rows]
    return page_answer(PageOf(items=items, next_cursor=cursor), path="/v1/api-keys", query=page, next_cursor=cursor)


@router.post("/api-keys/{id}/revoke", dependencies=[allow("client:manage")])
async def revoke_api_key(id: UUID, parts: PartsDep, work: WorkDep) -> ApiKeyPublic:  # noqa: A002
    """End an API key; no gateway process accepts it five seconds later."""
    return ApiKeyPublic.model_validate(await api_keys.revoke_api_key(work, id, parts.revocations))


@router.get("/signing-keys", dependencies=[allow("key:manage")])
async def list_signing_keys(parts: PartsDep) -> SigningKeys:
    """The keys that sign access tokens: waiting, signing, verifying only."""
    return SigningKeys(items=[SigningKey.model_validate(one) for one in parts.keyring.facts()])


@router.post("/signing-keys/rotate", status_code=201, dependencies=[allow("key:manage")])
async def rotate_signing_key(parts: PartsDep, work: WorkDep) -> SigningKey:
    """Make a new signing key. It is published at once, signs after a pause in which everybody gets to know it, and
    the old one retires when the last token under it has run out."""
    return SigningKey.model_validate(await service.rotate_signing_key(work, parts.keyring))
