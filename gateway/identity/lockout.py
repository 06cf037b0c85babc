"""When wrong passwords lock a login: pure rules over what is known of one name.

Five failures within fifteen minutes lock it for fifteen; each further lock is twice as long, up to four hours. What
is tried while it is locked counts for nothing, so a lock ends even while somebody goes on guessing. A right password
clears all.
"""

from datetime import datetime
from typing import Protocol

from gateway.identity.policy import IdentityPolicy


class Failures(Protocol):
    """What is known of a name for which wrong passwords came."""

    count: int
    since: datetime
    last_at: datetime
    locks: int
    locked_until: datetime | None


def is_locked(failures: Failures | None, now: datetime) -> bool:
    """Whether even the right password is refused at the moment."""
    return failures is not None and failures.locked_until is not None and now < failures.locked_until


def add_failure(failures: Failures, now: datetime, policy: IdentityPolicy) -> bool:
    """Take one more failure down; returns whether it locked the login."""
    if is_locked(failures, now):
        failures.last_at = now
        return False
    if now - failures.last_at > policy.lock_memory:
        failures.locks = 0
    if failures.count == 0 or now - failures.since > policy.lock_window:
        failures.count, failures.since = 0, now
    failures.count += 1
    failures.last_at = now
    if failures.count < policy.lock_after:
        return False
    failures.locked_until = now + min(policy.lock_first * 2 ** min(failures.locks, 16), policy.lock_longest)
    failures.locks += 1
    failures.count = 0
    return True
