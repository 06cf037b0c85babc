"""`GET /health`: how the gateway and every service behind it are, in one look (G4)."""

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from gateway.parts import PartsDep
from gateway.routes import SERVICES
from gateway.upstream import Unintelligible, Unreachable, Upstream

router = APIRouter(tags=["gateway"])
_SECONDS = 1.0


class Health(BaseModel):
    """`ok` when all services are ready, `degraded` when one of them is not."""

    status: str = Field(examples=["ok"])
    services: dict[str, str] = Field(examples=[{"ticket": "ok", "notify": "away"}])


@router.get("/health", openapi_extra={"security": []})
async def show_health(parts: PartsDep, response: Response) -> Health:
    """How the services are: `ok`, `unready` or `away`. Always 200: the answer itself is the news."""
    states = await asyncio.gather(*(_state(parts.upstream, service) for service in SERVICES))
    response.headers["Cache-Control"] = "no-store"
    return Health(
        status="ok" if set(states) == {"ok"} else "degraded", services=dict(zip(SERVICES, states, strict=True))
    )


async def _state(upstream: Upstream, service: str) -> str:
    try:
        async with asyncio.timeout(_SECONDS), upstream.ask(service, "GET", "/readyz", [], None) as answer:
            return "ok" if answer.status == 200 else "unready"
    except (TimeoutError, Unreachable, Unintelligible):
        return "away"
