"""Clients who want a large file and then don't take it hold up others who want files, and nobody else."""

import asyncio
import socket
from collections import Counter
from urllib.parse import urlsplit

import orjson
import pytest
from limits_page import row
from limits_rig import House, ask, measured, percentile
from sizes import size

READERS, HELD = 200, 12
PER_SECOND = 40
# A PNG of one pixel, and five megabytes that no viewer looks at.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8ffff3f0005fe02fea7356d400000000049454e44ae426082"
) + bytes(5 * 2**20)


async def a_file(house: House) -> str:
    """The address of a large file at the ticket."""
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PICTURE + b"\r\n--b--\r\n"
    )
    told = ("Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(body)}")
    path = f"/v1/tickets/{house.ticket}/attachments"
    reply = await ask(house.gateway, house.head(f"POST {path}", *told) + body)
    assert reply.status == 201, reply.body
    return f"{path}/{orjson.loads(reply.body)['attachment_id']}"


def wants(house: House, path: str) -> socket.socket:
    """A client who asks for the file and reads nothing of it; with a small buffer of its own."""
    place = urlsplit(house.gateway)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((place.hostname, place.port))
    client.sendall(house.head(f"GET {path}"))
    return client


def is_served(reader: socket.socket) -> bool:
    """Whether the file has begun to come."""
    try:
        return reader.recv(12, socket.MSG_DONTWAIT) == b"HTTP/1.1 200"
    except BlockingIOError:
        return False


@pytest.mark.chaos
@pytest.mark.timeout(200)
async def test_who_does_not_take_what_he_asked_for_holds_nobody_up(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    path, seconds = await a_file(house), size(10, 2)
    quiet = await measured(house.gateway, house.reading, PER_SECOND, seconds)
    before = house.process("gateway").memory_info().rss
    readers = await asyncio.to_thread(lambda: [wants(house, path) for _ in range(READERS)])
    try:
        busy = await measured(house.gateway, house.reading, PER_SECOND, seconds)
        grown = (house.process("gateway").memory_info().rss - before) / 2**20
        served = sum(map(is_served, readers))
    finally:
        for reader in readers:
            reader.close()
    alone, beside = (percentile([ms for _, ms in seen], 0.99) for seen in (quiet, busy))
    columns = "p99 of the others alone, ms | beside 200 who don't read, ms | the gateway grew by MiB"
    row(capsys, "readers", columns, f"{alone:.1f}", f"{beside:.1f}", f"{grown:.0f}")
    assert {status for status, _ in quiet + busy} == {200}, Counter(status for status, _ in busy)
    assert served >= HELD
    assert percentile([ms for _, ms in busy], 0.5) < 500
    assert grown < 64
