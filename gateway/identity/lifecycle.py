"""When accounts, clients, sessions and API keys can be used: pure decisions about one of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from gateway.identity.policy import IdentityPolicy
from kit.problems import Problem

BY_HAND, STAFF_LEFT, STAFF_SUSPENDED = "by-hand", "staff-left", "staff-suspended"
_FOR_STATUS = {"left": STAFF_LEFT, "suspended": STAFF_SUSPENDED}


class Client(Protocol):
    """What decides whether a program may ask for tokens."""

    disabled_at: datetime | None


class Account(Protocol):
    """What decides whether a login works."""

    disabled_at: datetime | None
    disabled_reason: str | None


class Session(Protocol):
    """What decides whether a login goes on."""

    used_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class ApiKey(Protocol):
    """What decides whether a key opens."""

    expires_at: datetime
    revoked_at: datetime | None


def disable(account: Account, now: datetime) -> None:
    """End the login by hand. Raises Problem `transition-refused` when it was ended by hand before."""
    if account.disabled_at is not None and account.disabled_reason == BY_HAND:
        raise _undrawn("disabled", "disable")
    account.disabled_at, account.disabled_reason = now, BY_HAND


def disable_client(client: Client, now: datetime) -> None:
    """End the client. Raises Problem `transition-refused` when it was ended before."""
    if client.disabled_at is not None:
        raise _undrawn("disabled", "disable")
    client.disabled_at = now


def revoke_key(key: ApiKey, now: datetime) -> None:
    """End the key. Raises Problem `transition-refused` when it was ended before."""
    if key.revoked_at is not None:
        raise _undrawn("revoked", "revoke")
    key.revoked_at = now


def is_live(key: ApiKey, now: datetime) -> bool:
    """Whether the key opens at the moment."""
    return key.revoked_at is None and now < key.expires_at


def goes_on(session: Session, now: datetime, policy: IdentityPolicy) -> bool:
    """Whether the session can be continued: not ended, not idle for too long, not too old."""
    return session.ended_at is None and now < min(session.expires_at, session.used_at + policy.refresh_idle)


def may_work(status: str) -> bool:
    """Whether a member of staff with that status may use the system."""
    return status not in _FOR_STATUS


def follow_staff(account: Account, status: str, now: datetime) -> str | None:
    """Let the login follow the person: a leaver's ends, a suspended person's rests and comes back with them.

    What was ended by hand stays ended. Returns what was done: `disable`, `enable` or None.
    """
    reason = _FOR_STATUS.get(status)
    if reason is None:
        if account.disabled_reason != STAFF_SUSPENDED:
            return None
        account.disabled_at, account.disabled_reason = None, None
        return "enable"
    if account.disabled_reason in (BY_HAND, STAFF_LEFT, reason):
        return None
    account.disabled_at, account.disabled_reason = now, reason
    return "disable"


def state(account: Account) -> Mapping[str, Any]:
    """What the audit keeps of the decision."""
    return {"enabled": account.disabled_at is None, "reason": account.disabled_reason}


def _undrawn(state: str, verb: str) -> Problem:
    facts: dict[str, Any] = {"from": state, "verb": verb, "allowed": []}
    return Problem("transition-refused", **facts)
