"""What identity does by itself: learn what other processes revoked, notice withdrawn keys, sweep what is over."""

import asyncio
import time
from collections.abc import Callable

from gateway.identity import store
from gateway.identity.keys import Keyring
from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from kit.logs import log
from kit.principals import system
from kit.tokens import Verifier
from kit.work import Transactions

_SWEEP_SECONDS = 60.0


class Upkeep:
    """Runs beside the gateway for as long as it serves."""

    def __init__(
        self, transactions: Transactions, revocations: Revocations, keyring: Keyring, verifier: Verifier,
        policy: IdentityPolicy, *, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._revocations = revocations
        self._keyring = keyring
        self._verifier = verifier
        self._policy = policy
        self._monotonic = monotonic
        self._kids = keyring.kids()
        self._swept_at = float("-inf")
        self._away = False

    async def run(self) -> None:
        """Look after everything again and again; what fails is tried again at the next turn.

        While the database is away, nothing can be revoked in it either: what is known stays in force.
        """
        while True:
            try:
                await self.turn()
                self._away = False
            except Exception as error:  # noqa: BLE001 - whatever it was, the next turn may do better
                if not self._away:
                    log.warning("identity.upkeep_failed", error=error)
                self._away = True
            await asyncio.sleep(self._policy.revocation_poll.total_seconds())

    async def turn(self) -> None:
        """Look after everything once."""
        self._notice_withdrawn_keys()
        await self._revocations.refresh(self._transactions.database)
        if self._monotonic() - self._swept_at >= _SWEEP_SECONDS:
            await self.sweep()
            self._swept_at = self._monotonic()

    async def sweep(self) -> None:
        """Delete what can't matter any more: old sessions, failures, revocations, retired keys."""
        async with self._transactions.begin(system("sweep")) as work:
            await store.sweep(work.session, work.now, self._policy, tokens_gone=self._revocations.oldest())
        for kid in await asyncio.to_thread(self._keyring.delete_retired):
            log.info("signing_key.retired", kid=kid)

    def _notice_withdrawn_keys(self) -> None:
        """Tokens under a key that was taken out of the folder are not remembered any longer."""
        kids = self._keyring.kids()
        if not self._kids <= kids:
            self._verifier.forget()
        self._kids = kids
