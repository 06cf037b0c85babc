"""How much a caller may ask, and how it is told (G3; A5)."""

import time
import tracemalloc
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gateway_desk import ACCOUNTS, CLIENT, Desk, desk, settings
from gateway_rig import Http, rig

from gateway.identity.keys import Keyring
from gateway.limiter import Limiter, Pace
from gateway.limits import network_of
from gateway.quotas import Quota, Quotas
from kit.settings import Profile
from kit.testing.stage import Databases

HUNDRED = Pace("default", Quota(per_minute=100, burst=20))
TIGHT = Quotas(
    default=Quota(per_minute=60, burst=5), client=Quota(per_minute=600, burst=8), login=Quota(per_minute=30, burst=3)
)


class Time:
    """A monotonic clock that moves when told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moment() -> Time:
    return Time()


def test_a_burst_and_then_the_rate(moment: Time) -> None:
    limiter = Limiter(1_000, monotonic=moment)
    assert sum(limiter.take("a", HUNDRED).admitted for _ in range(500)) == 20
    moment.now += 0.6
    assert [limiter.take("a", HUNDRED).admitted for _ in range(3)] == [True, False, False]
    moment.now += 3_600
    assert sum(limiter.take("a", HUNDRED).admitted for _ in range(500)) == 20


def test_in_any_minute_no_more_than_rate_and_burst(moment: Time) -> None:
    """2,000 requests spread over a minute, at whatever moment they begin: no window edge to take advantage of."""
    limiter = Limiter(1_000, monotonic=moment)
    admitted = 0
    for _ in range(2_000):
        admitted += limiter.take("a", HUNDRED).admitted
        moment.now += 60 / 2_000
    assert 115 <= admitted <= 120


def test_the_machine_s_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = Limiter(1_000)
    for _ in range(20):
        assert limiter.take("a", HUNDRED).admitted
    real = time.time
    for step in (3_600, -3_600):
        monkeypatch.setattr(time, "time", lambda step=step: real() + step)
        assert not limiter.take("a", HUNDRED).admitted
        assert limiter.take(f"b{step}", HUNDRED).admitted


def test_an_address_of_the_new_internet_is_its_whole_network() -> None:
    """Who has one IPv6 address has 2**64 of them."""
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("unknown") == "unknown"


def test_callers_do_not_disturb_each_other(moment: Time) -> None:
    limiter = Limiter(1_000, monotonic=moment)
    while limiter.take("a", HUNDRED).admitted:
        pass
    assert limiter.take("b", HUNDRED).remaining == 19
    assert limiter.look("a", HUNDRED).remaining == 0
    assert limiter.look("b", HUNDRED).remaining == 19


def test_what_is_left_is_told_truly(moment: Time) -> None:
    limiter = Limiter(1_000, monotonic=moment)
    for left in range(19, -1, -1):
        verdict = limiter.take("a", HUNDRED)
        assert (verdict.admitted, verdict.remaining) == (True, left)
    refused = limiter.take("a", HUNDRED)
    assert (refused.admitted, refused.remaining, refused.retry_after) == (False, 0, 1)
    assert refused.headers() == [
        (b"ratelimit-policy", b'"default";q=100;w=60'), (b"ratelimit", b'"default";r=0;t=12')
    ]  # fmt: skip
    slow = Pace("slow", Quota(per_minute=1, burst=1))
    assert limiter.take("c", slow).admitted
    moment.now += 10
    assert limiter.take("c", slow).retry_after == 50
    moment.now += 50
    assert limiter.take("c", slow).admitted


def test_a_million_callers_take_bounded_memory_and_little_time() -> None:
    limiter = Limiter(100_000)
    tracemalloc.start()
    for number in range(200_000):
        limiter.take(f"address 10.0.{number}", HUNDRED)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 64 * 1024 * 1024
    costs = []
    for _ in range(5):
        began = time.process_time()
        for number in range(20_000):
            limiter.take(f"caller {number % 500}", HUNDRED).headers()
        costs.append((time.process_time() - began) / 20_000)
    assert min(costs) < 10e-6  # 2 to 3 µs on a free core


@pytest.fixture
async def tight(keyring: Keyring) -> Any:
    async with rig(keyring, quotas=TIGHT) as built:
        yield built


async def test_every_proxied_answer_tells_the_quota(tight: Any, http: Http) -> None:
    statuses = []
    for _ in range(7):
        async with http.get(f"{tight.address}/v1/tickets", headers=tight.bearer) as response:
            statuses.append(response.status)
            assert response.headers["RateLimit-Policy"] == '"default";q=60;w=60'
            assert response.headers["RateLimit"].startswith(f'"default";r={max(5 - len(statuses), 0)};t=')
            told = await response.json()
    assert statuses == [200] * 5 + [429] * 2
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "1"
    assert told["type"] == "/problems/too-many-requests"
    assert len(tight.service.seen) == 5


async def test_programs_have_more_and_narrowed_tokens_do_not(tight: Any, http: Http) -> None:
    async def policy(**claims: Any) -> str:
        headers = {"Authorization": f"Bearer {tight.token(**claims)}"}
        async with http.get(f"{tight.address}/v1/tickets", headers=headers) as response:
            return str(response.headers["RateLimit-Policy"])

    assert await policy(client_id="shop") == '"client";q=600;w=60'
    assert await policy(client_id="shop", account_id="01a200c3-833c-703c-9dd4-efc686ee8278") == '"default";q=60;w=60'


async def test_who_fails_too_often_is_not_examined_any_more_and_others_are_not_hurt(tight: Any, http: Http) -> None:
    async def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        async with http.get(f"{tight.address}/v1/tickets", headers=headers) as response:
            return response.status

    good = tight.token()
    assert await status(good) == 200
    assert [await status("bad") for _ in range(7)] == [401] * 5 + [429] * 2
    assert await status(good) == 200  # known, though it comes from the same address
    other = tight.issuer.issue(_grant("account:2")).text
    assert await status(other) == 429  # not known, so not examined now


def _grant(subject: str) -> Any:
    from gateway.identity.tokens import Grant

    return Grant(subject, ["agent"], ["*"])


async def test_what_is_open_to_all_counts_by_address(tight: Any, http: Http) -> None:
    async def ask(path: str) -> aiohttp.ClientResponse:
        async with http.get(tight.address + path) as response:
            await response.read()
            return response

    assert [(await ask(path)).status for path in ("/docs", "/nowhere", "/docs", "/docs?api_key=x")] == [
        200, 404, 200, 400,
    ]  # fmt: skip
    last = await ask("/docs")
    assert last.headers["RateLimit"].startswith('"default";r=0;t=')
    assert (await ask("/problems")).status == 429
    assert (await ask("/livez")).status == 200  # probes count apart


async def test_passwords_count_by_address_and_name(databases: Databases, credentials: Path, tmp_path: Path) -> None:
    limits = {"login": {"per_minute": 1, "burst": 3}}
    async with desk(databases.fresh("gateway"), tmp_path / "keys", credentials, limits=limits) as built:

        async def status(username: str, password: str) -> tuple[int, str]:
            answer = await built.ask_token(grant_type="password", username=username, password=password)
            return answer.status_code, answer.headers["RateLimit-Policy"]

        policy = '"login";q=1;w=60'
        assert [await status("AGENT", "x"), await status("agent", "x")] == [(400, policy)] * 2
        assert await status("agent", ACCOUNTS["agent"]) == (200, policy)
        assert await status("agent", ACCOUNTS["agent"]) == (429, policy)
        assert await status("finance", ACCOUNTS["finance"]) == (200, policy)
        answer = await built.ask_token(grant_type="client_credentials", **CLIENT)
        assert (answer.status_code, answer.headers["RateLimit-Policy"]) == (200, '"client";q=6000000;w=60')


async def test_own_answers_tell_the_quota_once(standing_desk: Desk) -> None:
    headers = await standing_desk.as_("agent")
    for path, given in (("/v1/me", headers), ("/v1/accounts", headers), ("/v1/me", {}), ("/health/x", {})):
        answer = await standing_desk.http.get(path, headers=given)
        assert len(answer.headers.get_list("RateLimit")) == len(answer.headers.get_list("RateLimit-Policy")) == 1


def test_development_is_generous_and_settings_change_a_part(tmp_path: Path) -> None:
    def quotas(**others: Any) -> Quotas:
        return settings("postgresql://a:b@h:1/d", tmp_path / "keys", **others).quotas

    production = {"profile": Profile.PRODUCTION}
    assert quotas() == Quotas().times(1_000)
    assert quotas(**production) == Quotas()
    assert quotas(**production).default == Quota(per_minute=600, burst=100)
    assert quotas(**production).client == Quota(per_minute=6_000, burst=1_000)
    assert quotas(**production).login == Quota(per_minute=30, burst=10)
    changed = quotas(**production, limits={"default": {"per_minute": 1_200}, "callers": 5_000})
    assert changed.default == Quota(per_minute=1_200, burst=100)
    assert changed.callers == 5_000
    for wrong in ({"defualt": {}}, {"default": {"per_minute": 0}}, {"default": 7}, {"login": {"burst": "many"}}):
        with pytest.raises(ValueError, match="KEFU_LIMITS"):
            quotas(limits=wrong)


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.settings import gateway_settings

    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://a:b@h:1/d")
    monkeypatch.setenv("KEFU_LIMITS", '{"client": {"burst": 7}}')
    monkeypatch.setenv("KEFU_IDENTITY", '{"key_pause": "PT90S", "lock_after": 3}')
    read = gateway_settings()
    assert read.quotas.client == Quota(per_minute=6_000_000, burst=7)
    assert (read.identity.key_pause.total_seconds(), read.identity.lock_after) == (90, 3)
    monkeypatch.setenv("KEFU_LIMITS", "no json")
    with pytest.raises(ValueError, match=r"(?i)limits"):
        gateway_settings()
