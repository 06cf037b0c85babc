"""`POST /oauth/token`: who proves to be somebody gets a token (RFC 6749).

`client_credentials` for programs; with `buyer` and `shop` the token is narrowed to that one buyer (X6, T40).
`password` for staff logins; the program that asks need not prove itself, but if it tries it must succeed.
"""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qsl, unquote_plus

from gateway.identity import store
from gateway.identity.models import Account, Client
from gateway.identity.passwords import MAX_CHARS, Passwords
from gateway.identity.tokens import Grant, IssuedToken, Issuer
from kit.db import Database
from kit.ids import account_id
from kit.logs import log
from kit.problems import Problem

_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20
_MAX_BUYER_CHARS = 200
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NOBODY = hashlib.sha256(b"nobody").digest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a program says to prove who it is."""

    client_id: str
    secret: str = field(repr=False)


class TokenDesk:
    """Answers token requests."""

    def __init__(self, database: Database, issuer: Issuer, passwords: Passwords, *, key: bytes) -> None:
        self._database = database
        self._issuer = issuer
        self._passwords = passwords
        self._key = key

    async def answer(self, authorization: str | None, content_type: str | None, body: bytes) -> IssuedToken:
        """The token asked for.

        Raises Problem `invalid-token-request` or `unauthenticated`, with the `error` that RFC 6749 gives it.
        """
        form = read_form(content_type, body)
        credentials = read_credentials(authorization, form)
        match form.get("grant_type"):
            case "client_credentials":
                grant = await self._as_client(credentials, form)
            case "password":
                grant = await self._as_staff(credentials, form)
            case None:
                raise bad_request("invalid_request")
            case _:
                raise bad_request("unsupported_grant_type")
        narrowed = grant.account_id is not None
        log.info("token.issued", subject=grant.subject, grant=form["grant_type"], narrowed=narrowed)
        return self._issuer.issue(grant)

    async def _as_client(self, credentials: Credentials | None, form: Mapping[str, str]) -> Grant:
        if credentials is None:
            raise unknown_client()
        client = await self._prove(credentials)
        buyer, shop = form.get("buyer"), form.get("shop")
        if (buyer is None) is not (shop is None):
            raise bad_request("invalid_request")
        if buyer is None or shop is None:
            return Grant(f"client:{client.client_id}", client.roles, client.shops, client_id=client.client_id)
        return self._narrowed(client, shop, buyer)

    def _narrowed(self, client: Client, shop: str, buyer: str) -> Grant:
        if "storefront" not in client.roles:
            raise bad_request("unauthorized_client")
        if not buyer or len(buyer) > _MAX_BUYER_CHARS:
            raise bad_request("invalid_request")
        if "*" not in client.shops and shop not in client.shops:
            raise bad_request("invalid_scope")
        account = account_id(self._key, shop, buyer)
        subject = f"client:{client.client_id}:{account}"
        return Grant(subject, ["storefront"], [shop], client_id=client.client_id, account_id=account)

    async def _as_staff(self, credentials: Credentials | None, form: Mapping[str, str]) -> Grant:
        if credentials is not None:
            await self._prove(credentials)
        username, password = form.get("username"), form.get("password")
        if not username or not password:
            raise bad_request("invalid_request")
        account = await self._account_of(username)
        kept = account.password_hash if account else None
        belongs = await self._passwords.matches(password[: MAX_CHARS + 1], kept)
        if account is None or not belongs or account.disabled_at is not None:
            log.info("token.refused", grant="password", account_id=str(account.id) if account else None)
            raise bad_request("invalid_grant")
        return Grant(f"account:{account.id}", account.roles, account.shops, staff_id=account.staff_id)

    async def _account_of(self, username: str) -> Account | None:
        async with self._database.reading() as session:
            return await store.account_named(session, username.lower())

    async def _prove(self, credentials: Credentials) -> Client:
        async with self._database.reading() as session:
            client = await store.client_named(session, credentials.client_id)
        kept = client.secret_digest if client else _NOBODY
        belongs = compare_digest(digest(credentials.secret), kept)
        if client is None or not belongs or client.disabled_at is not None:
            log.info("token.refused", grant="client", client=str(client.id) if client else None)
            raise unknown_client()
        return client


def digest(secret: str) -> bytes:
    """What is kept of a client's secret. Secrets are random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def read_form(content_type: str | None, body: bytes) -> dict[str, str]:
    """The form's fields, each of which may stand once. Raises Problem `invalid-token-request`."""
    if (content_type or "").partition(";")[0].strip().lower() != _FORM:
        raise bad_request("invalid_request")
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise bad_request("invalid_request") from error
    form = dict(fields)
    if len(form) != len(fields) or any("\0" in value for value in form.values()):
        raise bad_request("invalid_request")
    return form


def read_credentials(authorization: str | None, form: Mapping[str, str]) -> Credentials | None:
    """The program's credentials from HTTP Basic or the form, never both. Raises Problem `invalid-token-request`."""
    in_form = "client_id" in form or "client_secret" in form
    if authorization is None:
        return Credentials(form.get("client_id", ""), form.get("client_secret", "")) if in_form else None
    if in_form:
        raise bad_request("invalid_request")
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise unknown_client() from error
    credentials = Credentials(unquote_plus(name), unquote_plus(secret))
    if scheme.lower() != "basic" or not colon or "\0" in credentials.client_id:
        raise unknown_client()
    return credentials


def bad_request(error: str) -> Problem:
    """The 400 of the token endpoint, with the code RFC 6749 gives it."""
    return Problem("invalid-token-request", error=error, headers=_NO_STORE)


def unknown_client() -> Problem:
    """The 401 for a program that did not prove who it is; it never tells why."""
    headers = {**_NO_STORE, "WWW-Authenticate": 'Basic realm="kefu"'}
    return Problem("unauthenticated", error="invalid_client", headers=headers)
