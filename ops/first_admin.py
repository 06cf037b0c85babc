"""`kefu first-admin`: the login with which a new installation is taken into use."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from kit.clock import SystemClock
from kit.db import Database
from kit.principals import system
from kit.problems import Problem
from kit.work import Transactions
from ops.environment import StackError, database_url, home_at, installation_key

PASSWORD = "KEFU_ADMIN_PASSWORD"  # noqa: S105 - the name of the variable


def command(
    username: Annotated[str, typer.Argument(help="The login's name, such as li.na.")],
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Make the first administrator, who makes all other logins; refused once there is one.

    The password is asked for, or taken from KEFU_ADMIN_PASSWORD; twelve characters at least.
    """
    place = home_at(home)
    url, key = database_url("gateway", place), installation_key(place)
    password = os.environ.get(PASSWORD) or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    asyncio.run(_open(url, key, username, password))
    print(f"{username} can sign in at /oauth/token and make logins at /v1/accounts.")


async def _open(url: str, key: bytes, username: str, password: str) -> None:
    from gateway.identity import service, store
    from gateway.identity.passwords import Passwords
    from gateway.identity.schemas import AccountCreate

    database, passwords = Database(url, pool=1), Passwords()
    try:
        wanted = AccountCreate.model_validate({"username": username, "password": password, "roles": ["admin"]})
        password_hash = await service.hash_password(passwords, wanted)
        async with Transactions(database, SystemClock(), key, lambda: None).begin(system("first-admin")) as work:
            if await store.has_admin(work.session):
                raise StackError("There is an administrator already, who can make logins at /v1/accounts.")
            await service.open_account(work, wanted, password_hash)
    except ValidationError as error:
        raise StackError(f"That can't be a login: {error.errors(include_input=False)[0]['msg']}.") from None
    except Problem as problem:
        faults = "; ".join(fault.en for fault in problem.faults)
        raise StackError(f"That can't be a login: {faults or problem.slug}.") from None
    finally:
        passwords.close()
        await database.close()
