"""Access tokens: good ones become principals, hostile ones are `unauthenticated`, quickly, and nothing else (G2)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from joserfc.jwk import OKPKey
from kit_forge import CLAIMS, HEADER, LEFT_OUT, NOW, Forge, b64

from kit.problems import Problem
from kit.tokens import MAX_TOKEN_CHARS, JwksSource, Verifier, bearer_token

CLAIMS_JSON, HEADER_JSON = orjson.dumps(CLAIMS), orjson.dumps(HEADER)
STAFF = UUID("019aa4f0-5c00-7000-8000-000000000401")
OTHER_KEY = OKPKey.generate_key("Ed25519", {"kid": "test"})


@pytest.fixture(scope="session")
def forge(signing_key: OKPKey) -> Forge:
    return Forge(signing_key)


@pytest.fixture
def verifier(jwks_file: Path) -> Verifier:
    return Verifier(JwksSource(str(jwks_file)), "kefu", now=lambda: float(NOW))


async def test_a_good_token_is_its_principal(verifier: Verifier, forge: Forge) -> None:
    principal = await verifier.verify(forge.token(staff_id=str(STAFF), roles=["agent", "manager"], shops=["main"]))
    assert principal.subject == "agent:test"
    assert principal.roles == {"agent", "manager"}
    assert principal.staff_id == STAFF
    assert principal.client_id is None
    assert principal.expires_at is not None
    assert principal.expires_at.timestamp() == NOW + 600
    assert principal.may("ticket:assign")
    assert not principal.may("order:write")
    assert principal.serves("main")
    assert not principal.serves("outlet")


async def test_a_storefront_token_is_narrowed_to_its_account(verifier: Verifier, forge: Forge) -> None:
    token = forge.token(roles=["storefront"], client_id="shop-1", account_id=str(STAFF), nbf=NOW)
    principal = await verifier.verify(token)
    assert (principal.client_id, principal.account_id, principal.staff_id) == ("shop-1", STAFF, None)
    assert principal.serves("anything")


async def test_a_verified_token_is_remembered_but_not_beyond_its_end(jwks_file: Path, forge: Forge) -> None:
    now = float(NOW)
    verifier = Verifier(JwksSource(str(jwks_file)), "kefu", now=lambda: now)
    token = forge.token()
    assert await verifier.verify(token) is await verifier.verify(token)
    now = NOW + 599.9
    await verifier.verify(token)
    now = NOW + 600.0
    await refused(verifier, token)


async def test_five_seconds_of_an_issuer_s_fast_clock_are_forgiven(jwks_file: Path, forge: Forge) -> None:
    verifier = Verifier(JwksSource(str(jwks_file)), "kefu", now=lambda: float(NOW))
    await verifier.verify(forge.token(iat=NOW + 5, nbf=NOW + 5))
    await refused(verifier, forge.token(iat=NOW + 6))
    await refused(verifier, forge.token(nbf=NOW + 6))


async def refused(verifier: Verifier, token: str) -> None:
    with pytest.raises(Problem) as refusal:
        await verifier.verify(token)
    assert refusal.value.slug == "unauthenticated"
    assert refusal.value.headers == {"WWW-Authenticate": 'Bearer realm="kefu"'}
    assert not refusal.value.facts


def raw(header: bytes = HEADER_JSON, payload: bytes = CLAIMS_JSON) -> Callable[[Forge], str]:
    return lambda forge: forge.raw(header, payload)


def with_header(**header: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(header=header)


def with_claims(**claims: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(**claims)


def _public_pem(forge: Forge) -> bytes:
    return forge.key.as_pem(private=False)


def _flipped(token: str) -> str:
    place = len(token) - 10
    return token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]


DEEP = b"[" * 1300 + b"]" * 1300
HOSTILE: dict[str, Callable[[Forge], str]] = {
    "alg none, unsigned": lambda f: f"{b64(orjson.dumps({**HEADER, 'alg': 'none'}))}.{b64(CLAIMS_JSON)}.",
    "alg none, signed": with_header(alg="none"),
    "alg None in capitals": with_header(alg="NONE"),
    "alg empty": with_header(alg=""),
    "alg null": with_header(alg=None),
    "alg a list": with_header(alg=["EdDSA"]),
    "alg missing": with_header(alg=LEFT_OUT),
    "alg RS256": with_header(alg="RS256"),
    "alg ES256": with_header(alg="ES256"),
    "alg Ed25519": with_header(alg="Ed25519"),
    "alg in lower case": with_header(alg="eddsa"),
    "HS256 with the public PEM": lambda f: f.hmac(_public_pem(f)),
    "HS256 with the public JWK": lambda f: f.hmac(orjson.dumps(f.key.as_dict(private=False))),
    "HS256 with the raw public key": lambda f: f.hmac(str(f.key.as_dict(private=False)["x"]).encode()),
    "EdDSA header over an HMAC": lambda f: f.hmac(_public_pem(f), alg="EdDSA"),
    "unknown crit": with_header(crit=["exp"]),
    "empty crit": with_header(crit=[]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "a key of its own in jwk": lambda f: f.token(header={"jwk": OTHER_KEY.as_dict(private=False)}),
    "jku": with_header(jku="http://127.0.0.1:1/jwks.json"),
    "x5u": with_header(x5u="http://169.254.169.254/latest/meta-data"),
    "x5c": with_header(x5c=["MIIB"]),
    "zip": with_header(zip="DEF"),
    "kid of a file": with_header(kid="../../../../etc/passwd"),
    "kid of SQL": with_header(kid="' OR 1=1 --"),
    "kid with a NUL": with_header(kid="test\x00"),
    "kid of 1 MB": with_header(kid="k" * 1_000_000),
    "kid of 201 characters": with_header(kid="k" * 201),
    "kid a number": with_header(kid=1),
    "kid an object": with_header(kid={"test": "test"}),
    "kid empty": with_header(kid=""),
    "kid missing": with_header(kid=LEFT_OUT),
    "kid unknown": with_header(kid="other"),
    "typ JWT": with_header(typ="JWT"),
    "typ missing": with_header(typ=LEFT_OUT),
    "typ of an id token": with_header(typ="id+jwt"),
    "header with a name twice": raw(header=b'{"alg":"EdDSA","alg":"EdDSA","kid":"test","typ":"at+jwt"}'),
    "header a list": raw(header=b'["EdDSA"]'),
    "header no JSON": raw(header=b"{"),
    "header empty": lambda f: f".{b64(CLAIMS_JSON)}.AA",
    "header nested without end": raw(header=DEEP),
    "header with a member nested deep": raw(header=b'{"alg":"EdDSA","kid":"test","typ":' + b"[" * 2500 + b"}"),
    "header of a number too long to read": raw(header=b'{"alg":' + b"9" * 2900 + b"}"),
    "header in UTF-16": raw(header=HEADER_JSON.decode().encode("utf-16")),
    "header with broken UTF-8": raw(header=b'{"alg":"\xff"}'),
    "iss of somebody else": with_claims(iss="https://evil.example"),
    "iss a list": with_claims(iss=["kefu"]),
    "iss missing": with_claims(iss=LEFT_OUT),
    "aud of somebody else": with_claims(aud="payments"),
    "aud a list with ours": with_claims(aud=["payments", "kefu"]),
    "aud missing": with_claims(aud=LEFT_OUT),
    "exp missing": with_claims(exp=LEFT_OUT),
    "exp past": with_claims(exp=NOW - 1),
    "exp negative": with_claims(exp=-1),
    "exp zero": with_claims(exp=0),
    "exp true": with_claims(exp=True),
    "exp a float": with_claims(exp=NOW + 600.5),
    "exp as text": with_claims(exp=str(NOW + 600)),
    "exp null": with_claims(exp=None),
    "exp in milliseconds": with_claims(exp=(NOW + 600) * 1000),
    "exp beyond every calendar": with_claims(exp=(1 << 40) - 1),
    "exp of 2**62": with_claims(exp=1 << 62),
    "exp infinite": raw(payload=CLAIMS_JSON.replace(b'"jti":"1"', b'"exp":Infinity').replace(b'"exp":%d,' % (NOW + 600), b"")),
    "exp of 4,000 digits": raw(payload=b'{"exp":' + b"9" * 2500 + b"}"),
    "iat in the future": with_claims(iat=NOW + 3600),
    "iat missing": with_claims(iat=LEFT_OUT),
    "nbf in the future": with_claims(nbf=NOW + 3600),
    "nbf no number": with_claims(nbf="now"),
    "sub missing": with_claims(sub=LEFT_OUT),
    "sub empty": with_claims(sub=""),
    "sub a number": with_claims(sub=1),
    "sub of 201 characters": with_claims(sub="s" * 201),
    "roles as text": with_claims(roles="admin"),
    "roles an object": with_claims(roles={"admin": True}),
    "roles of numbers": with_claims(roles=[1]),
    "roles nested": with_claims(roles=[["admin"]]),
    "roles missing": with_claims(roles=LEFT_OUT),
    "shops as text": with_claims(shops="*"),
    "shops missing": with_claims(shops=LEFT_OUT),
    "staff_id no UUID": with_claims(staff_id="1 OR 1=1"),
    "staff_id a number": with_claims(staff_id=1),
    "account_id a list": with_claims(account_id=[str(STAFF)]),
    "client_id null": with_claims(client_id=None),
    "a claim twice": raw(payload=CLAIMS_JSON.replace(b'"jti":"1"', b'"roles":["admin"]')),
    "payload a list": raw(payload=b"[]"),
    "payload null": raw(payload=b"null"),
    "payload no JSON": raw(payload=b"roles=admin"),
    "payload empty": raw(payload=b""),
    "payload nested without end": raw(payload=b"[" * 2500),
    "signed by another key": lambda f: f.raw(HEADER_JSON, CLAIMS_JSON, Forge(OTHER_KEY).sign),
    "signature flipped": lambda f: _flipped(f.token()),
    "signature cut": lambda f: f.token()[:-4],
    "signature missing": lambda f: f.token().rpartition(".")[0] + ".",
    "signature padded": lambda f: f.token() + "=",
    "signature with a line end": lambda f: f.token() + "\n",
    "payload swapped": lambda f: ".".join([
        f.token().split(".")[0], b64(orjson.dumps({**CLAIMS, "roles": ["admin"]})), f.token().split(".")[2]]),
    "two parts": lambda f: f.token().rpartition(".")[0],
    "four parts": lambda f: f.token() + ".AA",
    "five parts, as if encrypted": lambda f: ".".join(["AA"] * 5),
    "only dots": lambda f: "..",
    "nothing": lambda f: "",
    "a space before": lambda f: " " + f.token(),
    "full-width dots": lambda f: f.token().replace(".", "．"),
    "not ASCII": lambda f: f.token() + "é",
    "a lone surrogate": lambda f: f.token()[:-1] + "\udc80",
    "as large as a token may be": lambda f: "a." + "b" * (MAX_TOKEN_CHARS - 4) + ".c",
    "larger than a token may be": lambda f: f.token(pad="p" * MAX_TOKEN_CHARS),
    "of 10 MB": lambda f: "a" * 10_000_000,
    "a JSON serialisation": lambda f: orjson.dumps({"payload": b64(CLAIMS_JSON), "signatures": []}).decode(),
}  # fmt: skip


@pytest.mark.parametrize("attack", HOSTILE)
async def test_a_hostile_token_is_refused_with_one_word_and_at_once(
    verifier: Verifier, forge: Forge, attack: str
) -> None:
    """G2: the same 401 for all, in less than 50 ms of work."""
    await verifier.verify(forge.token())
    token = HOSTILE[attack](forge)
    began = time.thread_time()
    await refused(verifier, token)
    assert time.thread_time() - began < 0.05
    await verifier.verify(forge.token())


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "token",
        "bearer",
        "Bearer\ta.b.c",
        "Bearer " + "a" * 4097,
        "Bearerabc",
    ],
)
def test_an_authorization_header_without_a_token_is_refused(header: str | None) -> None:
    with pytest.raises(Problem, match="unauthenticated"):
        bearer_token(header)


def test_the_scheme_s_case_does_not_matter() -> None:
    assert bearer_token("bearer a.b.c") == bearer_token("BEARER a.b.c") == "a.b.c"
