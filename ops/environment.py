"""Where a local stack lives and what its processes are told: folders, ports, environment variables."""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.broker import OPERATOR, SUBSCRIBER, USERS
from kit.testing.children import LOOPBACK, free_port, is_free
from kit.testing.databases import SERVICES, role_url
from ops.credentials import Secrets, read_json, write_private

INNER_SERVICES = tuple(service for service in SERVICES if service != "gateway")
INNER_PORTS = ("postgres", "nats", *INNER_SERVICES)
METRICS_PORTS = {service: f"{service}-metrics" for service in SERVICES}
DEFAULT_GATEWAY_PORT = 8000
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class StackError(Exception):
    """The stack cannot do what was asked; the message is one sentence for people."""


@dataclass(frozen=True)
class Home:
    """The folder of one local stack: data, secrets, logs, and notes about the running one."""

    path: Path

    @property
    def secrets(self) -> Path:
        """Generated keys, passwords and development logins."""
        return self.path / "secrets.json"

    @property
    def ports(self) -> Path:
        """The ports taken last time, taken again while they are free."""
        return self.path / "ports.json"

    @property
    def run(self) -> Path:
        """Addresses and process ids of the running stack; absent while none runs."""
        return self.path / "run.json"

    @property
    def logs(self) -> Path:
        """The processes' logs when they are not shown on the terminal."""
        return self.path / "logs"

    @property
    def keys(self) -> Path:
        """The gateway's signing keys."""
        return self.path / "keys"


def home_at(chosen: Path | None) -> Home:
    """The home that was chosen, or KEFU_HOME, or `.kefu` in the current folder."""
    return Home((chosen or Path(os.environ.get("KEFU_HOME") or ".kefu")).absolute())


@contextmanager
def occupied(home: Home) -> Iterator[None]:
    """Hold the home for this process alone; the hold ends with the process, however it ends.

    Raises `StackError` when another stack runs here.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    home.path.chmod(0o700)
    with (home.path / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = read_json(home.run).get("gateway")
            where = f", its gateway is {running}" if running else ""
            raise StackError(f"A stack already runs in {home.path}{where}.") from None
        home.run.unlink(missing_ok=True)
        try:
            yield
        finally:
            home.run.unlink(missing_ok=True)


def is_occupied(home: Home) -> bool:
    """Whether a stack runs in the home; what it has noted there may be of one that was killed."""
    if not (home.path / "lock").exists():
        return False
    with (home.path / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def noted(home: Home, *, or_set: str = "") -> dict[str, Any]:
    """What the stack that runs in the home has noted. Raises `StackError` where none does; a killed one's note stays.

    `or_set` is the variable that would do instead.
    """
    found = read_json(home.run)
    way = f"with `kefu up`, or set {or_set}" if or_set else "with `kefu up`"
    if not found:
        raise StackError(f"No stack runs in {home.path}: start one {way}.")
    if not is_occupied(home):
        raise StackError(f"The stack in {home.path} was killed: start it again {way}.")
    return found


def last_ports(home: Home) -> dict[str, int]:
    """The ports of the run before, or of the one that goes on."""
    return {name: port for name, port in read_json(home.ports).items() if isinstance(port, int)}


def inner_ports(home: Home) -> dict[str, int]:
    """A loopback port for each server, service and its metrics: last time's where it is still free."""
    known = last_ports(home)
    chosen: dict[str, int] = {}
    for name in (*INNER_PORTS, "gateway", *METRICS_PORTS.values()):
        last = known.get(name)
        if last is not None and last not in chosen.values() and is_free(last):
            chosen[name] = last
        else:
            chosen[name] = _another(chosen)
    write_private(home.ports, json.dumps(chosen, indent=2))
    return chosen


def _another(taken: Mapping[str, int]) -> int:
    while (port := free_port()) in taken.values():
        continue
    return port


def gateway_address(environ: Mapping[str, str], ports: Mapping[str, int]) -> tuple[str, int]:
    """Host and port of the gateway: KEFU_HOST and KEFU_GATEWAY_PORT, where 0 means any free port.

    Raises `StackError` when the port is no port or in use.
    """
    host = environ.get("KEFU_HOST") or LOOPBACK
    text = environ.get("KEFU_GATEWAY_PORT") or str(DEFAULT_GATEWAY_PORT)
    if not text.isdecimal() or int(text) > 65535:
        raise StackError(f"KEFU_GATEWAY_PORT is {text!r}, which is not a port.")
    port = int(text) or ports["gateway"]
    if not is_free(port, host):
        raise StackError(
            f"Port {port} on {host} is already in use: stop what listens there, "
            "or choose another port with KEFU_GATEWAY_PORT."
        )
    return host, port


