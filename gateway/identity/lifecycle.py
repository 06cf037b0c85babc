"""When an account can be used: pure decisions about one account."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from kit.problems import Problem

BY_HAND, STAFF_LEFT, STAFF_SUSPENDED = "by-hand", "staff-left", "staff-suspended"
_FOR_STATUS = {"left": STAFF_LEFT, "suspended": STAFF_SUSPENDED}


class Account(Protocol):
    """What decides whether a login works."""

    disabled_at: datetime | None
    disabled_reason: str | None


def disable(account: Account, now: datetime) -> None:
    """End the login by hand. Raises Problem `transition-refused` when it was ended by hand before."""
    if account.disabled_at is not None and account.disabled_reason == BY_HAND:
        facts: dict[str, Any] = {"from": "disabled", "verb": "disable", "allowed": []}
        raise Problem("transition-refused", **facts)
    account.disabled_at, account.disabled_reason = now, BY_HAND


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
