"""Running one process of Kefu: logs, event loop, HTTP server, orderly end."""

import resource
import socket
import sys
import warnings
from collections.abc import Callable

import uvicorn
from pydantic import ValidationError

from kit import logs
from kit.front import Front, Server
from kit.http.middleware import App
from kit.settings import ProcessSettings

GRACE_SECONDS = 6
BACKLOG = 2048
OPEN_FILES = 65_536


def serve(name: str, create: Callable[[], tuple[App, ProcessSettings]]) -> None:
    """Serve until SIGTERM or SIGINT; in-flight requests have 6 seconds to end."""
    logs.configure(name)
    # The conventions say EdDSA; joserfc would have it called Ed25519 (RFC 9864), which older verifiers don't know.
    warnings.filterwarnings("ignore", message="EdDSA is deprecated")
    try:
        app, settings = create()
    except (ValueError, ValidationError) as error:
        sys.exit(f"{name}: {_one_sentence(error)}")
    logs.configure(name, settings.log_level)
    if settings.metrics_port:
        _listening(name, settings.metrics_host, settings.metrics_port, "KEFU_METRICS_PORT").close()
    _allow_many_files()
    listener = _listening(name, settings.host, settings.port, "KEFU_PORT")
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Front,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody on the way is trusted to say who the caller is; tokens are
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])


def _listening(name: str, host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens there. Left to the server, a port that is taken would end the process without a word:
    its messages may quote people's data and don't get into our log."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        sys.exit(f"{name}: cannot listen on port {port} of {host}: {error.strerror}; choose another with {setting}")
    return listener


def _allow_many_files() -> None:
    """Every connection is an open file, and many systems begin with 1,024 of them: a thousand slow clients would be
    all that a process could have."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _one_sentence(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        place, told = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        return f"{place}: {told}" if place else told
    return str(error)
