"""A whole gateway in this process, with its database, for tests of identity and pages."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.app import Gateway
from gateway.identity.revocation import Revocations
from gateway.own import create_gateway
from gateway.parts import Parts
from gateway.settings import GatewaySettings
from kit.clock import Clock
from kit.runtime import Runtime
from kit.settings import Profile
from kit.testing.poll import eventually

KEY = "5a" * 32
CLIENT = {"client_id": "storefront", "client_secret": "a-long-random-client-secret-0123456789"}
ACCOUNTS = {role: f"{role[::-1]}-correct-horse" for role in ("admin", "agent", "supervisor", "finance")}
NOWHERE = "http://127.0.0.1:9"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Desk:
    """The gateway and a client of it."""

    http: httpx.AsyncClient
    gateway: Gateway
    settings: GatewaySettings
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def app(self) -> FastAPI:
        assert isinstance(self.gateway.own, FastAPI)
        return self.gateway.own

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    @property
    def revocations(self) -> Revocations:
        return self.parts.revocations

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    async def ask_token(self, **form: str) -> httpx.Response:
        return await self.http.post("/oauth/token", data=form)

    async def as_(self, role: str) -> dict[str, str]:
        """The header of a member of staff who has logged in; again when the token is half used up, for desks stand
        longer than tokens last."""
        token, until = self.tokens.get(role, ("", 0.0))
        if time.monotonic() >= until:
            answer = await self.ask_token(grant_type="password", username=role, password=ACCOUNTS[role])
            assert answer.status_code == 200, answer.text
            token = answer.json()["access_token"]
            self.tokens[role] = token, time.monotonic() + answer.json()["expires_in"] / 2
        return {"Authorization": f"Bearer {token}"}

    async def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        from sqlalchemy import text

        async with self.runtime.database.reading() as session:
            return [dict(row) for row in (await session.execute(text(statement), values)).mappings()]


def settings(database_url: str, keys: Path, credentials: Path | None = None, **others: Any) -> GatewaySettings:
    upstreams = dict.fromkeys(("customer", "ticket", "appraisal", "notify"), NOWHERE)
    given = {
        "profile": Profile.TEST,
        "installation_key": SecretStr(KEY),
        "nats_url": SecretStr("nats://127.0.0.1:1"),
        "upstreams": upstreams,
        "keys_dir": keys,
        "dev_credentials": credentials,
        "audit_dir": keys.with_name("audit"),
        **others,
    }
    return GatewaySettings(database_url=SecretStr(database_url), **given)


@contextlib.asynccontextmanager
async def desk(
    database_url: str, keys: Path, credentials: Path | None = None, *, clock: Clock | None = None, **others: Any
) -> AsyncIterator[Desk]:
    """A running gateway; with credentials, they are planted when this begins."""
    given = settings(database_url, keys, credentials, **others)
    gateway = create_gateway(given, clock=clock)
    async with LifespanManager(gateway, startup_timeout=60, shutdown_timeout=60):
        transport = httpx.ASGITransport(app=gateway)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            built = Desk(http, gateway, given)
            if credentials is not None:
                await eventually(lambda: _planted(built), within=30)
            yield built


async def _planted(built: Desk) -> bool:
    return bool(await built.rows("SELECT 1 FROM account WHERE username = 'finance'"))
