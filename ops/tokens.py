"""`kefu token`: an access token for trying things out, with the development logins of the local stack."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from ops.credentials import STAFF_ROLES, Secrets
from ops.environment import Home, StackError, home_at, noted


def command(
    role: Annotated[str, typer.Option(help=f"storefront, {', '.join(STAFF_ROLES)}.")] = "agent",
    buyer: Annotated[str | None, typer.Option(help="Narrow a storefront token to this buyer.")] = None,
    shop: Annotated[str | None, typer.Option(help="The shop that knows the buyer.")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Print an access token of the running local stack, good for ten minutes."""
    place = home_at(home)
    gateway = str(noted(place)["gateway"])
    narrowing = {name: value for name, value in {"buyer": buyer, "shop": shop}.items() if value}
    print(access_token(gateway, place, role, narrowing))


def access_token(gateway: str, home: Home, role: str, narrowing: dict[str, str]) -> str:
    """Sign in at the gateway with the home's development login for `role`.

    Raises `StackError` when there is no such role, or the gateway refuses or is away.
    """
    known = Secrets.model_validate_json(home.secrets.read_bytes())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if role in known.clients:
        client = known.clients[role]
        form = {"grant_type": "client_credentials", **narrowing}
        pair = f"{client.client_id}:{client.client_secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif role in known.accounts:
        account = known.accounts[role]
        form = {"grant_type": "password", "username": account.username, "password": account.password}
    else:
        roles = ", ".join([*known.clients, *known.accounts])
        raise StackError(f"There is no development login for the role {role!r}; there are {roles}.")
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(f"{gateway}/oauth/token", body, headers)  # noqa: S310 - our own gateway
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:  # noqa: S310 - our own gateway
            return str(json.load(answer)["access_token"])
    except urllib.error.HTTPError as refusal:
        raise StackError(f"The gateway refused the login for {role!r} ({refusal.code}).") from None
    except OSError:
        raise StackError(f"The gateway at {gateway} does not answer.") from None
