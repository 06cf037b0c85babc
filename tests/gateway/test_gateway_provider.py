"""A company's own OpenID provider: its good tokens come in, anything else stays out (G2; A1, A2)."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway_desk import Desk, desk, settings
from gateway_rig import Service, answer, serving
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from contracts.appraisal.staff import StaffSuspended
from gateway.identity.provider import provider_keys
from gateway.subscribers import subscriptions
from kit.clock import FrozenClock, SystemClock
from kit.ids import new_id
from kit.principals import system
from kit.settings import Profile, UnsafeSettingsError
from kit.testing.stage import Databases
from kit.tokens import JwksSource

SERVICES = ("customer", "ticket", "appraisal", "notify")
ISSUER = "https://login.example.test/realms/shop"
KEYS: dict[str, Any] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "use": "sig", "alg": "ES256"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"}),
}


@dataclass
class Issuer:
    """A stand-in for the provider: it only publishes keys, and counts how often it is asked."""

    keys: list[Any] = field(default_factory=lambda: [key.as_dict(private=False) for key in KEYS.values()])
    asked: int = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.asked += 1
        await answer(send, 200, orjson.dumps({"keys": self.keys}))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(SystemClock().now().timestamp())
    good = {
        "iss": ISSUER, "aud": ["account", "kefu-api"], "sub": "li.na", "iat": now, "exp": now + 300,
        "realm_access": {"roles": ["cs-agent", "offline_access"]}, "email": "li.na@example.test",
    }  # fmt: skip
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(body: Any, alg: str = "RS256", key: Any = None, **header: Any) -> str:
    key = key or KEYS[alg]
    head = {"alg": alg, "kid": key.kid, "typ": "JWT", **header}
    head = {name: value for name, value in head.items() if value is not None}
    return str(jws.serialize_compact(head, orjson.dumps(body), key, algorithms=[alg]))


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Setting:
    """A gateway that trusts the stand-in, in front of an echo."""

    desk: Desk
    issuer: Issuer
    service: Service

    async def ask(self, token: str, path: str = "/v1/tickets") -> Any:
        return await self.desk.http.get(path, headers={"Authorization": f"Bearer {token}"})

    async def status(self, token: str) -> int:
        return int((await self.ask(token)).status_code)


def trusting(jwks_url: str, **others: Any) -> dict[str, Any]:
    return {
        "oidc_issuer": ISSUER, "oidc_jwks_url": jwks_url, "oidc_audience": "kefu-api",
        "oidc_role_claim": "realm_access.roles", "oidc_roles": {"cs-agent": "agent", "cs-lead": "supervisor"},
        **others,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def trusted(url: str, keys: Path, **others: Any) -> AsyncIterator[Setting]:
    issuer, service = Issuer(), Service()
    async with serving(issuer) as login, serving(service) as behind:
        given = {"upstreams": dict.fromkeys(SERVICES, behind), **trusting(f"{login}/jwks"), **others}
        async with desk(url, keys, **given) as built:
            yield Setting(built, issuer, service)


@pytest.fixture(scope="session")
async def standing(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setting]:
    keys = Path(tmp_path_factory.mktemp("oidc")) / "keys"
    async with trusted(databases.fresh("gateway"), keys) as built:
        yield built


@pytest.fixture
def setting(standing: Setting) -> Setting:
    standing.service.seen.clear()
    return standing


@pytest.mark.parametrize("alg", KEYS)
async def test_the_provider_s_token_is_exchanged_and_never_goes_on(setting: Setting, alg: str) -> None:
    staff_id = new_id()
    theirs = signed(claims(staff_id=str(staff_id), realm_access={"roles": ["cs-lead", "cs-agent", "other"]}), alg)
    assert [await setting.status(theirs) for _ in range(3)] == [200] * 3
    (ours,) = {seen.header("authorization") for seen in setting.service.seen}
    assert ours is not None
    assert theirs not in ours
    me = (await setting.ask(theirs, "/v1/me")).json()
    assert (me["subject"], me["roles"], me["shops"]) == ("oidc:li.na", ["agent", "supervisor"], ["*"])
    assert me["staff_id"] == str(staff_id)
    # Ours is a token like any other: a service verifies it with the keys it knows.
    assert (await setting.desk.http.get("/v1/me", headers={"Authorization": ours})).status_code == 200


async def test_no_other_token_of_the_provider_passes(setting: Setting) -> None:
    rsa, now = KEYS["RS256"], int(SystemClock().now().timestamp())
    stranger = RSAKey.generate_key(2048, {"kid": "rsa"})
    good = signed(claims())
    head, body, signature = good.split(".")

    def mac(secret: bytes, alg: str = "HS256") -> str:
        text = f"{part({'alg': alg, 'kid': 'rsa', 'typ': 'JWT'})}.{part(claims())}"
        return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    hostile = {
        f"alg {alg!r}": f"{part({'alg': alg, 'kid': 'rsa', 'typ': 'JWT'})}.{body}.{end}"
        for alg in ("none", "None", "", None, 7, "HS256", "RS512", "PS256", "ES256", "EdDSA")
        for end in ("", signature)
    }
    hostile |= {
        "hs256 with the public pem": mac(rsa.as_pem(private=False)),
        "hs256 with the public jwk": mac(orjson.dumps(rsa.as_dict(private=False))),
        "hs256 with nothing": mac(b""),
        "rs512 of the same key": signed(claims(), "RS512", rsa),
        "ps256 of the same key": signed(claims(), "PS256", rsa),
        "stranger": signed(claims(), key=stranger),
        "key of another algorithm": f"{part({'alg': 'ES256', 'kid': 'rsa', 'typ': 'JWT'})}.{body}.{signature}",
        "embedded jwk": signed(claims(), key=stranger, jwk=stranger.as_dict(private=False)),
        "jku": f"{part({'alg': 'RS256', 'kid': 'rsa', 'jku': 'http://127.0.0.1:1/'})}.{body}.{signature}",
        "crit": f"{part({'alg': 'RS256', 'kid': 'rsa', 'crit': ['x'], 'x': 1})}.{body}.{signature}",
        "no kid": signed(claims(), kid=None),
        "unknown kid": signed(claims(), kid="other"),
        "wrong typ": signed(claims(), typ="logout+jwt"),
        "expired": signed(claims(exp=now - 1)),
        "no exp": signed(claims(exp=None)),
        "exp fraction": signed(claims(exp=now + 60.5)),
        "future nbf": signed(claims(nbf=now + 300)),
        "future iat": signed(claims(iat=now + 300)),
        "wrong aud": signed(claims(aud="other")),
        "no aud": signed(claims(aud=None)),
        "aud object": signed(claims(aud={"kefu-api": 1})),
        "no sub": signed(claims(sub=None)),
        "long sub": signed(claims(sub="x" * 198)),
        "id token by nonce": signed(claims(nonce="x")),
        "id token by at_hash": signed(claims(at_hash="x")),
        "id token by typ": signed(claims(typ="ID")),
        "no role of ours": signed(claims(realm_access={"roles": ["admin", "agent"]})),
        "roles elsewhere": signed(claims(realm_access=None, roles=["cs-agent"])),
        "roles nested": signed(claims(realm_access={"roles": [["cs-agent"]]})),
        "staff id text": signed(claims(staff_id="me")),
        "claims twice": _raw(b'{"iss":"%s",' % ISSUER.encode() + orjson.dumps(claims())[1:]),
        "swapped claims": f"{head}.{part(claims(sub='other'))}.{signature}",
        "no signature": f"{head}.{body}.",
        "padding": f"{good}=",
        "deep": f"{head}.{part(b'[' * 1500 + b']' * 1500)}.{signature}",
        "oversized": signed(claims(filler="y" * 10_000)),
    }
    assert len(hostile) >= 45
    for name, token in hostile.items():
        assert await setting.status(token) == 401, name
    assert not setting.service.seen
    assert await setting.status(good) == 200


def _raw(body: bytes) -> str:
    key = KEYS["RS256"]
    return str(jws.serialize_compact({"alg": "RS256", "kid": key.kid}, body, key, algorithms=["RS256"]))


async def test_it_can_t_speak_in_our_name_nor_we_in_its(setting: Setting) -> None:
    from gateway.identity.tokens import Grant
    from gateway.identity.tokens import Issuer as Ours

    assert await setting.status(signed(claims(iss="kefu", aud="kefu", roles=["admin"], shops=["*"]), "EdDSA")) == 401
    keyring = setting.desk.parts.keyring
    ours = Ours(keyring, ISSUER, SystemClock()).issue(Grant("x", ["admin"], ["*"])).text
    assert await setting.status(ours) == 401


async def test_while_the_issuer_is_away_cached_keys_verify(databases: Databases, tmp_path: Path) -> None:
    service = Service()
    url, clock = databases.fresh("gateway"), FrozenClock(SystemClock().now())
    async with serving(service) as behind, contextlib.AsyncExitStack() as login:
        address = await login.enter_async_context(serving(Issuer()))
        given = {"upstreams": dict.fromkeys(SERVICES, behind), **trusting(f"{address}/jwks")}
        async with desk(url, tmp_path / "keys", clock=clock, **given) as built:
            setting = Setting(built, Issuer(), service)
            assert await setting.status(signed(claims(sub="before"))) == 200
            await login.aclose()
            assert await setting.status(signed(claims(sub="after"))) == 200
            clock.advance(timedelta(minutes=2, seconds=1))  # the internal token has run out
            assert await setting.status(signed(claims(sub="before"))) == 200


async def test_without_any_key_the_gateway_says_that_it_can_t_tell(databases: Databases, tmp_path: Path) -> None:
    given = trusting("http://127.0.0.1:9/jwks")
    async with desk(databases.fresh("gateway"), tmp_path / "keys", **given) as built:
        setting = Setting(built, Issuer(), Service())
        answered = await setting.ask(signed(claims()))
        assert (answered.status_code, answered.json()["dependency"]) == (503, "identity")


async def test_a_storm_of_unknown_kids_is_two_fetches_in_thirty_seconds() -> None:
    issuer, now = Issuer(), 1_000.0
    async with serving(issuer) as address:
        keys = JwksSource(f"{address}/jwks", monotonic=lambda: now, read_keys=provider_keys)
        assert await keys.key("rsa") is not None
        issuer.asked = 0
        for second in range(30):
            now = 1_100.0 + second
            found = await asyncio.gather(*(keys.key(f"unknown-{second}-{number}") for number in range(40)))
            assert set(found) == {None}
        assert issuer.asked == 2
        assert await keys.key("ec") is not None


async def test_its_new_keys_are_picked_up(databases: Databases, tmp_path: Path) -> None:
    async with trusted(databases.fresh("gateway"), tmp_path / "keys") as setting:
        fresh = ECKey.generate_key("P-256", {"kid": "new"})
        setting.issuer.keys = [fresh.as_dict(private=False)]
        assert await setting.status(signed(claims(), "ES256", fresh)) == 200


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_only_keys_that_sign_as_allowed_are_taken() -> None:
    small = RSAKey.generate_key(1024, {"kid": "small"})
    listed = [
        small.as_dict(private=False), OctKey.generate_key(256, {"kid": "oct"}).as_dict(private=True),
        ECKey.generate_key("P-384", {"kid": "p384"}).as_dict(private=False),
        {**KEYS["RS256"].as_dict(private=False), "kid": "enc", "use": "enc"},
        {**KEYS["RS256"].as_dict(private=False), "kid": "rs512", "alg": "RS512"},
        {**KEYS["RS256"].as_dict(private=False), "kid": ""}, {"kty": "RSA"}, 7, None,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no key set"):
        provider_keys(orjson.dumps({"keys": listed}))
    found = provider_keys(orjson.dumps({"keys": [*listed, *(key.as_dict(private=False) for key in KEYS.values())]}))
    assert set(found) == {"rsa", "ec", "ed"}


async def test_who_left_or_rests_stays_out(setting: Setting) -> None:
    from test_gateway_logins import staff_event

    staff_id = new_id()
    theirs = signed(claims(staff_id=str(staff_id), sub=str(staff_id)))
    assert await setting.status(theirs) == 200
    event = staff_event(StaffSuspended, staff_id, "suspended", 2)
    handlers = subscriptions(setting.desk.revocations)[0].handlers
    async with setting.desk.runtime.transactions.begin(system("gateway-staff")) as work:
        await handlers[event.meta.subject](work, [event])
    assert await setting.status(theirs) == 401
    assert await setting.status(signed(claims(staff_id=str(staff_id), sub=str(staff_id), jti="new"))) == 401


async def test_shops_may_come_from_a_claim(databases: Databases, tmp_path: Path) -> None:
    async with trusted(databases.fresh("gateway"), tmp_path / "keys", oidc_shops_claim="shops") as setting:
        me = (await setting.ask(signed(claims(shops=["main", "outlet"])), "/v1/me")).json()
        assert me["shops"] == ["main", "outlet"]
        assert (await setting.ask(signed(claims()), "/v1/me")).json()["shops"] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"oidc_audience": None}, "belong together"),
        ({"oidc_roles": {}}, "belong together"),
        ({"oidc_issuer": "kefu"}, "our own name"),
        ({"profile": Profile.PRODUCTION}, "https"),
        ({"oidc_roles": {"x": "root"}}, "oidc_roles|KEFU_OIDC_ROLES"),
        ({"oidc_algorithms": ["HS256"]}, "oidc_algorithms|KEFU_OIDC_ALGORITHMS"),
        ({"oidc_jwks_url": "file:///etc/passwd"}, "oidc_jwks_url|KEFU_OIDC_JWKS_URL"),
    ],
)
def test_senseless_trust_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    given = {**trusting("http://login.example.test/jwks"), **changes}
    with pytest.raises(ValueError, match=told) as refused:
        settings("postgresql://a:b@h:1/d", tmp_path / "keys", **given)
    assert isinstance(refused.value, ValueError | UnsafeSettingsError)


def test_trust_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.settings import gateway_settings

    given = {
        "GATEWAY_DATABASE_URL": "postgresql://a:b@h:1/d", "KEFU_OIDC_ISSUER": ISSUER, "KEFU_OIDC_AUDIENCE": "a",
        "KEFU_OIDC_JWKS_URL": "https://login.example.test/jwks", "KEFU_OIDC_ROLE_CLAIM": "groups",
        "KEFU_OIDC_ROLES": '{"x": "agent"}', "KEFU_OIDC_ALGORITHMS": '["ES256"]',
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    trust = gateway_settings().trust
    assert trust is not None
    assert (trust.issuer, trust.role_claim, trust.roles, trust.algorithms) == (
        ISSUER, "groups", {"x": "agent"}, frozenset({"ES256"}),
    )  # fmt: skip


async def test_a_gateway_that_trusts_nobody_refuses_them_all(standing_desk: Desk) -> None:
    for token in (signed(claims()), signed(claims(iss="kefu"), "EdDSA")):
        answered = await standing_desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answered.status_code == 401
