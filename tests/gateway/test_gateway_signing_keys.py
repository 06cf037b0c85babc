"""Signing keys come, sign, verify and retire while requests flow (A2)."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway_desk import CLIENT, Desk, desk
from gateway_rig import Seen, answer, serving
from test_gateway_tokens import Forger, claims

from gateway.identity.keys import Keyring, KeyState, make_key
from gateway.identity.policy import IdentityPolicy
from kit.clock import FrozenClock, SystemClock
from kit.problems import Problem
from kit.testing.poll import eventually
from kit.testing.stage import Databases
from kit.tokens import JwksSource, Verifier

SERVICES = ("customer", "ticket", "appraisal", "notify")
SECOND = timedelta(seconds=1)


@pytest.fixture
def moving() -> FrozenClock:
    return FrozenClock(SystemClock().now())


def states(keyring: Keyring) -> list[str]:
    return [one.state.value for one in keyring.facts()]


def kid_of(token: str) -> str:
    return str(orjson.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))["kid"])


def test_the_life_of_a_key(tmp_path: Path, moving: FrozenClock) -> None:
    keyring = Keyring(tmp_path, moving)
    (first,) = keyring.facts()
    assert (first.state, first.retires_at) == (KeyState.SIGNING, None)
    moving.advance(timedelta(days=90))
    second = keyring.rotate()
    assert states(keyring) == ["signing", "waiting"]
    assert {key["kid"] for key in keyring.published()["keys"]} == {first.kid, second.kid}
    assert second.signs_from == moving.now() + timedelta(seconds=60)
    with pytest.raises(Problem, match="transition-refused"):
        keyring.rotate()
    moving.advance(timedelta(seconds=59))
    assert kid_of(keyring.sign({})) == first.kid
    moving.advance(SECOND)
    assert states(keyring) == ["verifying", "signing"]
    assert kid_of(keyring.sign({})) == second.kid
    moving.advance(timedelta(minutes=11) - SECOND)
    assert keyring.public(first.kid) is not None
    assert keyring.delete_retired() == []
    moving.advance(SECOND)
    assert states(keyring) == ["retired", "signing"]
    assert keyring.public(first.kid) is None
    assert [key["kid"] for key in keyring.published()["keys"]] == [second.kid]
    assert keyring.delete_retired() == [first.kid]
    assert keyring.delete_retired() == []
    assert [file.stem for file in tmp_path.iterdir()] == [second.kid]
    assert Keyring(tmp_path, moving).facts() == keyring.facts()


def test_processes_that_share_a_folder_agree(tmp_path: Path, moving: FrozenClock) -> None:
    here, there = Keyring(tmp_path, moving), Keyring(tmp_path, moving)
    for _ in range(3):
        moving.advance(timedelta(minutes=5))
        here.rotate()
        assert there.facts() == here.facts()
        moving.advance(timedelta(minutes=5))
        assert kid_of(there.sign({})) == kid_of(here.sign({}))


def test_a_key_under_another_name_is_the_oldest(tmp_path: Path, moving: FrozenClock) -> None:
    tmp_path.joinpath(f"{make_key(tmp_path, moving)}.pem").rename(tmp_path / "ours.pem")
    keyring = Keyring(tmp_path, moving)
    assert (keyring.facts()[0].kid, states(keyring), keyring.facts()[0].signs_from) == ("ours", ["signing"], None)


class Checking:
    """A service that verifies what it gets with the kit, against the gateway's published keys."""

    verifier: Verifier

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen = Seen(scope["method"], scope["raw_path"], b"", list(scope["headers"]))
        try:
            await self.verifier.verify((seen.header("authorization") or "").removeprefix("Bearer "))
        except Problem as problem:
            await answer(send, problem.kind.status, b"{}")
        else:
            await answer(send, 200, b"{}")


