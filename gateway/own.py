"""The gateway's own application: identity, health, documents; and the wiring of everything the gateway is made of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from gateway import health, pages
from gateway.app import Gateway
from gateway.document import MergedDocument
from gateway.identity import routes, seeds
from gateway.identity.grants import TokenDesk
from gateway.identity.keys import Keyring, OwnKeys
from gateway.identity.passwords import Passwords
from gateway.identity.tokens import Issuer
from gateway.parts import Parts
from gateway.proxy import Proxy
from gateway.settings import GatewaySettings
from gateway.subscribers import subscriptions
from gateway.upstream import HttpUpstream
from kit.clock import Clock, SystemClock
from kit.db import is_transient
from kit.logs import log
from kit.runtime import Runtime, Wiring
from kit.service import VERSION, create_app
from kit.tokens import Verifier

_DESCRIPTION = "Tokens, logins, health and documents of the gateway itself."
_SEED_PAUSE_SECONDS = 0.5


def create_gateway(settings: GatewaySettings, *, clock: Clock | None = None) -> Gateway:
    """The gateway with everything in it; it starts and stops with the ASGI lifespan."""
    clock = clock or SystemClock()
    app = create_app(
        Wiring("gateway", subscriptions()),
        [routes.tokens, routes.administration, health.router, pages.router],
        settings,
        title="Kefu gateway",
        description=_DESCRIPTION,
        clock=clock,
    )
    # The merged document takes the place of the framework's own, which would be found first.
    app.router.routes = [route for route in app.router.routes if getattr(route, "name", "") != "openapi"]
    runtime: Runtime = app.state.runtime
    keyring = Keyring(settings.keys, clock)
    runtime.verifier = Verifier(OwnKeys(keyring), settings.issuer)
    upstream, passwords = HttpUpstream(settings.upstreams), Passwords()
    desk = TokenDesk(runtime.database, Issuer(keyring, settings.issuer, clock), passwords, key=settings.key)
    parts = Parts(keyring, desk, passwords, upstream, MergedDocument(upstream, VERSION))
    app.state.parts = parts
    _live_with(app, upstream, parts, settings)
    proxy = Proxy(upstream, body=settings.body, time=settings.time)
    return Gateway(app, proxy, runtime.verifier, own_body=settings.own_body)


def _live_with(app: FastAPI, upstream: HttpUpstream, parts: Parts, settings: GatewaySettings) -> None:
    """Let the gateway's connections, threads and seeds live as long as the application."""
    services = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with upstream.running(), services(app):
            seeding = asyncio.create_task(_seed(app.state.runtime, parts.passwords, settings))
            try:
                yield
            finally:
                seeding.cancel()
                await asyncio.gather(seeding, return_exceptions=True)
                parts.passwords.close()

    app.router.lifespan_context = lifespan


async def _seed(runtime: Runtime, passwords: Passwords, settings: GatewaySettings) -> None:
    """Plant the development credentials as soon as the database lets us."""
    if settings.dev_credentials is None:
        return
    runtime.starting.add("seeds")
    found = await asyncio.to_thread(seeds.read, settings.dev_credentials)
    while True:
        try:
            planted = await seeds.plant(runtime.transactions, passwords, found)
        except Exception as error:
            if not is_transient(error):
                log.error("seeds.failed", error=error)
                raise
            await asyncio.sleep(_SEED_PAUSE_SECONDS)
        else:
            runtime.starting.discard("seeds")
            log.info("seeds.planted", count=planted)
            return
