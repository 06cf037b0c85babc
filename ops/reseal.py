"""`kefu reseal`: after a new key in KEFU_VAULT_KEYS, bring all personal fields under it; then the old key can go."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from kit.clock import SystemClock
from kit.db import Database
from kit.settings import ProcessSettings
from kit.vault import Vault, open_vault
from kit.work import Transactions
from ops.environment import database_url, home_at, installation_key


def command(
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Reseal personal fields under the newest key, in short transactions beside the running service.

    Reads KEFU_VAULT_KEYS; can be stopped and begun again at any time.
    """
    place = home_at(home)
    url, key = database_url("customer", place), installation_key(place)
    os.environ.setdefault("KEFU_INSTALLATION_KEY", key.hex())
    moved = asyncio.run(_reseal(url, key, open_vault(ProcessSettings())))
    print(f"{moved} values resealed")


async def _reseal(url: str, key: bytes, vault: Vault) -> int:
    from services.customer.rotation import reseal_all

    database = Database(url, pool=1)
    try:
        return await reseal_all(Transactions(database, SystemClock(), key, lambda: None), vault)
    finally:
        await database.close()
