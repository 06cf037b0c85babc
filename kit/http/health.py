"""Liveness and readiness of a service; outside authentication and outside the published API."""

import asyncio

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kit.http.edge import runtime_of

router = APIRouter(include_in_schema=False)
_SECONDS = 2.0


@router.get("/livez")
async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, str]:
    """Whether requests can be served: database there, migrations at head, broker seen since the start.

    A broker that went away later only degrades: writes are safe in the outbox until it is back. A database that is
    ahead is being upgraded, and serves the processes from before until the last of them is replaced.
    """
    runtime = runtime_of(request)
    checks = {"database": "ok", "migrations": "ok", "broker": "ok" if runtime.bus.is_connected else "away"}
    try:
        async with asyncio.timeout(_SECONDS), runtime.database.reading() as session:
            version = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
        if version is None or version < runtime.head:
            checks["migrations"] = "behind"
    except ProgrammingError:  # there isn't even the table that would tell
        checks["migrations"] = "behind"
    except Exception:  # noqa: BLE001 - whatever keeps the database from answering, it is not ready
        checks["database"] = "away"
    checks |= dict.fromkeys(runtime.starting, "starting")
    ready = checks["database"] == checks["migrations"] == "ok" and runtime.bus.was_connected and not runtime.starting
    response.status_code = 200 if ready else 503
    return {
        "status": ("ok" if runtime.bus.is_connected else "degraded") if ready else "unavailable",
        **checks,
    }
