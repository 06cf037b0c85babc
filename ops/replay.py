"""`kefu replay`: streams that a broker lost, rebuilt from the outboxes."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from kit.bus import BusUnavailableError, NoStreamError
from kit.db import Database
from kit.replay import Compared, replay
from ops.environment import INNER_SERVICES, Home, StackError, database_url, home_at, noted

Services = Annotated[list[str] | None, typer.Argument(help=f"{', '.join(INNER_SERVICES)}; all without any.")]


def command(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(INNER_SERVICES)}; all without any.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the stack (KEFU_HOME, .kefu).")] = None,
) -> None:
    """Let the services publish again what their streams have lost; an intact stream gains nothing.

    After a broker's disk died: `kefu migrate` makes the streams anew, then this. It can run beside the services,
    which publish what is missing in its order under the ids it always had. NATS_URL is the operator's.
    """
    place = home_at(home)
    for service in services or INNER_SERVICES:
        if service not in INNER_SERVICES:
            raise StackError(f"There is no service {service}.")
        compared = asyncio.run(_replay(database_url(service, place), _operators(place), service.upper()))
        print(f"{service}: {compared.present} events are there, {compared.lost} will be published again")


def _operators(place: Home) -> str:
    return os.environ.get("NATS_URL") or str(noted(place, or_set="NATS_URL")["nats"])


async def _replay(database_url: str, nats_url: str, stream: str) -> Compared:
    database = Database(database_url, pool=1)
    try:
        return await replay(database, nats_url, stream)
    except NoStreamError:
        raise StackError(f"The broker has no stream {stream}: `kefu migrate` makes it.") from None
    except BusUnavailableError:
        raise StackError("The broker can't be reached.") from None
    finally:
        await database.close()
