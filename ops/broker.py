"""`kefu broker-users` and `kefu broker-url`: the logins at the broker."""

import os
from pathlib import Path
from typing import Annotated

import typer

from contracts.broker import SUBSCRIBER, USERS, authorization
from ops import credentials
from ops.environment import StackError, broker_url, home_at, last_ports, subscribers


def users_command() -> None:
    """Print the `authorization` block for a NATS server of your own: every user with what it may do, and no more.

    The server reads the passwords from its environment: KEFU_BROKER_TICKET and so on. Who listens from outside is
    named by KEFU_SUBSCRIBERS; `kefu migrate` makes their durables.
    """
    ours = [user for user in USERS if user != SUBSCRIBER]
    names = [*ours, *subscribers(os.environ)]
    print(authorization({name: f"$KEFU_BROKER_{name.upper().replace('-', '_')}" for name in names}), end="")


def url_command(
    user: Annotated[str, typer.Argument(help=f"One of {', '.join(USERS)}.")],
    home: Annotated[Path | None, typer.Option(help="Folder of the local stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Print where the local stack's broker lets that user in."""
    place = home_at(home)
    if user not in USERS or not place.secrets.exists():
        raise StackError(f"There is no user {user} at a broker in {place.path}.")
    print(broker_url(user, credentials.of_home(place.secrets), last_ports(place)))
