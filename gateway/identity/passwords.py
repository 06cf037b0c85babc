"""Passwords of staff logins: argon2id, two at a time, and as slow for a name that nobody has.

One check costs about 100 ms and 64 MiB, so checks run in two threads of their own and can starve nothing else.
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash

from kit.problems import invalid

MIN_CHARS = 12
MAX_CHARS = 256
_THREADS = 2


class Passwords:
    """Hashes and checks passwords off the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The argon2id hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether the password belongs to the hash; without a hash it takes the same time and the answer is no."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, password, kept)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def prepare(self) -> None:
        """Make the hash that stands in for unknown names, so that the first of them is not slower than the rest."""
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def _check(self, password: str, kept: str | None) -> bool:
        if self._nobody is None:
            self.prepare()
        belongs = self._hasher.verify(password, kept or str(self._nobody))
        return belongs and kept is not None


def require_good(password: str, *, username: str) -> None:
    """Raises Problem `invalid-request` for a password that is too short, too long, monotonous or holds the name."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise invalid(
            "/password",
            f"密码长度须为 {MIN_CHARS} 到 {MAX_CHARS} 个字符",
            f"A password has {MIN_CHARS} to {MAX_CHARS} characters",
        )
    if username.lower() in password.lower():
        raise invalid("/password", "密码不能包含用户名", "A password must not contain the username")
    if len(set(password)) < MIN_CHARS // 3:
        raise invalid("/password", "密码过于简单", "The password repeats too few characters")
