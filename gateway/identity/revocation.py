"""Taking tokens back before they run out, known to every gateway process within two seconds.

A revocation says: tokens of this subject issued before this instant are refused. Subjects are `account:…`,
`client:…`, `session:…`, `staff:…` and `api-key:…`. It is written in the transaction that disables, logs out or finds
a stolen token; the process that did it knows at the commit, the others look every second.

The gateway refuses; a service that is reached directly goes on accepting such a token until it runs out, which is
ten minutes at most. Callers reach services through the gateway.
"""

from datetime import datetime, timedelta
from uuid import UUID

from gateway.identity import store
from gateway.identity.policy import ACCESS_LIFE
from kit.clock import Clock
from kit.db import Database
from kit.principals import Principal
from kit.tokens import JwksSource, Verifier, refused
from kit.work import Work

_SKEW = timedelta(minutes=1)
_BY_ID = ("session:", "staff:")


class Revocations:
    """What has been taken back lately, as this process knows it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Sessions and staff by their bare id: principals carry it as a UUID, and this is asked at every request.
        self._not_before: dict[str | UUID, datetime] = {}

    async def revoke(self, work: Work, subject: str) -> None:
        """Take back all tokens the subject holds, if the work is committed.

        Whoever issues a token holds the rows that allow it until it is signed, and whoever calls this holds them,
        too: so every token is from before or from after. Tokens tell whole seconds; the instant is therefore the
        next one, and what is issued in the rest of this one is dated there.
        """
        not_before = self._clock.now().replace(microsecond=0) + timedelta(seconds=1)
        await store.revoke(work.session, subject, not_before)
        work.after_commit(lambda: self._learn(subject, not_before))

    def not_before(self, subject: str | UUID) -> datetime | None:
        """The instant before which tokens of the subject are void."""
        return self._not_before.get(subject)

    def check(self, principal: Principal) -> None:
        """Raises Problem `unauthenticated` when the principal's token was issued before a revocation."""
        if self._not_before and self._is_void(principal):
            raise refused()

    async def refresh(self, database: Database) -> None:
        """Learn of other processes' revocations, and forget those whose tokens have run out."""
        async with database.reading() as session:
            for subject, not_before in (await store.revocations(session)).items():
                self._learn(subject, not_before)
        oldest = self.oldest()
        for over in [subject for subject, not_before in self._not_before.items() if not_before < oldest]:
            del self._not_before[over]

    def oldest(self) -> datetime:
        """Tokens issued before this instant have run out."""
        return self._clock.now() - ACCESS_LIFE - _SKEW

    def _learn(self, subject: str, not_before: datetime) -> None:
        key: str | UUID = UUID(subject.partition(":")[2]) if subject.startswith(_BY_ID) else subject
        known = self._not_before.get(key)
        if known is None or known < not_before:
            self._not_before[key] = not_before

    def _is_void(self, principal: Principal) -> bool:
        bearers: list[str | UUID | None] = [principal.subject, principal.session_id, principal.staff_id]
        if principal.client_id is not None:
            bearers.append(f"client:{principal.client_id}")
        instants = [self._not_before[bearer] for bearer in bearers if bearer in self._not_before]
        issued = principal.issued_at
        return any(issued is None or issued < not_before for not_before in instants)


class RevocableVerifier(Verifier):
    """Verifies tokens, and refuses those that have been taken back, remembered or not."""

    def __init__(self, keys: JwksSource, issuer: str, revocations: Revocations, clock: Clock) -> None:
        super().__init__(keys, issuer, now=lambda: clock.now().timestamp())
        self._revocations = revocations

    def recall(self, token: str) -> Principal | None:
        """See `Verifier.recall`. Raises Problem `unauthenticated` for a token taken back."""
        principal = super().recall(token)
        if principal is not None:
            self._revocations.check(principal)
        return principal

    async def verify(self, token: str) -> Principal:
        """See `Verifier.verify`; a token taken back is refused as well."""
        principal = await super().verify(token)
        self._revocations.check(principal)
        return principal
