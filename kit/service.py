"""A service as an ASGI application: its rooms' routers around one runtime."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import cache, partial

from fastapi import APIRouter, FastAPI

from kit.clock import Clock
from kit.http import errors, exact, health, lookup, openapi
from kit.http.middleware import LargerBody, RequestContext
from kit.metrics import OFF as UNCOUNTED
from kit.runtime import Runtime, Wiring
from kit.settings import ServiceSettings

MAX_BODY_BYTES = 2 * 1024 * 1024
VERSION = "0.1.0"


def create_app(
    wiring: Wiring,
    routers: Sequence[APIRouter],
    settings: ServiceSettings,
    *,
    title: str,
    description: str,
    clock: Clock | None = None,
    counted: bool = True,
    larger_bodies: Sequence[LargerBody] = (),
    openapi_url: str | None = "/openapi.json",
) -> FastAPI:
    """The application of one service; its runtime starts and stops with it.

    An application behind something that counts requests itself is not `counted`; one that shows a document of its own
    has no `openapi_url`.
    """
    runtime = Runtime(wiring, settings, clock=clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.runtime.running():
            yield

    app = FastAPI(
        title=title,
        description=description,
        version=VERSION,
        lifespan=lifespan,
        openapi_url=openapi_url,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        telemetry=runtime.tracing.telemetry(),
    )
    app.state.runtime = runtime
    app.state.service = wiring.service
    errors.install(app)
    app.add_middleware(
        RequestContext,
        max_body_bytes=MAX_BODY_BYTES,
        larger_bodies=larger_bodies,
        metrics=runtime.metrics if counted else UNCOUNTED,
        tracing=runtime.tracing,
    )
    app.include_router(health.router)
    for router in routers:
        app.include_router(router)
    exact.keep_exact(app)
    lookup.look_up(app)
    # Made once: it takes up to a second, in which a process with hundreds of models answers nobody.
    app.openapi = cache(partial(openapi.document, app))  # type: ignore[method-assign]
    return app
