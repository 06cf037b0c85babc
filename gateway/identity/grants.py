"""`POST /oauth/token`: who proves to be somebody gets a token (RFC 6749).

`client_credentials` for programs; with `buyer` and `shop` the token is narrowed to that one buyer (X6, T40).
`password` for staff logins, which begins a session, and `refresh_token`, which continues one. The program that asks
for staff need not prove itself, but if it tries it must succeed, and the session is its own then.
"""

from hmac import compare_digest

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.identity import sessions, store
from gateway.identity.forms import Credentials, TokenRequest, bad_request, digest, unknown_client
from gateway.identity.logins import Logins
from gateway.identity.models import Client
from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from gateway.identity.sessions import Continued
from gateway.identity.tokens import Grant, IssuedToken, Issuer
from kit.ids import account_id
from kit.logs import log
from kit.principals import Principal
from kit.problems import Problem
from kit.work import Transactions

_MAX_BUYER_CHARS = 200
_NOBODY = digest("nobody")


class TokenDesk:
    """Answers token requests."""

    def __init__(
        self, transactions: Transactions, issuer: Issuer, logins: Logins, revocations: Revocations,
        policy: IdentityPolicy,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._issuer = issuer
        self._logins = logins
        self._revocations = revocations
        self._policy = policy

    async def answer(self, asked: TokenRequest) -> IssuedToken:
        """The token asked for.

        Raises Problem `invalid-token-request` or `unauthenticated`, with the `error` that RFC 6749 gives it, or
        `too-many-requests`.
        """
        match asked.grant_type:
            case "client_credentials":
                token = await self._for_client(asked)
            case "password":
                token = await self._for_login(asked)
            case "refresh_token":
                token = await self._for_session(asked)
            case None:
                raise bad_request("invalid_request")
            case _:
                raise bad_request("unsupported_grant_type")
        log.info("token.issued", subject=token.subject, grant=asked.grant_type)
        return token

    async def log_out(self, asked: TokenRequest) -> None:
        """End the session of the refresh token sent (RFC 7009). Raises as `answer` does."""
        client_id = await self._program(asked)
        token = asked.fields.get("token")
        if not token:
            raise bad_request("invalid_request")
        if token.count(".") == 2:  # access tokens run out by themselves; what ends them early is the session's end
            raise bad_request("unsupported_token_type")
        async with self._transactions.begin(_bearer(), request_id=asked.request_id) as work:
            await sessions.log_out(work, token, client_id, self._revocations)

    async def _for_client(self, asked: TokenRequest) -> IssuedToken:
        if asked.credentials is None:
            raise unknown_client()
        async with self._transactions.database.reading() as session:
            client = await _proved(session, asked.credentials)
            return self._issuer.issue(self._grant_of(client, asked.fields.get("shop"), asked.fields.get("buyer")))

    def _grant_of(self, client: Client, shop: str | None, buyer: str | None) -> Grant:
        if (buyer is None) is not (shop is None):
            raise bad_request("invalid_request")
        if buyer is None or shop is None:
            return Grant(f"client:{client.client_id}", client.roles, client.shops, client_id=client.client_id)
        return self._narrowed(client, shop, buyer)

    def _narrowed(self, client: Client, shop: str, buyer: str) -> Grant:
        if "storefront" not in client.roles:
            raise bad_request("unauthorized_client")
        if not buyer or len(buyer) > _MAX_BUYER_CHARS:
            raise bad_request("invalid_request")
        if "*" not in client.shops and shop not in client.shops:
            raise bad_request("invalid_scope")
        account = account_id(self._transactions.key, shop, buyer)
        subject = f"client:{client.client_id}:{account}"
        return Grant(subject, ["storefront"], [shop], client_id=client.client_id, account_id=account)

    async def _for_login(self, asked: TokenRequest) -> IssuedToken:
        client_id = await self._program(asked)
        username, password = asked.fields.get("username"), asked.fields.get("password")
        if not username or not password:
            raise bad_request("invalid_request")
        account = await self._logins.prove(username, password, request_id=asked.request_id)
        if account is None:
            raise _refused(asked)
        actor = Principal(f"account:{account.id}", frozenset(account.roles), staff_id=account.staff_id)
        async with self._transactions.begin(actor, request_id=asked.request_id) as work:
            opened = await sessions.open_session(work, account.id, client_id, self._policy)
            token = self._issue(opened)
        if token is None:
            raise _refused(asked)
        return token

    async def _for_session(self, asked: TokenRequest) -> IssuedToken:
        client_id = await self._program(asked)
        token = asked.fields.get("refresh_token")
        if not token:
            raise bad_request("invalid_request")
        async with self._transactions.begin(_bearer(), request_id=asked.request_id) as work:
            continued = await sessions.continue_session(work, token, client_id, self._policy, self._revocations)
            issued = self._issue(continued)
        if issued is None:  # told only now: what the attempt has ended stays ended
            raise _refused(asked)
        return issued

    def _issue(self, continued: Continued | None) -> IssuedToken | None:
        """Sign for the session while its rows are held, so that nobody disables the account in between."""
        if continued is None:
            return None
        account = continued.account
        grant = Grant(
            f"account:{account.id}",
            account.roles,
            account.shops,
            staff_id=account.staff_id,
            session_id=continued.session_id,
        )
        return self._issuer.issue(grant, refresh=continued.token)

    async def _program(self, asked: TokenRequest) -> str | None:
        """The program that asks for a member of staff, proved if it says who it is."""
        if asked.credentials is None:
            return None
        async with self._transactions.database.reading() as session:
            return (await _proved(session, asked.credentials)).client_id


async def _proved(session: AsyncSession, credentials: Credentials) -> Client:
    client = await store.held_client(session, credentials.client_id)
    kept = client.secret_digest if client else _NOBODY
    belongs = compare_digest(digest(credentials.secret), kept)
    if client is None or not belongs or client.disabled_at is not None:
        log.info("token.refused", grant="client", client=str(client.id) if client else None)
        raise unknown_client()
    return client


def _refused(asked: TokenRequest) -> Problem:
    log.info("token.refused", grant=asked.grant_type)
    return bad_request("invalid_grant")


def _bearer() -> Principal:
    """Whoever holds a refresh token; who that is shows only inside."""
    return Principal("bearer:refresh-token", frozenset())
