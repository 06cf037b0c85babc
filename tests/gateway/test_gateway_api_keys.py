"""API keys: shown once, kept as a digest, exchanged inside, gone within seconds (G2; A4)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_desk import ACCOUNTS, Desk, desk
from gateway_rig import Service, serving

from gateway.door import holds_secret
from gateway.identity.api_keys import key_id_of, new_text
from gateway.identity.policy import IdentityPolicy
from kit.clock import FrozenClock, SystemClock
from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.stage import Databases

A_KEY = b"kefu_" + b"0123456789abcdef" + b"_" + b"5a" * 32 + b"_00000000"
SERVICES = ("customer", "ticket", "appraisal", "notify")


@pytest.fixture(scope="session")
def moving() -> FrozenClock:
    return FrozenClock(SystemClock().now())


@pytest.fixture(scope="session")
async def standing(
    databases: Databases, credentials: Path, tmp_path_factory: pytest.TempPathFactory, moving: FrozenClock
) -> AsyncIterator[tuple[Desk, Service]]:
    """A gateway in front of an echo, with a clock that only a test moves."""
    service, keys = Service(), Path(tmp_path_factory.mktemp("apikeys")) / "keys"
    async with serving(service) as address:
        upstreams = dict.fromkeys(SERVICES, address)
        async with desk(databases.fresh("gateway"), keys, credentials, clock=moving, upstreams=upstreams) as built:
            yield built, service


@pytest.fixture
def built(standing: tuple[Desk, Service], moving: FrozenClock) -> Desk:
    standing[0].tokens.clear()  # the clock may have moved on
    standing[1].seen.clear()
    return standing[0]


@pytest.fixture
def service(standing: tuple[Desk, Service]) -> Service:
    return standing[1]


async def new_client(built: Desk, *roles: str) -> dict[str, Any]:
    body = {"client_id": f"shop-{new_id().hex[-12:]}", "name": "Shop", "roles": list(roles) or ["storefront"],
            "shops": ["main"]}  # fmt: skip
    made = await built.http.post("/v1/clients", json=body, headers=await built.as_("admin"))
    assert made.status_code == 201, made.text
    told: dict[str, Any] = made.json()
    return told


def in_days(built: Desk, days: float) -> str:
    return (built.runtime.clock.now() + timedelta(days=days)).isoformat()


async def ask_key(built: Desk, client_id: str, **changes: Any) -> Any:
    body = {"client_id": client_id, "scopes": ["storefront"], "expires_at": in_days(built, 30), **changes}
    return await built.http.post("/v1/api-keys", json=body, headers=await built.as_("admin"))


async def new_key(built: Desk, client_id: str, **changes: Any) -> dict[str, Any]:
    made = await ask_key(built, client_id, **changes)
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    told: dict[str, Any] = made.json()
    return told


async def status(built: Desk, key: str, path: str = "/v1/tickets") -> int:
    return (await built.http.get(path, headers={"X-Api-Key": key})).status_code


async def test_a_key_is_exchanged_and_never_goes_on(built: Desk, service: Service) -> None:
    client = await new_client(built)
    key = await new_key(built, client["client_id"])
    for _ in range(3):
        assert await status(built, key["api_key"]) == 200
    tokens = {seen.header("authorization") for seen in service.seen}
    assert len(tokens) == 1  # one internal token for its life
    assert all(seen.header("x-api-key") is None for seen in service.seen)
    assert all(key["api_key"].encode() not in value for seen in service.seen for _, value in seen.headers)
    me = (await built.http.get("/v1/me", headers={"X-Api-Key": key["api_key"]})).json()
    assert (me["subject"], me["roles"], me["shops"]) == (f"client:{client['client_id']}", ["storefront"], ["main"])
    expires = datetime.fromisoformat(me["expires_at"])
    assert expires - built.runtime.clock.now() <= timedelta(minutes=2)


async def test_a_token_says_who_calls_and_the_key_beside_it_counts_for_nothing(built: Desk, service: Service) -> None:
    key = await new_key(built, (await new_client(built))["client_id"])
    headers = {**(await built.as_("agent")), "X-Api-Key": key["api_key"]}
    assert (await built.http.get("/v1/me", headers=headers)).json()["roles"] == ["agent"]
    assert (await built.http.get("/v1/tickets", headers=headers)).status_code == 200
    assert service.seen[-1].header("x-api-key") is None
    headers = {"Authorization": "Bearer x", "X-Api-Key": key["api_key"]}
    assert (await built.http.get("/v1/tickets", headers=headers)).status_code == 401


async def test_a_key_is_told_once_and_kept_as_a_digest(built: Desk) -> None:
    client = await new_client(built)
    key = await new_key(built, client["client_id"])
    assert key["api_key"].startswith(f"kefu_{key['key_id']}_")
    await status(built, key["api_key"])
    secret = key["api_key"].split("_")[2]
    listed = await built.http.get("/v1/api-keys?limit=200", headers=await built.as_("admin"))
    assert key["id"] in listed.text
    assert secret not in listed.text
    shown = next(one for one in listed.json()["items"] if one["id"] == key["id"])
    assert shown["last_used_at"] is not None
    for table in ("api_key", "audit", "idempotency", "revocation"):
        assert secret not in str(await built.rows(f"SELECT * FROM {table}"))


async def test_a_client_has_two_live_keys_at_most(built: Desk) -> None:
    client = await new_client(built)
    answers = await asyncio.gather(*(ask_key(built, client["client_id"]) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["type"], refused["limit"]) == ("/problems/api-key-limit", 2)
    made = next(answer for answer in answers if answer.status_code == 201).json()
    path = f"/v1/api-keys/{made['id']}/revoke"
    assert (await built.http.post(path, headers=await built.as_("admin"))).status_code == 200
    assert (await built.http.post(path, headers=await built.as_("admin"))).status_code == 409
    await new_key(built, client["client_id"])
    actions = await built.rows("SELECT action FROM audit WHERE noun = 'api_key' AND aggregate_id = CAST(:id AS uuid) "
                               "ORDER BY id", id=made["id"])  # fmt: skip
    assert [row["action"] for row in actions] == ["create", "revoke"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"client_id": "no-such-client"}, "/client_id"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["admin"]}, "/scopes/0"),
        ({"scopes": ["storefront", "service"]}, "/scopes/1"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2199-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": None}, "/expires_at"),
        ({"secret": "mine"}, "/secret"),
    ],
)
async def test_what_is_wrong_with_a_key_is_told(built: Desk, changes: dict[str, Any], pointer: str) -> None:
    client = await new_client(built)
    answer = await ask_key(built, **{"client_id": client["client_id"], **changes})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_a_key_runs_out_to_the_second(built: Desk, moving: FrozenClock) -> None:
    key = await new_key(built, (await new_client(built))["client_id"], expires_at=in_days(built, 1))
    moving.advance(timedelta(days=1, seconds=-30))
    assert await status(built, key["api_key"]) == 200
    moving.advance(timedelta(seconds=31))
    assert await status(built, key["api_key"]) == 401


async def test_revoked_keys_and_disabled_clients_are_refused_at_once(built: Desk) -> None:
    client = await new_client(built)
    first, second = [await new_key(built, client["client_id"]) for _ in range(2)]
    admin = await built.as_("admin")
    assert [await status(built, key["api_key"]) for key in (first, second)] == [200, 200]
    await built.http.post(f"/v1/api-keys/{first['id']}/revoke", headers=admin)
    assert [await status(built, key["api_key"]) for key in (first, second)] == [401, 200]
    own = {"grant_type": "client_credentials", "client_id": client["client_id"],
           "client_secret": client["client_secret"]}  # fmt: skip
    narrowed = (await built.ask_token(**own, shop="main", buyer="b")).json()["access_token"]
    bearer = {"Authorization": f"Bearer {narrowed}"}
    assert (await built.http.get("/v1/tickets", headers=bearer)).status_code == 200
    ended = await built.http.post(f"/v1/clients/{client['id']}/disable", headers=admin)
    assert (ended.status_code, ended.json()["disabled_at"] is not None) == (200, True)
    assert await status(built, second["api_key"]) == 401
    assert (await built.http.get("/v1/tickets", headers=bearer)).status_code == 401
    assert (await built.ask_token(**own)).status_code == 401
    assert (await built.http.post(f"/v1/clients/{client['id']}/disable", headers=admin)).status_code == 409
    assert (await ask_key(built, client["client_id"])).status_code == 422
    assert (await built.http.post(f"/v1/clients/{new_id()}/disable", headers=admin)).status_code == 404
    assert (await built.http.post(f"/v1/api-keys/{new_id()}/revoke", headers=admin)).status_code == 404


async def test_forged_keys_are_refused(built: Desk, service: Service) -> None:
    key: str = (await new_key(built, (await new_client(built))["client_id"]))["api_key"]
    _, key_id, secret, checksum = key.split("_")
    stranger = new_text()[1]
    forged = [
        "", "x", "kefu_", key[:-1], key + "0", key.upper(), f" {key}x", stranger, f"kefu_{key_id}_{secret}_00000000",
        f"kefu_{key_id}_{stranger.split('_')[2]}_{checksum}", key.replace("kefu", "kefv"), "k" * 5_000,
        f"kefu_{key_id}_{'0' * 64}_{_checksum(f'kefu_{key_id}_' + '0' * 64)}", "\xff\xfe", "' OR 1=1 --",
    ]  # fmt: skip
    for one in forged:
        answer = await built.http.get("/v1/tickets", headers={"X-Api-Key": one.encode("latin-1")})  # type: ignore[dict-item]
        assert answer.status_code == 401, one
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    doubled = [(b"X-Api-Key", key.encode()), (b"X-Api-Key", key.encode())]
    assert (await built.http.get("/v1/tickets", headers=doubled)).status_code == 401
    assert not service.seen


def _checksum(start: str) -> str:
    import zlib

    return f"{zlib.crc32(start.encode()):08x}"


def test_a_slip_shows_without_asking() -> None:
    key_id, text = new_text()
    assert key_id_of(text) == key_id
    for at in range(5, len(text)):
        if text[at] != "_":
            slip = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
            assert key_id_of(slip) is None


async def test_many_at_once_prove_a_key_once(built: Desk, service: Service) -> None:
    key = await new_key(built, (await new_client(built))["client_id"])
    assert set(await asyncio.gather(*(status(built, key["api_key"]) for _ in range(50)))) == {200}
    assert len({seen.header("authorization") for seen in service.seen}) == 1


@pytest.mark.parametrize(
    ("query", "secret"),
    [
        (b"api_key=x", True), (b"a=1&api_key=x", True), (b"API_KEY=x", True), (b"access_token=x", True),
        (b"%61pi_key=x", True), (b"apikey=x", True), (b"x-api-key=", True), (b"access_token", True),
        (b"q=" + A_KEY, True), (b"q=%6befu" + A_KEY[4:], True),
        (b"", False), (b"q=api_key", False), (b"key=x", False), (b"q=a%26api_key%3Dx", False), (b"limit=20", False),
        (b"monkey=1&tokens=2", False),
    ],
)  # fmt: skip
def test_secrets_in_addresses_are_seen(query: bytes, secret: bool) -> None:
    assert holds_secret(query) is secret


async def test_a_key_in_the_address_is_refused_and_not_logged(
    built: Desk, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    key = (await new_key(built, (await new_client(built))["client_id"]))["api_key"]
    headers = {"Accept-Language": "en", "X-Api-Key": key}
    for path in ("/v1/tickets", "/v1/me", "/docs", "/nowhere", "/oauth/token"):
        answer = await built.http.request(
            "POST" if path == "/oauth/token" else "GET", f"{path}?api_key={key}", headers=headers
        )
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/credentials-in-address")
        assert answer.json()["title"] == "Keys and tokens never belong in addresses"
        assert key not in answer.text
    assert not service.seen
    assert key not in capsys.readouterr().out


async def test_other_processes_refuse_a_revoked_key_within_five_seconds(
    databases: Databases, credentials: Path, tmp_path: Path
) -> None:
    """Two gateways on one database and one folder of keys, as two workers are."""
    url, keys, service = databases.fresh("gateway"), tmp_path / "keys", Service()
    async with serving(service) as address:
        others: dict[str, Any] = {"upstreams": dict.fromkeys(SERVICES, address), "identity": IdentityPolicy()}
        async with desk(url, keys, credentials, **others) as here, desk(url, keys, credentials, **others) as there:
            client = await new_client(here)
            key = await new_key(here, client["client_id"])
            login = (await here.ask_token(grant_type="password", username="agent", password=ACCOUNTS["agent"])).json()
            bearer = {"Authorization": f"Bearer {login['access_token']}"}
            for one in (here, there):
                assert await status(one, key["api_key"]) == 200
                assert (await one.http.get("/v1/tickets", headers=bearer)).status_code == 200
            began = datetime.now(UTC)
            await here.http.post(f"/v1/api-keys/{key['id']}/revoke", headers=await here.as_("admin"))
            await here.http.post("/oauth/revoke", data={"token": login["refresh_token"]})
            assert await status(here, key["api_key"]) == 401
            assert (await here.http.get("/v1/tickets", headers=bearer)).status_code == 401

            async def refused() -> bool:
                answer = await there.http.get("/v1/tickets", headers=bearer)
                return await status(there, key["api_key"]) == 401 == answer.status_code

            await eventually(refused, within=5)
            assert datetime.now(UTC) - began < timedelta(seconds=5)