@pytest.fixture
async def rotating(
    databases: Databases, credentials: Path, tmp_path: Path, moving: FrozenClock
) -> AsyncIterator[tuple[Desk, Checking]]:
    service = Checking()
    async with serving(service) as behind:
        others = {"upstreams": dict.fromkeys(SERVICES, behind)}
        async with (
            desk(databases.fresh("gateway"), tmp_path / "keys", credentials, clock=moving, **others) as built,
            serving(built.gateway) as front,
        ):
            keys = JwksSource(f"{front}/.well-known/jwks.json", monotonic=lambda: moving.now().timestamp())
            service.verifier = Verifier(keys, "kefu", now=lambda: moving.now().timestamp())
            yield built, service


async def test_no_request_is_wrongly_refused_while_keys_rotate(
    rotating: tuple[Desk, Checking], moving: FrozenClock
) -> None:
    built, service = rotating
    keyring = built.parts.keyring
    old = Forger(keyring)
    pool: list[tuple[Any, str]] = []
    served: set[str] = set()
    refused = 0
    for batch in range(40):  # 50 requests each, twenty seconds apart: a rotation from one end to the other
        if batch == 3:
            made = await built.http.post("/v1/signing-keys/rotate", headers=await built.as_("admin"))
            assert (made.status_code, made.json()["state"]) == (201, "waiting")
        token = (await built.ask_token(grant_type="client_credentials", **CLIENT)).json()["access_token"]
        pool.append((moving.now() + timedelta(minutes=10), token))
        pool = [(until, one) for until, one in pool if until > moving.now()]
        served |= {kid_of(one) for _, one in pool}
        asked = [
            built.http.get("/v1/tickets", headers={"Authorization": f"Bearer {pool[number % len(pool)][1]}"})
            for number in range(50)
        ]
        refused += sum(one.status_code != 200 for one in await asyncio.gather(*asked))
        moving.advance(timedelta(seconds=20))
    assert refused == 0
    assert len(served) == 2
    built.tokens.clear()
    listed = (await built.http.get("/v1/signing-keys", headers=await built.as_("admin"))).json()["items"]
    assert [one["state"] for one in listed] in (["retired", "signing"], ["signing"])

    now = int(moving.now().timestamp())
    late = old.signed(claims(iat=now, exp=now + 600))  # as somebody would who had kept a copy of the old key
    answered = await built.http.get("/v1/tickets", headers={"Authorization": f"Bearer {late}"})
    assert answered.status_code == 401
    with pytest.raises(Problem):
        await service.verifier.verify(late)


async def test_rotation_is_audited_and_one_at_a_time(rotating: tuple[Desk, Checking], moving: FrozenClock) -> None:
    built, _ = rotating
    admin = await built.as_("admin")
    made = (await built.http.post("/v1/signing-keys/rotate", headers=admin)).json()
    again = await built.http.post("/v1/signing-keys/rotate", headers=admin)
    assert (again.status_code, again.json()["from"]) == (409, "waiting")
    rows = await built.rows("SELECT action, after FROM audit WHERE noun = 'signing_key'")
    assert [(row["action"], row["after"]["kid"]) for row in rows] == [("rotate", made["kid"])]


async def test_tokens_under_a_key_taken_away_by_hand_are_forgotten(
    databases: Databases, credentials: Path, tmp_path: Path
) -> None:
    """A key that leaked is deleted from the folder: what was signed with it is refused within seconds."""
    quick = IdentityPolicy(key_pause=timedelta(0))
    keys = tmp_path / "keys"
    async with desk(databases.fresh("gateway"), keys, credentials, identity=quick) as built:
        headers = await built.as_("agent")
        assert (await built.http.get("/v1/me", headers=headers)).status_code == 200
        (leaked,) = built.parts.keyring.kids()
        make_key(keys, SystemClock())
        (keys / f"{leaked}.pem").unlink()

        async def refused() -> bool:
            return (await built.http.get("/v1/me", headers=headers)).status_code == 401

        await eventually(refused, within=5)
