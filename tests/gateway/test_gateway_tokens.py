"""Hostile tokens at the door, and keys that come and go (RFC 8725; A1, A2, A3)."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway_rig import Http, Rig
from joserfc.jwk import OKPKey

from gateway.identity.keys import Keyring
from gateway.identity.tokens import Grant, Issuer
from gateway.routes import GATEWAY, TABLE
from kit.clock import SystemClock
from kit.problems import Problem
from kit.tokens import Verifier

PROXIED = sorted(prefix.decode() for prefix, route in TABLE.items() if route.service != GATEWAY)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "kefu",
        "aud": "kefu",
        "sub": "x",
        "iat": now,
        "exp": now + 600,
        "jti": "1",
        "roles": ["admin"],
        "shops": ["*"],
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


class Forger:
    """Makes tokens of all sorts with the gateway's real key, and with others."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.kid = max(key["kid"] for key in keyring.published()["keys"])
        self.key = keyring.public(self.kid)
        assert self.key is not None

    def signed(self, body: Any, key: OKPKey | None = None, **header: Any) -> str:
        head = {"alg": "EdDSA", "kid": self.kid, "typ": "at+jwt", **header}
        return self.raw({name: value for name, value in head.items() if value is not None}, body, key or self.key)

    def raw(self, head: Any, body: Any, key: Any) -> str:
        text = f"{part(head)}.{part(body)}"
        return f"{text}.{part(key.get_op_key('sign').sign(text.encode()))}"

    def mac(self, secret: bytes) -> str:
        text = f"{part({'alg': 'HS256', 'kid': self.kid, 'typ': 'at+jwt'})}.{part(claims())}"
        return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def hostile(forger: Forger) -> dict[str, str]:
    good = forger.signed(claims())
    head, body, signature = good.split(".")
    key: Any = forger.key
    stranger = OKPKey.generate_key("Ed25519")
    now = int(time.time())
    tokens = {
        f"alg {alg}": f"{part({'alg': alg, 'kid': forger.kid, 'typ': 'at+jwt'})}.{body}.{end}"
        for alg in ("none", "None", "NONE", "nOnE", "", "RS256", "ES256", "Ed448", "HS512", "eddsa")
        for end in ("", signature)
    }
    tokens |= {
        "hs256 with the public pem": forger.mac(key.as_pem(private=False)),
        "hs256 with the public jwk": forger.mac(orjson.dumps(key.as_dict(private=False))),
        "hs256 with x": forger.mac(key.as_dict(private=False)["x"].encode()),
        "hs256 with nothing": forger.mac(b""),
        "stranger's key": forger.signed(claims(), stranger),
        "embedded jwk": forger.signed(claims(), stranger, jwk=stranger.as_dict(private=False)),
        "jku": forger.signed(claims(), stranger, jku="http://127.0.0.1:1/jwks.json"),
        "x5u": forger.signed(claims(), stranger, x5u="http://127.0.0.1:1/cert"),
        "unknown crit": forger.signed(claims(), crit=["x"], x=1),
        "b64 false": forger.signed(claims(), b64=False, crit=["b64"]),
        "zip": forger.signed(claims(), zip="DEF"),
        "no kid": forger.signed(claims(), kid=None),
        "kid traversal": forger.signed(claims(), kid="../../etc/passwd"),
        "kid sql": forger.signed(claims(), kid="' OR 1=1 --"),
        "kid number": forger.signed(claims(), kid=1),
        "kid list": forger.signed(claims(), kid=[forger.kid]),
        "typ JWT": forger.signed(claims(), typ="JWT"),
        "no typ": forger.signed(claims(), typ=None),
        "expired": forger.signed(claims(exp=now - 1)),
        "long expired": forger.signed(claims(iat=now - 1200, exp=now - 600)),
        "no exp": forger.signed(claims(exp=None)),
        "exp text": forger.signed(claims(exp=str(now + 600))),
        "exp huge": forger.signed(claims(exp=10**30)),
        "exp negative": forger.signed(claims(exp=-1)),
        "exp true": forger.signed(claims(exp=True)),
        "exp fraction": forger.signed(claims(exp=now + 600.5)),
        "future nbf": forger.signed(claims(nbf=now + 300)),
        "future iat": forger.signed(claims(iat=now + 300)),
        "wrong iss": forger.signed(claims(iss="evil")),
        "no iss": forger.signed(claims(iss=None)),
        "wrong aud": forger.signed(claims(aud="other")),
        "aud list": forger.signed(claims(aud=["kefu", "other"])),
        "no sub": forger.signed(claims(sub=None)),
        "empty sub": forger.signed(claims(sub="")),
        "no roles": forger.signed(claims(roles=None)),
        "roles text": forger.signed(claims(roles="admin")),
        "roles nested": forger.signed(claims(roles=[["admin"]])),
        "staff id text": forger.signed(claims(staff_id="me")),
        "claims twice": forger.raw(
            {"alg": "EdDSA", "kid": forger.kid, "typ": "at+jwt"},
            orjson.dumps(claims())[:-1] + b',"roles":["admin"]}', key,
        ),
        "head twice": forger.raw(
            b'{"alg":"none","alg":"EdDSA","kid":"%s","typ":"at+jwt"}' % forger.kid.encode(), claims(), key
        ),
        "claims list": forger.signed([1]),
        "claims text": forger.signed("x"),
        "claims no json": forger.raw({"alg": "EdDSA", "kid": forger.kid, "typ": "at+jwt"}, b"{", key),
        "zero signature": f"{head}.{body}.{part(bytes(64))}",
        "short signature": f"{head}.{body}.{signature[:-4]}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "padding": f"{good}==",
        "space inside": good.replace(".", ". ", 1),
        "newline encoded": good + "%0a",
        "garbage": "garbage",
        "dots": "..",
        "empty": "",
        "oversized": forger.signed(claims(sub="x", filler="y" * 20_000)),
        "deep": forger.raw({"alg": "EdDSA", "kid": forger.kid, "typ": "at+jwt"}, b"[" * 900 + b"]" * 900, key),
        "swapped claims": f"{head}.{part(claims(roles=['admin'], sub='other'))}.{signature}",
    }  # fmt: skip
    return tokens


