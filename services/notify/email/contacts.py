"""The book of addresses: the customer service's, asked outside any request or transaction, and never copied.

This is the one call that a service makes to another (and every answer is in that one's audit trail).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

import aiohttp
from pydantic import SecretStr

from contracts.notify import NotifyChannel, Purpose

_SECONDS = 5
_EARLY_SECONDS = 30


class ContactsAwayError(Exception):
    """Nobody can look addresses up at the moment; the text says which party didn't answer."""


class ContactBook(Protocol):
    """Tells where a customer is reached."""

    async def address_of(self, customer_id: UUID, channel: NotifyChannel, purpose: Purpose) -> str | None:
        """The address, or None when the customer has none by that channel. Raises ContactsAwayError."""
        ...

    async def close(self) -> None:
        """Give all connections back."""
        ...


class HttpContactBook:
    """The customer service over HTTP, with an access token of our own."""

    def __init__(
        self,
        customer_url: str,
        gateway_url: str,
        client_id: str,
        client_secret: SecretStr,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._customer_url = customer_url.rstrip("/")
        self._token_url = f"{gateway_url.rstrip('/')}/oauth/token"
        self._credentials = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret.get_secret_value(),
        }
        self._monotonic = monotonic
        self._token: tuple[str, float] | None = None
        self._asking = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    async def address_of(self, customer_id: UUID, channel: NotifyChannel, purpose: Purpose) -> str | None:
        """The address, or None when the customer has none by that channel. Raises ContactsAwayError."""
        url = f"{self._customer_url}/v1/customers/{customer_id}/contacts"
        asked = {"channel": channel.value, "purpose": purpose.value}
        status, body = await self._ask(url, asked)
        if status == 401:  # the token was withdrawn, or its key: once more with another
            self._token = None
            status, body = await self._ask(url, asked)
        if status == 404:
            return None
        address = body.get("address")
        if status != 200 or not isinstance(address, str):
            raise ContactsAwayError(f"customer: {status}")
        return address

    async def close(self) -> None:
        """Give all connections back."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _ask(self, url: str, asked: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        return await self._post("customer", url, json=asked, headers=headers)

    async def _access_token(self) -> str:
        async with self._asking:
            if self._token is None or self._token[1] <= self._monotonic():
                status, body = await self._post("gateway", self._token_url, data=self._credentials)
                if status != 200:
                    raise ContactsAwayError(f"gateway: {status}")
                lasts = float(body.get("expires_in", 0)) - _EARLY_SECONDS
                self._token = (str(body["access_token"]), self._monotonic() + lasts)
            return self._token[0]

    async def _post(self, party: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        try:
            async with self._http.post(url, allow_redirects=False, **options) as answer:
                body = await answer.json(content_type=None)
                return answer.status, body if isinstance(body, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ContactsAwayError(f"{party}: {type(error).__name__}") from error
