"""`kefu migrate`: databases to head, streams and durables as the contracts say. Safe to repeat."""

import asyncio
import importlib
import os
from collections.abc import Mapping
from contextlib import suppress

from rich.console import Console

from kit.testing.databases import SERVICES
from ops.environment import INNER_SERVICES, StackError, database_variable, replicas, subscribers


def command() -> None:
    """Bring all databases to head and provision streams and durables.

    Reads CUSTOMER_DATABASE_URL, TICKET_DATABASE_URL, APPRAISAL_DATABASE_URL, NOTIFY_DATABASE_URL,
    GATEWAY_DATABASE_URL and NATS_URL, and KEFU_SUBSCRIBERS: the names of those who listen from outside. In a cluster,
    NATS_URL names its nodes, apart by commas, and KEFU_NATS_REPLICAS says how many of them keep each stream.
    """
    migrate_all(os.environ)
    Console().print("Databases are at head, streams and durables are provisioned.")


def warm_up() -> None:
    """Import what migrating needs, in a thread, while the servers still start; it takes half a second."""
    with suppress(ImportError):  # `migrate_all` meets the same error, where it can be told
        importlib.import_module("kit.bus")
        importlib.import_module("kit.migrate")


def migrate_all(env: Mapping[str, str]) -> None:
    """Migrate the five databases, then provision the broker; both can be repeated. A stream that the broker doesn't
    have, or not any more, gets everything that its service has ever published.

    Not for use inside a running event loop; there, call it in a thread. Raises `StackError` when an address is
    missing or the broker has too few nodes; errors of the databases and the broker pass through.
    """
    from kit import bus
    from kit.migrate import upgrade

    variables = {service: database_variable(service) for service in SERVICES}
    missing = [name for name in (*variables.values(), "NATS_URL") if not env.get(name)]
    if missing:
        raise StackError(f"Nothing can be migrated while {', '.join(missing)} is not set.")
    copies = replicas(env)
    for service, variable in variables.items():
        upgrade(service, env[variable])
    try:
        for stream in asyncio.run(bus.missing_streams(env["NATS_URL"])):
            if stream.lower() in INNER_SERVICES:
                asyncio.run(_publish_all(env[database_variable(stream.lower())]))
        asyncio.run(bus.provision(env["NATS_URL"], replicas=copies, subscribers=subscribers(env)))
    except bus.TooFewNodesError:
        raise StackError(f"KEFU_NATS_REPLICAS is {copies}, and the broker has fewer nodes than that.") from None


async def _publish_all(database_url: str) -> None:
    from kit.db import Database
    from kit.replay import publish_all

    database = Database(database_url, pool=1)
    try:
        await publish_all(database)
    finally:
        await database.close()
