"""Sessions of staff: refresh tokens that follow one another (RFC 6749 §6, RFC 9700 §4.14).

A refresh token is good once; using it gives the next of its session. One that comes a second time was copied by
somebody, and nobody can tell which of the two is the thief: the whole session ends, with its access tokens. There is
no grace for a client that sends one token twice at the same time: the first wins, the second ends the session, and
the person logs in again. A client keeps one request for a token in flight.
"""

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from gateway.identity import lifecycle, store
from gateway.identity.forms import digest
from gateway.identity.models import Account, RefreshToken, Session
from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from kit import audit
from kit.logs import log
from kit.work import Work

LOGGED_OUT, REUSED, ACCOUNT_DISABLED = "logged-out", "token-reused", "account-disabled"
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Continued:
    """A session that goes on: whose it is, and the refresh token with which it will go on next time."""

    account: Account
    session_id: UUID
    token: str = field(repr=False)


async def open_session(
    work: Work, account_id: UUID, client_id: str | None, policy: IdentityPolicy
) -> Continued | None:
    """Begin a session after a password was right; None if the account was disabled meanwhile.

    It belongs to the program that asked, if one proved itself.
    """
    account = await store.held_account(work.session, account_id)
    if account.disabled_at is not None:
        return None
    session = Session(
        account_id=account.id,
        client_id=client_id,
        opened_at=work.now,
        used_at=work.now,
        expires_at=work.now + policy.refresh_absolute,
    )
    work.session.add(session)
    await work.session.flush()
    await audit.record(work, "open", "session", session.id, after={"account_id": account.id, "client_id": client_id})
    return Continued(account, session.id, _next_token(work, session))


async def continue_session(
    work: Work, token: str, client_id: str | None, policy: IdentityPolicy, revocations: Revocations
) -> Continued | None:
    """Spend the token for the next one. None refuses; the work must be committed all the same, because a token that
    came a second time has ended its session."""
    found = await store.session_of_token(work.session, digest(token))
    if found is None:
        return None
    account, session, kept = found
    if kept.spent_at is not None:
        log.warning("session.token_reused", session=str(session.id), account_id=str(session.account_id))
        await _end(work, session, REUSED, revocations)
        return None
    if session.client_id != client_id or not lifecycle.goes_on(session, work.now, policy):
        return None
    if account.disabled_at is not None:
        return None
    kept.spent_at = session.used_at = work.now
    return Continued(account, session.id, _next_token(work, session))


async def log_out(work: Work, token: str, client_id: str | None, revocations: Revocations) -> None:
    """End the session of a refresh token, spent or not; an unknown token is nobody's loss."""
    found = await store.session_of_token(work.session, digest(token))
    if found is not None and found[1].client_id == client_id:
        await _end(work, found[1], LOGGED_OUT, revocations)


async def end_sessions(work: Work, account_id: UUID, revocations: Revocations) -> None:
    """End all sessions of an account that has been disabled."""
    for session in await store.open_sessions(work.session, account_id):
        await _end(work, session, ACCOUNT_DISABLED, revocations)


async def _end(work: Work, session: Session, reason: str, revocations: Revocations) -> None:
    if session.ended_at is not None:
        return
    session.ended_at, session.ended_reason = work.now, reason
    await revocations.revoke(work, f"session:{session.id}")
    before, after = {"open": True}, {"open": False}
    await audit.record(work, "end", "session", session.id, before=before, after=after, reason=reason)


def _next_token(work: Work, session: Session) -> str:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    work.session.add(RefreshToken(digest=digest(token), session_id=session.id))
    return token
