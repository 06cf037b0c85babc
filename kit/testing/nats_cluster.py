"""Nodes of NATS on loopback that keep every stream together, for tests of what happens when one of them dies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kit.testing.children import free_port
from kit.testing.nats_server import NatsServer

NODES = 3


class NatsCluster:
    """Three servers; while two of them live, streams with three replicas can be written to."""

    def __init__(self, folder: Path) -> None:
        ports: list[int] = []
        while len(ports) < NODES:
            ports += [port for port in [free_port()] if port not in ports]
        self.nodes = [
            NatsServer(folder / f"node-{place}", server_name=f"node-{place}", routes=[*ports[place:], *ports[:place]])
            for place in range(NODES)
        ]

    @property
    def url(self) -> str:
        """All nodes, as NATS_URL names them."""
        return ",".join(node.url for node in self.nodes)

    def start(self) -> None:
        """Start all nodes at once: none is ready before most of them are. Raises `ServerError`."""
        with ThreadPoolExecutor(NODES) as starting:
            list(starting.map(NatsServer.start, self.nodes))

    def stop(self) -> None:
        """End them."""
        for node in self.nodes:
            node.stop()


@contextmanager
def clustered(folder: Path) -> Iterator[NatsCluster]:
    """A cluster that ends with the block."""
    cluster = NatsCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
