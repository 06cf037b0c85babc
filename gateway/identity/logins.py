"""Checking passwords so that guessing is slow and a storm of logins starves nobody.

Only so many checks are under way or wait at a time; what comes beyond is told to come back. Tries for one name go one
after another, so none slips in between a wrong password and the lock that follows from it. Wrong name, wrong
password, locked login: the same answer after the same work, down to the row that is written.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from gateway.identity import lockout, store
from gateway.identity.models import Account, LoginFailures
from gateway.identity.passwords import MAX_CHARS, Passwords
from gateway.identity.policy import IdentityPolicy
from kit import audit
from kit.logs import log
from kit.principals import system
from kit.problems import Problem
from kit.work import Transactions

_RETRY_SECONDS = 2


class LoginQueue:
    """Lets so many in at once, and of one name one at a time."""

    def __init__(self, policy: IdentityPolicy) -> None:
        self._policy = policy
        self._turns: dict[bytes, asyncio.Lock] = {}
        self._of_name: dict[bytes, int] = {}
        self._all = 0

    @asynccontextmanager
    async def turn(self, name: bytes) -> AsyncIterator[None]:
        """Hold a turn of the name. Raises Problem `too-many-requests` when too many wait already."""
        waiting = self._of_name.get(name, 0)
        if self._all >= self._policy.logins_at_once or waiting >= self._policy.logins_of_one_name:
            raise Problem("too-many-requests", headers={"Retry-After": str(_RETRY_SECONDS)})
        turns = self._turns.setdefault(name, asyncio.Lock())
        self._of_name[name] = waiting + 1
        self._all += 1
        try:
            async with turns:
                yield
        finally:
            self._all -= 1
            self._of_name[name] -= 1
            if not self._of_name[name]:
                del self._of_name[name], self._turns[name]


class Logins:
    """Proves people by name and password."""

    def __init__(self, transactions: Transactions, passwords: Passwords, policy: IdentityPolicy) -> None:
        self._transactions = transactions
        self._passwords = passwords
        self._policy = policy
        self._queue = LoginQueue(policy)

    async def prove(self, username: str, password: str, *, request_id: str | None) -> Account | None:
        """The account, when the password is right and the login neither locked nor disabled.

        Raises Problem `too-many-requests` when too many logins are being checked.
        """
        name = username.lower()
        name_hash = hmac.new(self._transactions.key, b"login\0" + name.encode(), sha256).digest()
        async with self._queue.turn(name_hash):
            account, failures = await self._look(name, name_hash)
            kept = account.password_hash if account else None
            belongs = await self._passwords.matches(password[: MAX_CHARS + 1], kept)
            if account is None or not belongs or lockout.is_locked(failures, self._transactions.clock.now()):
                await self._add_failure(name_hash, account, request_id)
                return None
            if failures is not None:
                await self._forget_failures(name_hash, request_id)
            return account if account.disabled_at is None else None

    async def _look(self, name: str, name_hash: bytes) -> tuple[Account | None, LoginFailures | None]:
        async with self._transactions.database.reading() as session:
            return await store.account_named(session, name), await store.failures_of(session, name_hash)

    async def _add_failure(self, name_hash: bytes, account: Account | None, request_id: str | None) -> None:
        async with self._transactions.begin(system("login"), request_id=request_id) as work:
            failures = await store.lock_failures(work.session, name_hash, work.now)
            if not lockout.add_failure(failures, work.now, self._policy) or account is None:
                return
            log.warning("login.locked", account_id=str(account.id), locks=failures.locks)
            after = {"locked_until": str(failures.locked_until), "locks": failures.locks}
            await audit.record(work, "lock", "account", account.id, before={}, after=after, reason="wrong-passwords")

    async def _forget_failures(self, name_hash: bytes, request_id: str | None) -> None:
        async with self._transactions.begin(system("login"), request_id=request_id) as work:
            await store.forget_failures(work.session, name_hash)
