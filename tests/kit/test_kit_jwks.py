"""The issuer's keys: fetched rarely, kept while the issuer is away, replaced when it rotates (G2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from joserfc.jwk import ECKey, OKPKey, RSAKey
from kit_forge import NOW, Forge

from kit.problems import Problem
from kit.tokens import JwksSource, Verifier


def a_key(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"})


@dataclass
class Issuer:
    """An issuer whose answer can be anything; it counts how often it was asked."""

    answer: Any = None
    status: int = 200
    pieces: int = 1
    asked: int = 0
    port: int = 0
    runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/.well-known/jwks.json"

    def publish(self, *keys: Any) -> None:
        self.answer = orjson.dumps({"keys": [key.as_dict(private=False) for key in keys]})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        response = web.StreamResponse(status=self.status)
        response.enable_chunked_encoding()
        await response.prepare(request)
        size = len(self.answer) // self.pieces + 1
        for start in range(0, len(self.answer), size):
            await response.write(self.answer[start : start + size])
        return response

    async def open(self) -> None:
        app = web.Application()
        app.router.add_get("/.well-known/jwks.json", self.handle)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def close(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None


class Stopwatch:
    """A monotonic clock that moves when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    issuer.publish(a_key("one"))
    await issuer.open()
    yield issuer
    await issuer.close()


async def test_keys_are_fetched_once_and_then_known(issuer: Issuer, watch: Stopwatch) -> None:
    source = JwksSource(issuer.url, monotonic=watch)
    keys = await asyncio.gather(*(source.key("one") for _ in range(50)))
    assert all(key is not None and key.kid == "one" for key in keys)
    watch.at += 59
    assert await source.key("one") is keys[0]
    assert issuer.asked == 1


async def test_unknown_kids_cost_the_issuer_one_request_in_15_seconds(issuer: Issuer, watch: Stopwatch) -> None:
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("one")
    watch.at += 15
    for _ in range(3):
        assert await asyncio.gather(*(source.key(f"forged-{n}") for n in range(30))) == [None] * 30
    assert issuer.asked == 2
    watch.at += 14.9
    assert await source.key("forged") is None
    assert issuer.asked == 2
    watch.at += 0.1
    assert await source.key("forged") is None
    assert issuer.asked == 3


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(issuer: Issuer, watch: Stopwatch) -> None:
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("one")
    issuer.publish(a_key("one"), a_key("two"))
    assert await source.key("two") is None
    watch.at += 15
    assert await source.key("two")
    issuer.publish(a_key("two"))
    watch.at += 61
    assert await source.key("two")
    assert await source.key("one") is None


async def test_keys_are_kept_while_the_issuer_is_away(issuer: Issuer, watch: Stopwatch) -> None:
    """A service lives on while the gateway is away."""
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("one")
    await issuer.close()
    for _ in range(10):
        watch.at += 3600
        assert await source.key("one")
        assert await source.key("two") is None
    issuer.publish(a_key("two"))
    await issuer.open()
    watch.at += 15
    assert await source.key("two")


async def test_an_issuer_that_was_never_there_is_a_503_until_it_comes(issuer: Issuer, watch: Stopwatch) -> None:
    await issuer.close()
    source = JwksSource(issuer.url, monotonic=watch)
    with pytest.raises(Problem) as refusal:
        await source.key("one")
    assert refusal.value.slug == "dependency-unavailable"
    assert refusal.value.headers == {"Retry-After": "2"}
    await issuer.open()
    watch.at += 0.2
    assert await source.key("one")


BAD_ANSWERS = (
    b"", b"<html>", b"null", b"[]", b"{}", b'"keys"', b'{"keys":{}}', b'{"keys":[1]}', b'{"keys":[{}]}',
    b'{"keys":[{"kty":"AKP","kid":"x"}]}', b'{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one"}]}',
    b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"!!","kid":"one"}]}', b"[" * 60_000,
    b'{"keys":[' + b" " * 100_000 + b"]}",
)  # fmt: skip


@pytest.mark.parametrize("answer", BAD_ANSWERS, ids=range(len(BAD_ANSWERS)))
async def test_a_broken_answer_never_takes_good_keys_away(issuer: Issuer, watch: Stopwatch, answer: bytes) -> None:
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("one")
    issuer.answer = answer
    watch.at += 61
    assert await source.key("one")
    assert issuer.asked == 2


async def test_an_error_page_is_no_key_set(issuer: Issuer, watch: Stopwatch) -> None:
    issuer.status = 500
    source = JwksSource(issuer.url, monotonic=watch)
    with pytest.raises(Problem, match="dependency-unavailable"):
        await source.key("one")


async def test_keys_of_other_kinds_beside_ours_are_passed_over(issuer: Issuer, watch: Stopwatch) -> None:
    """A new kind of key in the set must not lock everybody out."""
    issuer.publish(
        RSAKey.generate_key(2048, {"kid": "rsa"}), ECKey.generate_key("P-256", {"kid": "ec"}), a_key("one")
    )
    keys = orjson.loads(issuer.answer)["keys"]
    issuer.answer = orjson.dumps({"keys": [{"kty": "AKP", "alg": "ML-DSA-65", "kid": "new"}, "?", *keys]})
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("one")
    assert [await source.key(kid) for kid in ("rsa", "ec", "new")] == [None, None, None]


async def test_a_key_set_that_arrives_in_pieces_is_read_whole(issuer: Issuer, watch: Stopwatch) -> None:
    issuer.publish(*(a_key(f"key-{n}") for n in range(60)))
    issuer.pieces = 40
    source = JwksSource(issuer.url, monotonic=watch)
    assert await source.key("key-59")


async def test_a_file_serves_as_well_and_a_missing_one_is_a_503(tmp_path: Path, watch: Stopwatch) -> None:
    path = tmp_path / "jwks.json"
    source = JwksSource(str(path), monotonic=watch)
    with pytest.raises(Problem, match="dependency-unavailable"):
        await source.key("one")
    path.write_bytes(orjson.dumps({"keys": [a_key("one").as_dict(private=False)]}))
    watch.at += 1
    assert await source.key("one")


async def test_tokens_are_verified_across_a_rotation(issuer: Issuer, watch: Stopwatch) -> None:
    old, new = a_key("old"), a_key("new")
    issuer.publish(old)
    verifier = Verifier(JwksSource(issuer.url, monotonic=watch), "kefu", now=lambda: float(NOW))
    await verifier.verify(Forge(old).token(header={"kid": "old"}))
    issuer.publish(old, new)
    watch.at += 15
    await verifier.verify(Forge(new).token(header={"kid": "new"}))
    await verifier.verify(Forge(old).token(header={"kid": "old"}, jti="2"))
    with pytest.raises(Problem, match="unauthenticated"):
        await verifier.verify(Forge(old).token(header={"kid": "new"}))
