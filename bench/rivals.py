"""Gateways in front of the stub: ours, FastAPI with httpx, and nginx where there is one; each its own process."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import address, answering, server
from bench.stack import Running, environment
from ops.environment import database_variable

_NGINX = """
worker_processes 1;
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    upstream stub {{ server {upstream}; keepalive 64; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://stub;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Request-Id $request_id;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Rival:
    """Something that listens: its URL and its process."""

    url: str
    pid: int


@asynccontextmanager
async def stub(folder: Path) -> AsyncIterator[Rival]:
    """The upstream of them all."""
    port, url = address()
    with server("stub", [sys.executable, "-m", "bench.stub", str(port)], environment(), folder) as pid:
        await answering(url, "/", folder / "stub.log")
        yield Rival(url, pid)


@asynccontextmanager
async def rivals(running: Running, upstream: str, folder: Path) -> AsyncIterator[dict[str, Rival]]:
    """The gateways that can be had here, by name, all forwarding to `upstream`."""
    port, url = address()
    plain_port, plain = address()
    commands = {
        "Kefu gateway": (url, [sys.executable, "-m", "gateway"], gateway_environment(running, upstream, port)),
        "FastAPI + httpx": (
            plain,
            [sys.executable, "-m", "bench.httpx_gateway", str(plain_port), upstream],
            environment(),
        ),
    }
    nginx = nginx_program()
    if nginx is not None:
        nginx_port, nginx_url = address()
        told = _NGINX.format(folder=folder, port=nginx_port, upstream=upstream.removeprefix("http://"))
        config = folder / "nginx.conf"
        config.write_text(told)
        commands["nginx"] = (nginx_url, [nginx, "-c", str(config), "-p", str(folder)], environment())
    async with AsyncExitStack() as ends:
        found: dict[str, Rival] = {}
        for name, (place, argv, env) in commands.items():
            slug = name.split()[0].lower()
            found[name] = Rival(place, ends.enter_context(server(slug, argv, env, folder)))
            await answering(place, "/livez", folder / f"{slug}.log")
        yield found


def nginx_program() -> str | None:
    """Where nginx is, if it is."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin")


def gateway_environment(running: Running, upstream: str, port: int, **more: str) -> dict[str, str]:
    """A second gateway beside the stack's, with the same keys and database, whose ticket service is the stub."""
    return environment(
        KEFU_PORT=str(port),
        KEFU_HOST="127.0.0.1",
        KEFU_HOME=str(running.home),
        KEFU_KEYS_DIR=str(running.home / "keys"),
        KEFU_INSTALLATION_KEY=running.secrets.installation_key,
        NATS_URL=str(running.note["nats"]),
        TICKET_URL=upstream,
        **{database_variable("gateway"): running.database("gateway")},
        **more,
    )
