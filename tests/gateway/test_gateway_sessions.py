"""Refresh tokens: each good once, each family ended by the first that comes twice (RFC 9700 §4.14)."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway_desk import ACCOUNTS, CLIENT, Desk, desk

from gateway.identity.lifecycle import goes_on
from gateway.identity.models import Session
from gateway.identity.policy import IdentityPolicy
from kit.clock import FrozenClock, SystemClock
from kit.ids import new_id
from kit.testing.stage import Databases

POLICY = IdentityPolicy()


@pytest.fixture(scope="session")
def moving() -> FrozenClock:
    return FrozenClock(SystemClock().now())


@pytest.fixture(scope="session")
async def timed_desk(
    databases: Databases, credentials: Path, tmp_path_factory: pytest.TempPathFactory, moving: FrozenClock
) -> AsyncIterator[Desk]:
    """A gateway whose clock moves only when a test moves it."""
    keys = Path(tmp_path_factory.mktemp("timed")) / "keys"
    async with desk(databases.fresh("gateway"), keys, credentials, clock=moving) as built:
        yield built


async def log_in(built: Desk, role: str = "agent", **form: str) -> dict[str, Any]:
    answer = await built.ask_token(grant_type="password", username=role, password=ACCOUNTS[role], **form)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def refresh(built: Desk, token: str, **form: str) -> Any:
    return await built.ask_token(grant_type="refresh_token", refresh_token=token, **form)


async def me(built: Desk, token: str) -> int:
    return (await built.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


async def test_a_login_goes_on_with_refresh_tokens(standing_desk: Desk) -> None:
    first = await log_in(standing_desk)
    assert set(first) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert len(base64.urlsafe_b64decode(first["refresh_token"] + "=")) == 32
    second = (await refresh(standing_desk, first["refresh_token"])).json()
    third = (await refresh(standing_desk, second["refresh_token"])).json()
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    told = [claims(one["access_token"]) for one in (first, second, third)]
    assert len({one["sub"] for one in told}) == len({one["sid"] for one in told}) == 1
    assert await me(standing_desk, third["access_token"]) == 200


async def test_programs_get_no_refresh_token(standing_desk: Desk) -> None:
    answer = await standing_desk.ask_token(grant_type="client_credentials", **CLIENT)
    assert "refresh_token" not in answer.json()


async def test_a_token_used_twice_ends_its_family_and_no_other(standing_desk: Desk) -> None:
    stolen, other = await log_in(standing_desk), await log_in(standing_desk)
    second = (await refresh(standing_desk, stolen["refresh_token"])).json()
    again = await refresh(standing_desk, stolen["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await refresh(standing_desk, second["refresh_token"])).status_code == 400
    assert [await me(standing_desk, one["access_token"]) for one in (stolen, second)] == [401, 401]
    assert await me(standing_desk, other["access_token"]) == 200
    assert (await refresh(standing_desk, other["refresh_token"])).status_code == 200
    session = claims(stolen["access_token"])["sid"]
    audited = await standing_desk.rows(
        "SELECT action, reason FROM audit WHERE noun = 'session' AND aggregate_id = CAST(:id AS uuid) ORDER BY id",
        id=session,
    )
    assert [(row["action"], row["reason"]) for row in audited] == [("open", None), ("end", "token-reused")]


async def test_of_two_uses_at_once_one_wins_and_the_family_ends(standing_desk: Desk) -> None:
    for _ in range(5):
        first = await log_in(standing_desk)
        answers = await asyncio.gather(*(refresh(standing_desk, first["refresh_token"]) for _ in range(2)))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        (won,) = [answer.json() for answer in answers if answer.status_code == 200]
        assert (await refresh(standing_desk, won["refresh_token"])).status_code == 400
        assert await me(standing_desk, won["access_token"]) == 401


async def test_a_family_idles_out_and_grows_old(timed_desk: Desk, moving: FrozenClock) -> None:
    idle, kept = await log_in(timed_desk), await log_in(timed_desk)
    moving.advance(timedelta(days=14, seconds=-1))
    assert (await refresh(timed_desk, kept["refresh_token"])).status_code == 200
    moving.advance(timedelta(seconds=1))
    assert (await refresh(timed_desk, idle["refresh_token"])).status_code == 400
    token = (await log_in(timed_desk))["refresh_token"]
    for _ in range(3):
        moving.advance(timedelta(days=10, seconds=-1))
        answer = await refresh(timed_desk, token)
        assert answer.status_code == 200
        token = answer.json()["refresh_token"]
    moving.advance(timedelta(seconds=3))
    assert (await refresh(timed_desk, token)).status_code == 400


@pytest.mark.parametrize(
    ("used", "opened", "ended", "good"),
    [
        (0, 0, False, True),
        (13, 13, False, True),
        (14, 14, False, False),
        (1, 29, False, True),
        (0, 30, False, False),
        (0, 0, True, False),
    ],
)
def test_when_a_session_goes_on(used: int, opened: int, ended: bool, good: bool) -> None:
    now = SystemClock().now()
    began = now - timedelta(days=opened)
    session = Session(
        account_id=new_id(), opened_at=began, used_at=now - timedelta(days=used),
        expires_at=began + POLICY.refresh_absolute, ended_at=now if ended else None,
    )  # fmt: skip
    assert goes_on(session, now, POLICY) is good


async def test_logging_out_ends_the_family_at_once(standing_desk: Desk) -> None:
    session = await log_in(standing_desk)
    answer = await standing_desk.http.post("/oauth/revoke", data={"token": session["refresh_token"]})
    assert (answer.status_code, answer.content, answer.headers["Cache-Control"]) == (200, b"", "no-store")
    assert (await refresh(standing_desk, session["refresh_token"])).status_code == 400
    assert await me(standing_desk, session["access_token"]) == 401
    fresh = await log_in(standing_desk)
    assert await me(standing_desk, fresh["access_token"]) == 200


async def test_logging_out_with_nothing_to_log_out_of(standing_desk: Desk) -> None:
    session = await log_in(standing_desk)
    for form, status in (
        ({"token": "never-issued", "token_type_hint": "access_token"}, 200),
        ({}, 400),
        ({"token": ""}, 400),
        ({"token": session["access_token"]}, 400),
        ({"token": "x", **CLIENT, "client_secret": "wrong"}, 401),
    ):
        answer = await standing_desk.http.post("/oauth/revoke", data={"a": "b", **form})
        assert answer.status_code == status, form.keys()
    assert answer.json()["error"] == "invalid_client"
    assert (await standing_desk.http.post("/oauth/revoke?token=x", data={"token": "x"})).status_code == 400
    assert (await standing_desk.http.get("/oauth/revoke")).status_code == 405
    assert await me(standing_desk, session["access_token"]) == 200


async def test_a_session_belongs_to_the_program_that_opened_it(standing_desk: Desk) -> None:
    session = await log_in(standing_desk, **CLIENT)
    assert (await refresh(standing_desk, session["refresh_token"])).status_code == 400
    answer = await standing_desk.http.post("/oauth/revoke", data={"token": session["refresh_token"]})
    assert answer.status_code == 200  # and nothing is ended
    assert (await refresh(standing_desk, session["refresh_token"], **CLIENT)).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5_000])
async def test_unknown_refresh_tokens_are_refused(standing_desk: Desk, token: str) -> None:
    answer = await refresh(standing_desk, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant" if token else "invalid_request")


async def test_refresh_tokens_are_nowhere_in_the_database(standing_desk: Desk) -> None:
    token = (await log_in(standing_desk))["refresh_token"]
    for table in ("refresh_token", "login_session", "audit"):
        assert token not in str(await standing_desk.rows(f"SELECT * FROM {table}"))


async def test_a_disabled_account_s_sessions_end_with_their_tokens(standing_desk: Desk) -> None:
    admin = await standing_desk.as_("admin")
    body = {"username": f"u{new_id().hex[-12:]}", "password": "sunny-river-4711", "roles": ["agent"]}
    made = (await standing_desk.http.post("/v1/accounts", json=body, headers=admin)).json()
    form = {"grant_type": "password", "username": body["username"], "password": body["password"]}
    session = (await standing_desk.ask_token(**form)).json()
    assert await me(standing_desk, session["access_token"]) == 200
    await standing_desk.http.post(f"/v1/accounts/{made['id']}/disable", headers=admin)
    assert await me(standing_desk, session["access_token"]) == 401
    assert (await refresh(standing_desk, session["refresh_token"])).status_code == 400


async def test_what_is_over_is_swept(timed_desk: Desk, moving: FrozenClock) -> None:
    from gateway.office import open_office

    session = await log_in(timed_desk)
    await timed_desk.http.post("/oauth/revoke", data={"token": session["refresh_token"]})
    await timed_desk.ask_token(grant_type="password", username="nobody-at-all", password="wrong-password")

    async def count() -> dict[str, int]:
        tables = ("login_session", "refresh_token", "login_failures", "revocation")
        return {table: (await timed_desk.rows(f"SELECT count(*) n FROM {table}"))[0]["n"] for table in tables}

    before = await count()
    assert all(before.values())
    moving.advance(timedelta(days=31))
    upkeep = open_office(timed_desk.settings, timed_desk.runtime, timed_desk.revocations, moving).upkeep
    await upkeep.sweep()
    assert await count() == dict.fromkeys(before, 0)
