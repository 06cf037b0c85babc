"""Telling people and scripts where the stack is and how it fares."""

import json
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.credentials import Secrets
from ops.loglines import readable


@dataclass
class Announcement:
    """Addresses, process ids and development logins of a running stack."""

    gateway: str
    services: dict[str, str]
    databases: dict[str, str]
    nats: str
    metrics: dict[str, str]
    credentials: Secrets
    pids: dict[str, int] = field(default_factory=dict)
    seconds_to_ready: float = 0.0

    def as_json(self) -> dict[str, object]:
        """What `--json` prints and `run.json` holds."""
        return {
            "gateway": self.gateway,
            "services": self.services,
            "databases": self.databases,
            "nats": self.nats,
            "metrics": self.metrics,
            "pids": self.pids,
            "credentials": self.credentials.model_dump(include={"clients", "accounts"}),
            "seconds_to_ready": self.seconds_to_ready,
        }


class Terminal:
    """For people: a table when ready, then every process's lines with its name in front."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    def ready(self, announcement: Announcement) -> None:
        """Show where everything is."""
        self.console.print()
        self.console.print(_addresses(announcement))
        self.console.print(_logins(announcement.credentials))
        self.console.print(
            f"Ready in {announcement.seconds_to_ready:g} s. A token: [bold].venv/bin/kefu token --role agent[/]. "
            "Ctrl-C stops everything.\n"
        )

    def say(self, name: str, line: str) -> None:
        """A sentence about a part."""
        self.console.print(Text(f"{name} {line}", style="bold"), soft_wrap=True)

    def show(self, name: str, line: str) -> None:
        """A line a process wrote."""
        self.console.print(readable(name, line), soft_wrap=True)


class Quiet:
    """For scripts: one line of JSON on standard output, sentences on standard error."""

    def ready(self, announcement: Announcement) -> None:
        """Print the line."""
        print(json.dumps(announcement.as_json()), flush=True)

    def say(self, name: str, line: str) -> None:
        """A sentence about a part."""
        print(f"kefu: {name} {line}", file=sys.stderr, flush=True)

    def show(self, name: str, line: str) -> None:
        """A line a process wrote; scripts read the log files."""


def _addresses(announcement: Announcement) -> Table:
    table = Table(title="Kefu", title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_row("gateway", announcement.gateway, style="bold")
    table.add_row("docs", f"{announcement.gateway}/docs")
    for name, url in announcement.services.items():
        table.add_row(name, url, style="dim")
    for name, url in announcement.databases.items():
        place = urlsplit(url)
        table.add_row(f"{name} database", f"{place.hostname}:{place.port}{place.path}", style="dim")
    table.add_row("nats", announcement.nats.rpartition("@")[2], style="dim")
    for name, url in announcement.metrics.items():
        table.add_row(f"{name} metrics", url, style="dim")
    return table


def _logins(credentials: Secrets) -> Table:
    table = Table("development login", "name", "secret", box=None, title_justify="left")
    for role, client in credentials.clients.items():
        table.add_row(role, client.client_id, client.client_secret)
    for role, account in credentials.accounts.items():
        table.add_row(role, account.username, account.password)
    return table
