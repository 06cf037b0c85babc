"""The gateway's own application: identity, health, documents; and the wiring of everything the gateway is made of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from gateway import health, pages
from gateway.app import Gateway
from gateway.document import MergedDocument
from gateway.door import Door
from gateway.identity import key_routes, routes, seeds
from gateway.identity.passwords import Passwords
from gateway.identity.revocation import Revocations
from gateway.identity.upkeep import Upkeep
from gateway.limits import Limits
from gateway.metrics import counts_for
from gateway.office import open_office
from gateway.parts import Parts
from gateway.proxy import Proxy
from gateway.routes import GATEWAY
from gateway.settings import GatewaySettings
from gateway.subscribers import subscriptions
from gateway.upstream import HttpUpstream
from kit.clock import Clock, SystemClock
from kit.db import is_transient
from kit.http import audit_routes
from kit.logs import log
from kit.runtime import Runtime, Wiring
from kit.service import VERSION, create_app

_DESCRIPTION = "Tokens, logins, health and documents of the gateway itself."
_SEED_PAUSE_SECONDS = 0.5


def create_gateway(settings: GatewaySettings, *, clock: Clock | None = None) -> Gateway:
    """The gateway with everything in it; it starts and stops with the ASGI lifespan."""
    clock = clock or SystemClock()
    revocations = Revocations(clock)
    app = create_app(
        Wiring("gateway", subscriptions(revocations)),
        [
            routes.tokens,
            routes.administration,
            key_routes.router,
            audit_routes.router(GATEWAY),
            health.router,
            pages.router,
        ],
        settings,
        title="Kefu gateway",
        description=_DESCRIPTION,
        clock=clock,
        counted=False,
        openapi_url=None,  # the merged document takes its place
    )
    office = open_office(settings, app.state.runtime, revocations, clock)
    app.state.runtime.verifier = office.verifier
    upstream, limits = HttpUpstream(settings.upstreams), Limits(settings.quotas)
    parts = Parts(
        office.keyring,
        office.desk,
        office.passwords,
        revocations,
        settings.identity,
        limits,
        upstream,
        MergedDocument(upstream, VERSION),
    )
    app.state.parts = parts
    _live_with(app, upstream, parts, office.upkeep, settings)
    runtime: Runtime = app.state.runtime
    counts = counts_for(runtime.metrics)
    proxy = Proxy(upstream, body=settings.body, files=settings.files, time=settings.time, counts=counts)
    door = Door(
        office.verifier,
        limits,
        internal=office.internal,
        api_keys=office.api_keys,
        provider=office.provider,
        counts=counts,
    )
    return Gateway(
        app,
        proxy,
        door,
        own_body=settings.own_body,
        metrics=runtime.metrics,
        counts=counts,
        tracing=runtime.tracing,
    )


def _live_with(app: FastAPI, upstream: HttpUpstream, parts: Parts, upkeep: Upkeep, settings: GatewaySettings) -> None:
    """Let the gateway's connections, threads and chores live as long as the application."""
    services = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with upstream.running(), services(app):
            chores = [_seed(app.state.runtime, parts.passwords, settings), upkeep.run()]
            tasks = [asyncio.create_task(chore) for chore in chores]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
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
