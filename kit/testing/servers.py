"""A real PostgreSQL and a real NATS out of wheels, on free loopback ports, below a folder of your choice.

Tests and `kefu up` start them; nothing has to be installed or running beforehand. Both survive `kill()` and
come back on the same port with the same data, so their URLs stay good. Children die with this process.
"""

from kit.testing.children import ServerError, free_port, is_free
from kit.testing.databases import SERVICES, create_database, create_databases
from kit.testing.nats_server import NatsServer
from kit.testing.postgres_server import PostgresServer

__all__ = [
    "SERVICES",
    "NatsServer",
    "PostgresServer",
    "ServerError",
    "create_database",
    "create_databases",
    "free_port",
    "is_free",
]
