"""Getting a token, and who may have one (G2)."""

import base64
import time
from uuid import UUID

import pytest
from gateway_desk import ACCOUNTS, CLIENT, FORM, KEY, Desk
from joserfc import jws
from joserfc.jwk import KeySet

from kit.ids import account_id


@pytest.fixture
def desk(standing_desk: Desk) -> Desk:
    return standing_desk


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_client_gets_a_token_that_says_who_it_is(desk: Desk) -> None:
    answer = await desk.ask_token(grant_type="client_credentials", **CLIENT)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    me = (await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {told['access_token']}"})).json()
    assert (me["subject"], me["roles"], me["shops"]) == ("client:storefront", ["storefront"], ["*"])
    assert me["client_id"] == "storefront"
    assert "ticket:open" in me["permissions"]
    assert "account:manage" not in me["permissions"]


async def test_http_basic_works_as_well(desk: Desk) -> None:
    headers = basic(CLIENT["client_id"], CLIENT["client_secret"])
    answer = await desk.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 200


async def test_the_published_keys_verify_the_token(desk: Desk) -> None:
    token = (await desk.ask_token(grant_type="client_credentials", **CLIENT)).json()["access_token"]
    published = (await desk.http.get("/.well-known/jwks.json")).json()
    assert "d" not in published["keys"][0]
    signed = jws.deserialize_compact(token, KeySet.import_key_set(published), algorithms=["EdDSA"])
    header = signed.headers()
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")


async def test_a_token_can_be_narrowed_to_one_buyer(desk: Desk) -> None:
    answer = await desk.ask_token(grant_type="client_credentials", **CLIENT, shop="main", buyer="买家 42")
    token = answer.json()["access_token"]
    me = (await desk.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert UUID(me["account_id"]) == account_id(bytes.fromhex(KEY), "main", "买家 42")
    assert (me["shops"], me["roles"]) == (["main"], ["storefront"])
    assert me["subject"] == f"client:storefront:{me['account_id']}"  # buyers don't share Idempotency-Keys


async def test_staff_log_in_with_their_password(desk: Desk) -> None:
    me = (await desk.http.get("/v1/me", headers=await desk.as_("supervisor"))).json()
    assert me["roles"] == ["supervisor"]
    assert me["subject"].startswith("account:")
    answer = await desk.ask_token(grant_type="password", username="SUPERVISOR", password=ACCOUNTS["supervisor"])
    assert answer.status_code == 200  # usernames have no case


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"grant_type": "magic", **CLIENT}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", **CLIENT, "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "storefront"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "a\0b", "client_secret": "x"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", **CLIENT, "buyer": "b"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", **CLIENT, "shop": "main"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", **CLIENT, "shop": "main", "buyer": ""}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", **CLIENT, "shop": "main", "buyer": "b" * 201}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "agent"}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "agent", "password": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "agent", "password": "x" * 5000}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "agent", "password": "x", **CLIENT, "client_secret": "x"},
         401, "invalid_client"),
    ],
)  # fmt: skip
async def test_token_requests_fail_as_rfc_6749_says(
    desk: Desk, form: dict[str, str], status: int, error: str
) -> None:
    answer = await desk.http.post("/oauth/token", data=form, headers=FORM)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    assert not any(value in answer.text for value in form.values() if len(value) > 12)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"grant_type":"client_credentials"}', {"Content-Type": "application/json"}),
        (b"grant_type=password&grant_type=password", FORM),
        (b"grant_type", FORM),
        (b"grant_type=\xff", FORM),
        (b"grant_type=%ff", FORM),
        (b"&".join(b"a%d=1" % number for number in range(5_000)), FORM),
        (b"grant_type=client_credentials&client_id=a", {**FORM, **basic("a", "b")}),
    ],
)
async def test_malformed_token_requests_are_refused(desk: Desk, body: bytes, headers: dict[str, str]) -> None:
    answer = await desk.http.post("/oauth/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Bearer x", "x"]
)
async def test_malformed_client_credentials_are_refused(desk: Desk, given: str) -> None:
    headers = {**FORM, "Authorization": given}
    answer = await desk.http.post("/oauth/token", content=b"grant_type=client_credentials", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_secrets_have_no_place_in_an_address(desk: Desk) -> None:
    answer = await desk.http.post("/oauth/token?client_secret=x", data={"grant_type": "client_credentials", **CLIENT})
    assert answer.status_code == 400


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(desk: Desk) -> None:
    times: dict[str, list[float]] = {"agent": [], "who-is-that": []}
    for _ in range(8):  # by turns, so that a busy machine is busy for both
        for username, taken in times.items():
            began = time.perf_counter()
            await desk.ask_token(grant_type="password", username=username, password="wrong-password-here")
            taken.append(time.perf_counter() - began)
    known, unknown = (min(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2


async def test_other_methods_of_the_token_endpoint_are_refused(desk: Desk) -> None:
    answer = await desk.http.get("/oauth/token")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")


async def test_me_needs_a_token(desk: Desk) -> None:
    answer = await desk.http.get("/v1/me", headers={"Accept-Language": "en"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["title"] == "A valid access token is needed"


async def test_passwords_and_secrets_are_nowhere_in_the_database(desk: Desk) -> None:
    for table in ("account", "client", "audit"):
        kept = str(await desk.rows(f"SELECT * FROM {table}"))
        assert not any(secret in kept for secret in (*ACCOUNTS.values(), CLIENT["client_secret"]))
    hashes = await desk.rows("SELECT password_hash FROM account")
    assert all(row["password_hash"].startswith("$argon2id$") for row in hashes)
