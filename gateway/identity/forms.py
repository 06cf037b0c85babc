"""What `/oauth/token` and `/oauth/revoke` are sent, and how they say no (RFC 6749, RFC 7009)."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from kit.problems import Problem

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a program says to prove who it is."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A form about tokens, and the program that sends it, if it says which it is."""

    fields: Mapping[str, str] = field(repr=False)
    credentials: Credentials | None
    request_id: str | None = None

    @property
    def grant_type(self) -> str | None:
        """What the token is asked for with."""
        return self.fields.get("grant_type")


def read_request(
    authorization: str | None, content_type: str | None, body: bytes, *, request_id: str | None = None
) -> TokenRequest:
    """The request in an HTTP message. Raises Problem `invalid-token-request` or `unauthenticated`."""
    form = read_form(content_type, body)
    return TokenRequest(form, read_credentials(authorization, form), request_id)


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


def digest(secret: str) -> bytes:
    """What is kept of a secret that is random and long: a fast hash is enough then."""
    return hashlib.sha256(secret.encode()).digest()


def bad_request(error: str) -> Problem:
    """The 400 of the token endpoints, with the code that RFC 6749 gives it."""
    return Problem("invalid-token-request", error=error, headers=NO_STORE)


def unknown_client() -> Problem:
    """The 401 for a program that did not prove who it is; it never tells why."""
    headers = {**NO_STORE, "WWW-Authenticate": 'Basic realm="kefu"'}
    return Problem("unauthenticated", error="invalid_client", headers=headers)
