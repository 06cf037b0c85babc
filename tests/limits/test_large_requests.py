"""Requests that are far too large, too deep or too many are refused clearly, early and cheaply (A12; X8)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import product

import orjson
import pytest
from limits_page import row
from limits_rig import Cost, House, Reply, ask, costing

from ops.environment import INNER_SERVICES

HUGE = 200 * 2**20
PIECE = b"x" * 65_536
MOST_MIB = 48  # what a process may grow by: a body within the limits, some copies of it, and its allocator's leisure
MOST_MIB_OF_FAULTS = 160  # the most that a megabyte can hold: each unknown field is a fault with a place and a name
MOST_CPU = 3.0
DOORS = [("gateway", "/oauth/token"), *product(("gateway", "ticket"), ("/v1/tickets", "/v1/tickets/{}/attachments"))]
COLUMNS = "what is sent | got away | answer | after s | gateway grew by MiB | ticket grew by MiB | CPU s"


@dataclass
class Stream:
    """A huge body; counts what got away before the answer came."""

    head: bytes
    chunked: bool
    first: bytes
    sent: int = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self.head
        piece = self.first
        while self.sent < HUGE:
            yield b"%x\r\n%b\r\n" % (len(piece), piece) if self.chunked else piece
            self.sent += len(piece)
            piece = PIECE


@pytest.mark.chaos
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("door", "path"), DOORS)
async def test_two_hundred_megabytes_are_refused_early(
    house: House, door: str, path: str, chunked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    is_form = path.endswith("attachments")
    kind = "multipart/form-data; boundary=b" if is_form else "application/json"
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUGE}"
    head = house.head(f"POST {path.format(house.ticket)}", f"Content-Type: {kind}", length)
    body = Stream(head, chunked, b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n')
    async with costing(house, "gateway", "ticket") as cost:
        reply = await ask(house.gateway if door == "gateway" else house.service("ticket"), body.pieces())
    name = f"200 MB to {path.format('…')} at the {door}, {'chunked' if chunked else 'with its length'}"
    noted(capsys, name, reply, cost, sent=f"{body.sent >> 20} MiB")
    assert (reply.status, reply.problem) == (413, "body-too-large")
    if door == "gateway":  # a service, which speaks to the gateway alone, lets the rest pass by unread
        assert body.sent < HUGE / 4
    assert max(cost.grown.values()) < MOST_MIB


def deep(house: House) -> bytes:
    return b'{"subject": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def deep_objects(house: House) -> bytes:
    return b'{"a":' * 100_000 + b"1" + b"}" * 100_000


def many_digits(house: House) -> bytes:
    return b'{"subject": "a", "channel": "phone", "priority": ' + b"9" * 500_000 + b"}"


def beyond_floats(house: House) -> bytes:
    return b'{"subject": 1e999999, "channel": -1e400, "priority": 123456789e999999999}'


def long_fraction(house: House) -> bytes:
    return b'{"subject": 0.' + b"1" * 900_000 + b"}"


def many_fields(house: House) -> bytes:
    return b"{" + b",".join(b'"f%d":1' % number for number in range(70_000)) + b"}"


def many_empty_things(house: House) -> bytes:
    return b'{"orders": [' + b",".join([b"{}"] * 300_000) + b"]}"


def not_text(house: House) -> bytes:
    return b'{"subject": "' + b"\xff\xfe" * 1000 + b'"}'


def half_a_pair(house: House) -> bytes:
    return b'{"subject": "' + b"\\ud800" * 10_000 + b'", "channel": "phone"}'


@pytest.mark.chaos
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/orders/batches"])
@pytest.mark.parametrize(
    "make",
    [
        deep,
        deep_objects,
        many_digits,
        beyond_floats,
        long_fraction,
        many_fields,
        many_empty_things,
        not_text,
        half_a_pair,
    ],
)
async def test_a_body_out_of_all_proportion_is_a_clear_refusal(
    house: House, make: Callable[[House], bytes], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = make(house)
    token = house.storefront if path.startswith("/v1/orders") else house.token
    told = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    reply = await judged(
        house, house.head(f"POST {path}", *told, token=token) + body, f"{make.__name__} {path}", capsys
    )
    assert reply.status != 403


def parts(house: House) -> bytes:
    return b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % at for at in range(10_000))


def files(house: House) -> bytes:
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="%d.png"\r\n\r\nx\r\n'
    return b"".join(part % at for at in range(10_000))


def long_part_head(house: House) -> bytes:
    name = b"n" * 4_000_000
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\nx\r\n--b--\r\n'


def many_part_heads(house: House) -> bytes:
    heads = b"".join(b"X-%d: %b\r\n" % (at, b"v" * 60) for at in range(50_000))
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n' + heads + b"\r\nx\r\n--b--\r\n"


def long_boundary(house: House) -> bytes:
    return b"--" * 2_000_000


@pytest.mark.chaos
@pytest.mark.parametrize("make", [parts, files, long_part_head, many_part_heads, long_boundary])
async def test_a_form_out_of_all_proportion_is_a_clear_refusal(
    house: House, make: Callable[[House], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    body = make(house)
    told = ("Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(body)}")
    request = house.head(f"POST /v1/tickets/{house.ticket}/attachments", *told) + body
    await judged(house, request, make.__name__, capsys)


@pytest.mark.chaos
@pytest.mark.parametrize("door", ["gateway", "ticket"])
async def test_a_head_out_of_all_proportion_is_a_clear_refusal(
    house: House, door: str, capsys: pytest.CaptureFixture[str]
) -> None:
    to = house.gateway if door == "gateway" else house.service("ticket")
    many = [f"X-Header-{number}: {number}" for number in range(10_000)]
    query = "&".join(f"p{number}=1" for number in range(100_000))
    heads = {
        "one header of 1 MB": (house.head("GET /v1/tickets", "X-Long: " + "a" * 2**20), 431, "head-too-large"),
        "10,000 headers": (house.head("GET /v1/tickets", *many), 431, "head-too-large"),
        "a token of 1 MB": (house.head("GET /v1/tickets", token="a" * 2**20), 431, "head-too-large"),
        "100,000 query parameters": (house.head(f"GET /v1/tickets?{query}"), 414, "address-too-long"),
        "a path of 1 MB": (house.head(f"GET /v1/{'a/' * 2**19}"), 414, "address-too-long"),
        "no HTTP": (b"\x16\x03\x01 nonsense\r\n\r\n", 400, "malformed-request"),
        "two lengths": (house.head("POST /v1/tickets", "Content-Length: 1", "Content-Length: 2"), 400, "malformed-request"),
    }  # fmt: skip
    for name, (head, status, slug) in heads.items():
        reply = await judged(house, head, f"{name}, at the {door}", capsys, to=to)
        assert (reply.status, reply.problem) == (status, slug), name


@pytest.mark.chaos
async def test_every_operation_refuses_what_is_out_of_proportion(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever takes a body: a hundred thousand levels, numbers of many digits, a thousand unknown fields."""
    operations = [
        (method.upper(), path)
        for service in INNER_SERVICES
        for path, item in orjson.loads((await ask(house.service(service), house.head("GET /openapi.json"))).body)[
            "paths"
        ].items()
        for method, operation in item.items()
        if "requestBody" in operation and path.startswith("/v1/")
    ]
    assert len(operations) > 100
    bodies = [deep(house), many_digits(house)[:20_000] + b"}", many_fields(house)[:10_000] + b"1}"]
    odd = []
    async with costing(house, "gateway", "ticket") as cost:
        for method, path in operations:
            for body in bodies:
                told = ("Content-Type: application/json", f"Content-Length: {len(body)}", 'If-Match: "1"')
                reply = await ask(house.gateway, house.head(f"{method} {concrete(path, house.ticket)}", *told) + body)
                if not 400 <= reply.status < 500 or not reply.problem:
                    odd.append((method, path, reply.status, body[:20]))
    name = f"{len(operations)} operations, each with {len(bodies)} such bodies"
    row(capsys, "large", COLUMNS, name, "–", "4xx each", "–", *cells(cost))
    assert not odd


