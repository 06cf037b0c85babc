"""Everything that a stack wrote down, as text: tables, streams, logs, traces, metrics."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import nats
from canaries import Place
from local_stack import Running

from contracts.catalogue import STREAMS


async def tables(running: Running) -> AsyncIterator[Place]:
    """Every row of every table of all five databases, bytes read as text and as hex."""
    for service, url in running.note["databases"].items():
        connection = await asyncpg.connect(url)
        try:
            names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (name,) in names:
                rows = await connection.fetch(f'SELECT * FROM "{name}"')
                text = "\n".join(_text(value) for row in rows for value in row.values())
                yield Place(f"table {service}.{name}", text)
        finally:
            await connection.close()


async def streams(running: Running) -> AsyncIterator[Place]:
    """Every message of every stream, with its headers, as an outside reader gets it."""
    client = await nats.connect(running.note["nats"])
    try:
        jetstream = client.jetstream()
        for name in STREAMS:
            state = (await jetstream.stream_info(name)).state
            stored = [await jetstream.get_msg(name, at) for at in range(state.first_seq, state.last_seq + 1)]
            lines = [f"{one.subject} {one.headers} {_text(one.data or b'')}" for one in stored]
            yield Place(f"stream {name}", "\n".join(lines))
    finally:
        await client.close()


async def metrics(running: Running) -> AsyncIterator[Place]:
    """What every metrics port shows."""
    async with aiohttp.ClientSession() as http:
        for service, url in running.note["metrics"].items():
            async with http.get(url) as answer:
                assert answer.status == 200
                yield Place(f"metrics {service}", await answer.text())


def files(home: Path, traces: Path) -> Iterator[Place]:
    """What the processes wrote on standard output and error, the servers' logs, the traces, the trail's checkpoints."""
    logs = [*home.rglob("*.log"), *home.rglob("*.log.*"), *home.rglob("*.err"), *home.glob("*/audit/*")]
    for kind, paths in (("log", logs), ("trace", traces.rglob("*"))):
        for path in paths:
            if path.is_file() and "store" not in path.parts:
                yield Place(f"{kind} {path.name}", _text(path.read_bytes()))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{value.decode(errors='replace')} {value.hex()}"
    return str(value)
