"""Callers of a running stack: the storefront's backend and people of the floor, each with a token of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from ops.credentials import Secrets
from ops.environment import StackError

_SECONDS = aiohttp.ClientTimeout(total=30)
_ASK_AGAIN = (0, 429, 502, 503, 504)


def _in_flight(status: int, body: Any) -> bool:
    """Whether an earlier attempt with the same Idempotency-Key is still being worked on."""
    return status == 409 and isinstance(body, dict) and body.get("type") == "/problems/idempotency-in-flight"


@dataclass(frozen=True)
class File:
    """A file to attach."""

    name: str
    content: bytes

    def form(self) -> aiohttp.FormData:
        """The form that carries it; one is good for one request."""
        form = aiohttp.FormData()
        form.add_field("file", self.content, filename=self.name)
        return form


@dataclass
class Caller:
    """One identity at the gateway; signs in when first needed and again when its token has run out."""

    http: aiohttp.ClientSession
    gateway: str
    form: dict[str, str]
    tries: int = 60
    token: str | None = field(default=None, repr=False)
    signing_in: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def call(self, method: str, path: str, json: object = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer. An answer of 503, or none at all, is asked for again: calls with an
        Idempotency-Key and calls that only look may be repeated, so pass a key with every creating one. A `File` in
        place of JSON is sent as a form."""
        status = 0
        for attempt in range(self.tries):
            held = self.token
            try:
                status, body = await self._once(method, path, json, headers)
            except (aiohttp.ClientError, TimeoutError):
                status, body = 0, None
            if status == 401 and held is not None:
                self.token = None if self.token == held else self.token  # somebody may have a newer one by now
            elif status not in _ASK_AGAIN and not _in_flight(status, body):
                return status, body
            await asyncio.sleep(min(0.05 * 2**attempt, 0.5))
        last = f"the last one was {status}" if status else "the connection failed"
        raise StackError(f"{method} {path} got no answer from {self.gateway}: {last}.")

    async def expect(self, wanted: int, method: str, path: str, json: object = None, **headers: str) -> Any:
        """The JSON of an answer with the wanted status. Raises `StackError` for any other."""
        status, body = await self.call(method, path, json, **headers)
        if status != wanted:
            raise StackError(f"{method} {path} answered {status} where {wanted} was expected: {body}")
        return body

    async def _once(self, method: str, path: str, json: object, headers: dict[str, str]) -> tuple[int, Any]:
        async with self.signing_in:  # one at a time: a login is dear, and the gateway bounds how many it examines
            if self.token is None:
                self.token = await self._sign_in()
            token = self.token
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given["Authorization"] = f"Bearer {token}"
        body = {"data": json.form()} if isinstance(json, File) else {"json": json}
        async with self.http.request(method, self.gateway + path, headers=given, **body) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, await answer.json(content_type=None) if is_json else None

    async def _sign_in(self) -> str:
        async with self.http.post(f"{self.gateway}/oauth/token", data=self.form) as answer:
            if answer.status != 200:
                if answer.status >= 500 or answer.status == 429:
                    raise aiohttp.ClientError("the gateway is not there yet")
                raise StackError(f"The gateway refused to sign in ({answer.status}).")
            return str((await answer.json())["access_token"])


@dataclass(frozen=True)
class Callers:
    """Everybody that the development credentials know, and whoever gets a login later."""

    http: aiohttp.ClientSession
    gateway: str
    secrets: Secrets

    @property
    def storefront(self) -> Caller:
        """The storefront's backend."""
        client = self.secrets.clients["storefront"]
        form = {
            "grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret,
        }  # fmt: skip
        return Caller(self.http, self.gateway, form)

    def staff(self, role: str) -> Caller:
        """The development login of that role."""
        account = self.secrets.accounts[role]
        return self.person(account.username, account.password)

    def person(self, username: str, password: str) -> Caller:
        """Somebody with a login."""
        form = {"grant_type": "password", "username": username, "password": password}
        return Caller(self.http, self.gateway, form)


@asynccontextmanager
async def callers(gateway: str, secrets: Secrets) -> AsyncIterator[Callers]:
    """Callers on connections that are closed with the block."""
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(timeout=_SECONDS, connector=connector) as http:
        yield Callers(http, gateway, secrets)


async def settled(look: Callable[[], Awaitable[Any]], done: Callable[[Any], bool], *, within: float) -> Any:
    """Look until it is done; the last look when it isn't within that many seconds."""
    deadline = time.monotonic() + within
    while not done(seen := await look()) and time.monotonic() < deadline:  # noqa: ASYNC110 - it is behind HTTP
        await asyncio.sleep(0.05)
    return seen
