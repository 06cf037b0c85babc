"""What is taken back is void, what comes after is good, and nothing is taken back by accident."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from gateway_desk import Desk

from gateway.identity.keys import Keyring
from gateway.identity.revocation import Revocations
from gateway.identity.tokens import Grant, Issuer
from kit.clock import FrozenClock
from kit.ids import new_id
from kit.principals import Principal, system
from kit.problems import Problem

NOW = datetime(2026, 11, 21, 4, 0, 0, 400_000, tzinfo=UTC)


def bearer(**claims: object) -> Principal:
    return Principal("account:1", frozenset({"agent"}), **claims)  # type: ignore[arg-type]


async def revoke(desk: Desk, revocations: Revocations, subject: str) -> None:
    async with desk.runtime.transactions.begin(system("test")) as work:
        await revocations.revoke(work, subject)


def is_void(revocations: Revocations, principal: Principal) -> bool:
    try:
        revocations.check(principal)
    except Problem as problem:
        assert problem.slug == "unauthenticated"
        return True
    return False


SESSION, STAFF = UUID(int=7), UUID(int=8)


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("account:1", {}),
        ("client:shop", {"client_id": "shop"}),
        ("client:shop", {"client_id": "shop", "account_id": UUID(int=1)}),
        (f"session:{SESSION}", {"session_id": SESSION}),
        (f"staff:{STAFF}", {"staff_id": STAFF}),
    ],
)
async def test_tokens_from_before_are_void(standing_desk: Desk, subject: str, claims: dict[str, object]) -> None:
    revocations = Revocations(FrozenClock(NOW))
    second = NOW.replace(microsecond=0)
    assert not is_void(revocations, bearer(issued_at=second, **claims))
    await revoke(standing_desk, revocations, subject)
    assert is_void(revocations, bearer(issued_at=second, **claims))
    assert is_void(revocations, bearer(issued_at=None, **claims))
    assert not is_void(revocations, bearer(issued_at=second + timedelta(seconds=1), **claims))
    assert not is_void(revocations, Principal("account:2", frozenset(), issued_at=second))
    late = Revocations(FrozenClock(NOW))
    await late.refresh(standing_desk.runtime.database)
    assert is_void(late, bearer(issued_at=second, **claims))


async def test_a_token_issued_right_after_is_good(standing_desk: Desk, keyring: Keyring) -> None:
    clock = FrozenClock(NOW)
    revocations = Revocations(clock)
    await revoke(standing_desk, revocations, "account:1")
    issuer = Issuer(keyring, "kefu", clock, revocations)
    from test_gateway_sessions import claims

    told = claims(issuer.issue(Grant("account:1", ["agent"], ["*"])).text)
    issued = datetime.fromtimestamp(told["iat"], UTC)
    assert issued - NOW < timedelta(seconds=1)
    assert not is_void(revocations, bearer(issued_at=issued))
    assert claims(issuer.issue(Grant("account:2", ["agent"], ["*"])).text)["iat"] == int(NOW.timestamp())


async def test_what_is_not_committed_revokes_nothing(standing_desk: Desk) -> None:
    revocations, subject = Revocations(FrozenClock(NOW)), f"account:{new_id()}"

    async def fail() -> None:
        async with standing_desk.runtime.transactions.begin(system("test")) as work:
            await revocations.revoke(work, subject)
            raise Problem("conflict")

    with pytest.raises(Problem):
        await fail()
    assert revocations.not_before(subject) is None
    await revocations.refresh(standing_desk.runtime.database)
    assert revocations.not_before(subject) is None


async def test_revocations_are_forgotten_when_their_tokens_have_run_out(standing_desk: Desk) -> None:
    clock, subject = FrozenClock(NOW), f"account:{new_id()}"
    revocations = Revocations(clock)
    await revoke(standing_desk, revocations, subject)
    clock.advance(timedelta(minutes=10))
    await revocations.refresh(standing_desk.runtime.database)
    assert revocations.not_before(subject) is not None
    clock.advance(timedelta(minutes=2))
    await revocations.refresh(standing_desk.runtime.database)
    assert revocations.not_before(subject) is None
