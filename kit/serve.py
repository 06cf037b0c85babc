"""Running one process of Kefu: logs, event loop, HTTP server, orderly end."""

import sys
import warnings
from collections.abc import Callable

import uvicorn
from pydantic import ValidationError

from kit import logs
from kit.http.middleware import App
from kit.settings import ProcessSettings

GRACE_SECONDS = 8


def serve(name: str, create: Callable[[], tuple[App, ProcessSettings]]) -> None:
    """Serve until SIGTERM or SIGINT; in-flight requests have 8 seconds to end."""
    logs.configure(name)
    # The conventions say EdDSA; joserfc would have it called Ed25519 (RFC 9864), which older verifiers don't know.
    warnings.filterwarnings("ignore", message="EdDSA is deprecated")
    try:
        app, settings = create()
    except (ValueError, ValidationError) as error:
        sys.exit(f"{name}: {_one_sentence(error)}")
    logs.configure(name, settings.log_level)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody on the way is trusted to say who the caller is; tokens are
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run()


def _one_sentence(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        place, told = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        return f"{place}: {told}" if place else told
    return str(error)