def concrete(path: str, ticket: str) -> str:
    """The path with the ticket's id in each brace."""
    return "/".join(ticket if part.startswith("{") else part for part in path.split("/"))


def noted(capsys: pytest.CaptureFixture[str], name: str, reply: Reply, cost: Cost, *, sent: str) -> None:
    """A row of the page."""
    answer = f"{reply.status} {reply.problem}"
    row(capsys, "large", COLUMNS, name.replace("_", " "), sent, answer, f"{reply.seconds:.2f}", *cells(cost))


def cells(cost: Cost) -> list[str]:
    return [f"{cost.grown[name]:.0f}" for name in ("gateway", "ticket")] + [f"{sum(cost.cpu.values()):.2f}"]


async def judged(
    house: House, request: bytes, name: str, capsys: pytest.CaptureFixture[str], to: str | None = None
) -> Reply:
    """The answer: a problem document of the 4xx kind, at bounded cost."""
    async with costing(house, "gateway", "ticket") as cost:
        reply = await ask(to or house.gateway, request)
    noted(capsys, name, reply, cost, sent=f"{len(request) / 2**20:.2f} MiB")
    assert 400 <= reply.status < 500
    assert len(reply.body) < 65_536
    assert max(cost.grown.values()) < (MOST_MIB_OF_FAULTS if name.startswith("many_fields") else MOST_MIB)
    assert sum(cost.cpu.values()) < MOST_CPU
    return reply
