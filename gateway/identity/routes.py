"""Identity over HTTP: tokens, the keys that verify them, and the administration of logins and clients."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from contracts.permissions import PERMISSIONS
from gateway.exchange import Exchange
from gateway.identity import service, store
from gateway.identity.forms import NO_STORE, TokenRequest, bad_request, read_request
from gateway.identity.lists import one_page
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
from gateway.limits import Limits
from gateway.parts import PartsDep
from kit.http.edge import CurrentPrincipal, WorkDep, allow
from kit.http.pages import Page, PageOf, page_answer

tokens = APIRouter(tags=["tokens"])
administration = APIRouter(prefix="/v1", tags=["logins"])


def _form(*required: str, **properties: Any) -> dict[str, Any]:
    """A public endpoint that takes a form with these fields and the program's own credentials."""
    known = {
        **properties,
        "client_id": {"type": "string", "description": "Or HTTP Basic."},
        "client_secret": {"type": "string", "format": "password"},
    }
    schema = {"type": "object", "required": list(required), "properties": known}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    return {"security": [], "requestBody": body}


_TOKEN_FORM = _form(
    "grant_type",
    grant_type={"type": "string", "enum": ["client_credentials", "password", "refresh_token"]},
    shop={"type": "string", "description": "With `buyer`: narrow the token to that buyer."},
    buyer={"type": "string", "description": "The shop's own reference of the buyer."},
    username={"type": "string"},
    password={"type": "string", "format": "password"},
    refresh_token={"type": "string", "format": "password"},
)
_REVOKE_FORM = _form(
    "token",
    token={"type": "string", "format": "password", "description": "A refresh token."},
    token_type_hint={"type": "string", "examples": ["refresh_token"]},
)


@tokens.post("/oauth/token", openapi_extra=_TOKEN_FORM, response_model=TokenAnswer)
async def issue_token(request: Request, parts: PartsDep) -> Response:
    """Prove who you are and get an access token for ten minutes (RFC 6749).

    A refresh token is good once. Used twice, even at the same moment, it ends its session: send one at a time.
    """
    asked = await _asked(request)
    _count(parts.limits, request.state.exchange, asked)
    token = await parts.desk.answer(asked)
    answer = TokenAnswer(access_token=token.text, expires_in=token.seconds, refresh_token=token.refresh)
    content = answer.model_dump_json(exclude_none=True)
    return Response(content, headers=NO_STORE, media_type="application/json")


@tokens.post("/oauth/revoke", openapi_extra=_REVOKE_FORM, response_class=Response)
async def revoke_token(request: Request, parts: PartsDep) -> Response:
    """Log out: end the session of a refresh token, with its access tokens (RFC 7009). Unknown tokens are fine."""
    await parts.desk.log_out(await _asked(request))
    return Response(status_code=200, headers=NO_STORE)


async def _asked(request: Request) -> TokenRequest:
    if request.url.query:  # secrets have no place in an address
        raise bad_request("invalid_request")
    headers, body = request.headers, await request.body()
    request_id = request.state.request_id
    return read_request(headers.get("authorization"), headers.get("content-type"), body, request_id=request_id)


def _count(limits: Limits, exchange: Exchange, asked: TokenRequest) -> None:
    """Count by whom the token is asked for. Raises Problem `too-many-requests`."""
    if asked.grant_type == "password":
        limits.count_login(exchange, asked.fields.get("username", ""))
    elif asked.grant_type == "client_credentials" and asked.credentials is not None:
        limits.count_client_login(exchange, asked.credentials.client_id)
    else:
        limits.count_address(exchange, "tokens")


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
    rows, cursor = await one_page(work, Account, page)
    items = [AccountPublic.model_validate(row) for row in rows]
    return page_answer(PageOf(items=items, next_cursor=cursor), path="/v1/accounts", query=page, next_cursor=cursor)


@administration.get("/accounts/{account_id}", dependencies=[allow("account:manage")])
async def show_account(account_id: UUID, work: WorkDep) -> AccountPublic:
    """One login."""
    return AccountPublic.model_validate(await store.account(work.session, account_id))


@administration.post("/accounts/{account_id}/disable", dependencies=[allow("account:manage")])
async def disable_account(account_id: UUID, parts: PartsDep, work: WorkDep) -> AccountPublic:
    """End a login by hand, for good, with its sessions and tokens."""
    return AccountPublic.model_validate(await service.disable_account(work, account_id, parts.revocations))


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
    rows, cursor = await one_page(work, Client, page)
    items = [ClientPublic.model_validate(row) for row in rows]
    return page_answer(PageOf(items=items, next_cursor=cursor), path="/v1/clients", query=page, next_cursor=cursor)


@administration.post("/clients/{id}/disable", dependencies=[allow("client:manage")])
async def disable_client(id: UUID, parts: PartsDep, work: WorkDep) -> ClientPublic:  # noqa: A002
    """End an API client for good, with its tokens and API keys."""
    return ClientPublic.model_validate(await service.disable_client(work, id, parts.revocations))