def metrics_ports(environ: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, int]:
    """The port of each process's metrics; 0, so none, for all of them where KEFU_METRICS_PORT says 0."""
    off = environ.get("KEFU_METRICS_PORT") == "0"
    return {service: 0 if off else ports[name] for service, name in METRICS_PORTS.items()}


def own_address(host: str) -> str:
    """The address this machine reaches a listener on `host` by."""
    return LOOPBACK if host in {"0.0.0.0", "::", ""} else host


def database_variable(service: str) -> str:
    """The variable that says where a service's database is."""
    return f"{service.upper()}_DATABASE_URL"


def database_urls(environ: Mapping[str, str], secrets: Secrets, ports: Mapping[str, int]) -> dict[str, str]:
    """Each service's database: the one that is set, else the embedded server's."""
    embedded = f"postgresql://postgres@{LOOPBACK}:{ports['postgres']}/postgres"
    return {
        service: environ.get(database_variable(service))
        or role_url(embedded, service, service, secrets.databases[service])
        for service in SERVICES
    }


def broker_url(user: str, secrets: Secrets, ports: Mapping[str, int]) -> str:
    """Where the embedded broker lets that user in."""
    return f"nats://{user}:{secrets.broker[user]}@{LOOPBACK}:{ports['nats']}"


def subscribers(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Who listens from outside: the names in KEFU_SUBSCRIBERS, apart by commas. Raises `StackError` for a name that
    is none, or one of ours."""
    names = tuple(dict.fromkeys((environ.get("KEFU_SUBSCRIBERS") or SUBSCRIBER).replace(" ", "").split(",")))
    for name in names:
        if not _NAME.fullmatch(name) or (name in USERS and name != SUBSCRIBER):
            raise StackError(
                f"KEFU_SUBSCRIBERS names {name!r}: small letters, digits and dashes, and not one of ours."
            )
    return names


def replicas(environ: Mapping[str, str]) -> int:
    """How many nodes of the broker keep each stream: KEFU_NATS_REPLICAS, one where nothing is said. Raises
    `StackError` for what isn't 1, 3 or 5."""
    said = environ.get("KEFU_NATS_REPLICAS") or "1"
    if said not in ("1", "3", "5"):
        raise StackError(f"KEFU_NATS_REPLICAS is {said!r}: it is 1, 3 or 5.")
    return int(said)


def shared_environment(
    environ: Mapping[str, str],
    home: Home,
    secrets: Secrets,
    ports: Mapping[str, int],
    gateway: tuple[str, int],
) -> dict[str, str]:
    """What all processes of the stack are told; what is already set stays."""
    host, port = gateway
    defaults = {
        "KEFU_PROFILE": "development",
        "KEFU_INSTALLATION_KEY": secrets.installation_key,
        "NATS_URL": broker_url(OPERATOR, secrets, ports),
        "KEFU_KEYS_DIR": str(home.keys),
        "KEFU_JWKS_URL": f"http://{own_address(host)}:{port}/.well-known/jwks.json",
        "KEFU_DEV_CREDENTIALS": str(home.secrets),
        # notify asks customer for a contact when it delivers, signed in as a service.
        "GATEWAY_URL": f"http://{own_address(host)}:{port}",
        "KEFU_SERVICE_CLIENT_ID": secrets.clients["service"].client_id,
        "KEFU_SERVICE_CLIENT_SECRET": secrets.clients["service"].client_secret,
    }
    inner = {f"{name.upper()}_URL": f"http://{LOOPBACK}:{ports[name]}" for name in INNER_SERVICES}
    databases = {database_variable(name): url for name, url in database_urls(environ, secrets, ports).items()}
    return {
        **defaults,
        **{name: value for name, value in environ.items() if value or name not in defaults},
        **inner,
        **databases,
        "KEFU_HOME": str(home.path),
        "KEFU_GATEWAY_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


def database_url(service: str, home: Home) -> str:
    """Where a service's database is: what the environment says, else the running stack's.

    Raises `StackError` when neither says it.
    """
    variable = database_variable(service)
    return os.environ.get(variable) or str(noted(home, or_set=variable)["databases"][service])


def installation_key(home: Home) -> bytes:
    """The installation's secret: the environment's, else the home's. Raises `StackError` when there is none."""
    given = os.environ.get("KEFU_INSTALLATION_KEY")
    if not given:
        if not home.secrets.exists():
            raise StackError("KEFU_INSTALLATION_KEY is not set and there is no local stack to take it from.")
        given = Secrets.model_validate_json(home.secrets.read_bytes()).installation_key
    return bytes.fromhex(given)
