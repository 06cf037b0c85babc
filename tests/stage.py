"""The names that tests of every service share: a service called through its ASGI door, and its fixed noon."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI

from kit.runtime import Runtime
from kit.work import Transactions

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon in Shanghai
KEY = "5a" * 32
Tokens = Callable[..., str]


@dataclass
class Client:
    """One service through its ASGI door, called as somebody."""

    http: httpx.AsyncClient
    token: Tokens
    app: FastAPI
    signed_in: dict[str, str] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    @property
    def transactions(self) -> Transactions:
        return self.runtime.transactions

    def as_(self, *roles: str, **claims: object) -> dict[str, str]:
        """Headers of a caller with these roles, who has signed in once."""
        caller = repr((roles, claims))
        if caller not in self.signed_in:
            self.signed_in[caller] = f"Bearer {self.token(*roles, **claims)}"
        return {"Authorization": self.signed_in[caller]}

    async def call(
        self, method: str, path: str, role: str = "agent", *, json: object = None, **options: object
    ) -> httpx.Response:
        """One request as `role`; further options are claims, or `headers`."""
        headers = {**self.as_(role, **{k: v for k, v in options.items() if k != "headers"})}
        headers |= dict(options.get("headers") or {})  # type: ignore[call-overload]
        return await self.http.request(method, path, json=json, headers=headers)


Starter = Callable[..., AbstractAsyncContextManager[Client]]


ANY_ID = "01a200b4-d8cb-74cb-a79f-53780dd4fa13"


def concrete(path: str) -> str:
    """The path with something well formed in its braces."""
    parts = [ANY_ID if part.endswith("_id}") or part == "{id}" else part for part in path.split("/")]
    return "/".join("x" if part.startswith("{") else part for part in parts)
