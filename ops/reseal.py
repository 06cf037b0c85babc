"""`kefu reseal`: after a new key in KEFU_VAULT_KEYS, bring all personal fields under it; then the old key can go."""

import asyncio
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from kit.clock import SystemClock
from kit.db import Database
from kit.rotation import reseal_all
from kit.settings import ProcessSettings
from kit.vault import Vault, open_vault
from kit.work import Transactions
from ops.environment import database_url, home_at, installation_key

SEALING = ("customer", "ticket")


def command(
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Reseal personal fields under the newest key, in short transactions beside the running service.

    Reads KEFU_VAULT_KEYS; can be stopped and begun again at any time.
    """
    place = home_at(home)
    urls, key = {service: database_url(service, place) for service in SEALING}, installation_key(place)
    os.environ.setdefault("KEFU_INSTALLATION_KEY", key.hex())
    vault = open_vault(ProcessSettings())
    for service, url in urls.items():
        print(f"{service}: {asyncio.run(_reseal(service, url, key, vault))} values resealed")


async def _reseal(service: str, url: str, key: bytes, vault: Vault) -> int:
    steps = import_module(f"services.{service}.rotation").SEALED
    database = Database(url, pool=1)
    try:
        return await reseal_all(Transactions(database, SystemClock(), key, lambda: None, vault), steps)
    finally:
        await database.close()