async def test_no_hostile_token_passes(through: Rig, http: Http, keyring: Keyring) -> None:
    corpus = hostile(Forger(keyring))
    assert len(corpus) >= 60
    for name, token in corpus.items():
        began = time.process_time()
        async with http.get(
            f"{through.address}/v1/tickets", headers={"Authorization": f"Bearer {token}"}
        ) as response:
            assert response.status == 401, name
            assert response.headers["WWW-Authenticate"].startswith("Bearer"), name
            told = await response.read()
        assert orjson.loads(told)["type"] == "/problems/unauthenticated", name
        assert time.process_time() - began < 0.2, name
    assert not through.service.seen


@pytest.mark.parametrize("path", PROXIED)
async def test_every_service_path_needs_a_token(through: Rig, http: Http, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        async with http.request(method, through.address + path) as response:
            assert response.status == 401
    assert not through.service.seen


async def test_a_good_token_passes_in_its_one_form(through: Rig, http: Http, keyring: Keyring) -> None:
    token = Forger(keyring).signed(claims())
    url = f"{through.address}/v1/tickets"
    for given, status in (
        (f"Bearer {token}", 200),
        (f"bearer {token}", 200),
        (f"Basic {token}", 401),
        (f"Bearer  {token}", 401),
        (f"Bearer {token}, Bearer {token}", 401),
        (token, 401),
        ("Bearer", 401),
    ):
        async with http.get(url, headers={"Authorization": given}) as response:
            assert response.status == status, given[:10]
    async with http.get(
        url, headers=[("Authorization", f"Bearer {token}"), ("Authorization", "Bearer x")]
    ) as response:
        assert response.status == 401


async def test_a_token_runs_out_even_when_it_is_remembered(keyring: Keyring) -> None:
    from gateway.identity.keys import OwnKeys

    now = time.time()
    verifier = Verifier(OwnKeys(keyring), "kefu", now=lambda: now)
    token = Forger(keyring).signed(claims())
    assert (await verifier.verify(token)).subject == "x"
    now += 601
    with pytest.raises(Problem):
        await verifier.verify(token)


def test_keys_are_kept_and_nobody_else_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = Keyring(folder, SystemClock()).published()
    assert Keyring(folder, SystemClock()).published() == first
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all("d" not in key and key["alg"] == "EdDSA" for key in first["keys"])


@pytest.mark.parametrize("content", [b"", b"no key", OKPKey.generate_key("X25519").as_pem(private=True),
                                     OKPKey.generate_key("Ed25519").as_pem(private=False)])  # fmt: skip
def test_a_file_that_is_no_signing_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pem").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - of several libraries
        Keyring(tmp_path, SystemClock())


def test_what_a_token_says(keyring: Keyring) -> None:
    token = Issuer(keyring, "kefu", SystemClock()).issue(Grant("client:a", ["storefront"], ["main"], client_id="a"))
    body = orjson.loads(base64.urlsafe_b64decode(token.text.split(".")[1] + "=="))
    assert body["exp"] - body["iat"] == 600
    assert {"iss", "aud", "sub", "iat", "exp", "jti", "roles", "shops", "client_id"} == set(body)
    assert "text" not in repr(token)
