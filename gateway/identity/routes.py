"""Identity over HTTP: tokens, the keys that verify them, and the administration of logins and clients."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from contracts.permissions import PERMISSIONS
from gateway.identity import service, store
from gateway.identity.grants import bad_request
from gateway.identity.models import Account, Client
from gateway.identity.schemas import (
    AccountCreate,
    AccountPublic,
    ClientCreate,
    ClientPublic,
    ClientWithSecret,
    Me,
    TokenAnswer,
)
from gateway.parts import PartsDep
from kit.http.edge import CurrentPrincipal, WorkDep, allow
from kit.http.pages import Page, PageOf, page_answer, read_cursor, write_cursor
from kit.work import Work

tokens = APIRouter(tags=["tokens"])
administration = APIRouter(prefix="/v1", tags=["logins"])

_FORM: dict[str, Any] = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials", "password"]},
                        "client_id": {"type": "string", "description": "Or HTTP Basic."},
                        "client_secret": {"type": "string", "format": "password"},
                        "shop": {"type": "string", "description": "With `buyer`: narrow the token to that buyer."},
                        "buyer": {"type": "string", "description": "The shop's own reference of the buyer."},
                        "username": {"type": "string"},
                        "password": {"type": "string", "format": "password"},
                    },
                }
            }
        },
    },
}


@tokens.post("/oauth/token", openapi_extra=_FORM, response_model=TokenAnswer)
async def issue_token(request: Request, parts: PartsDep) -> Response:
    """Prove who you are and get an access token for ten minutes (RFC 6749)."""
    if request.url.query:  # secrets have no place in an address
        raise bad_request("invalid_request")
    token = await parts.desk.answer(
        request.headers.get("authorization"), request.headers.get("content-type"), await request.body()
    )
    answer = TokenAnswer(access_token=token.text, expires_in=token.seconds)
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


@tokens.get("/.well-known/jwks.json", openapi_extra={"security": []})
async def show_keys(parts: PartsDep, response: Response) -> dict[str, Any]:
    """The public keys with which access tokens are verified (RFC 7517)."""
    response.headers["Cache-Control"] = "public, max-age=15"
    return parts.keyring.published()


@administration.get("/me")
async def show_me(principal: CurrentPrincipal) -> Me:
    """Who the token says you are, and what that permits."""
    permissions = sorted(name for name, roles in PERMISSIONS.items() if not roles.isdisjoint(principal.roles))
    return Me(
        subject=principal.subject,
        roles=sorted(principal.roles),
        shops=sorted(principal.shops),
        permissions=permissions,
        staff_id=principal.staff_id,
        client_id=principal.client_id,
        account_id=principal.account_id,
        expires_at=principal.expires_at,
    )


@administration.post("/accounts", status_code=201, dependencies=[allow("account:manage")])
async def open_account(body: AccountCreate, parts: PartsDep, work: WorkDep, response: Response) -> AccountPublic:
    """Make a login for a member of staff. The username makes it once; no answer is kept for an Idempotency-Key,
    because what is sent holds a password."""
    password_hash = await service.hash_password(parts.passwords, body)
    account = await service.open_account(work, body, password_hash)
    response.headers["Location"] = f"/v1/accounts/{account.id}"
    return AccountPublic.model_validate(account)


@administration.get("/accounts", dependencies=[allow("account:manage")], response_model=PageOf[AccountPublic])
async def list_accounts(page: Annotated[Page, Query()], work: WorkDep) -> Response:
    """Logins, oldest first."""
    rows, cursor = await _page(work, Account, page)
    items = [AccountPublic.model_validate(row) for row in rows]
    return page_answer(PageOf(items=items, next_cursor=cursor), path="/v1/accounts", query=page, next_cursor=cursor)


@administration.get("/accounts/{account_id}", dependencies=[allow("account:manage")])
async def show_account(account_id: UUID, work: WorkDep) -> AccountPublic:
    """One login."""
    return AccountPublic.model_validate(await store.account(work.session, account_id))


@administration.post("/accounts/{account_id}/disable", dependencies=[allow("account:manage")])
async def disable_account(account_id: UUID, work: WorkDep) -> AccountPublic:
    """End a login by hand, for good."""
    return AccountPublic.model_validate(await service.disable_account(work, account_id))


@administration.post("/clients", status_code=201, dependencies=[allow("client:manage")])
async def register_client(body: ClientCreate, work: WorkDep, response: Response) -> ClientWithSecret:
    """Make an API client. Its secret is in this answer and never again: none is kept for an Idempotency-Key."""
    made = await service.register_client(work, body)
    response.headers["Cache-Control"] = "no-store"
    known = ClientPublic.model_validate(made.client).model_dump()
    return ClientWithSecret(**known, client_secret=made.secret)


@administration.get("/clients", dependencies=[allow("client:manage")], response_model=PageOf[ClientPublic])
async def list_clients(page: Annotated[Page, Query()], work: WorkDep) -> Response:
    """API clients, oldest first."""
    rows, cursor = await _page(work, Client, page)
    items = [ClientPublic.model_validate(row) for row in rows]
    return page_answer(PageOf(items=items, next_cursor=cursor), path="/v1/clients", query=page, next_cursor=cursor)


async def _page(work: Work, kind: type[Account] | type[Client], page: Page) -> tuple[list[Any], str | None]:
    """The rows of one page and the cursor of the next, if there is one."""
    name = str(kind.__tablename__)
    after = read_cursor(work, name, page)
    rows = list(await store.page(work.session, kind, after=UUID(after[0]) if after else None, limit=page.limit + 1))
    shown = rows[: page.limit]
    return shown, write_cursor(work, name, [str(shown[-1].id)]) if len(rows) > page.limit else None
