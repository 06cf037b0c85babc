"""Identity put together: from the settings to whoever proves, signs, revokes and cleans up."""

from dataclasses import dataclass

from gateway.identity.api_keys import ApiKeys
from gateway.identity.grants import TokenDesk
from gateway.identity.internal import InternalTokens
from gateway.identity.keys import Keyring, OwnKeys
from gateway.identity.logins import Logins
from gateway.identity.passwords import Passwords
from gateway.identity.provider import Provider, provider_keys
from gateway.identity.revocation import RevocableVerifier, Revocations
from gateway.identity.tokens import Issuer
from gateway.identity.upkeep import Upkeep
from gateway.settings import GatewaySettings
from kit.clock import Clock
from kit.db import Database
from kit.runtime import Runtime
from kit.tokens import JwksSource


@dataclass(frozen=True, slots=True)
class Office:
    """Everything of identity that the gateway's parts are wired to."""

    keyring: Keyring
    verifier: RevocableVerifier
    passwords: Passwords
    desk: TokenDesk
    internal: InternalTokens
    api_keys: ApiKeys
    provider: Provider | None
    upkeep: Upkeep


def open_office(settings: GatewaySettings, runtime: Runtime, revocations: Revocations, clock: Clock) -> Office:
    """Make it all."""
    policy, transactions = settings.identity, runtime.transactions
    keyring, passwords = Keyring(settings.keys, clock, policy), Passwords()
    issuer = Issuer(keyring, settings.issuer, clock, revocations)
    verifier = RevocableVerifier(OwnKeys(keyring), settings.issuer, revocations, clock)
    internal = InternalTokens(issuer, verifier, revocations, policy, clock)
    return Office(
        keyring=keyring,
        verifier=verifier,
        passwords=passwords,
        desk=TokenDesk(transactions, issuer, Logins(transactions, passwords, policy), revocations, policy),
        internal=internal,
        api_keys=ApiKeys(transactions, internal),
        provider=_provider(settings, runtime.database, internal, clock),
        upkeep=Upkeep(transactions, revocations, keyring, verifier, policy),
    )


def _provider(
    settings: GatewaySettings, database: Database, internal: InternalTokens, clock: Clock
) -> Provider | None:
    if settings.trust is None or settings.oidc_jwks_url is None:
        return None
    keys = JwksSource(settings.oidc_jwks_url, read_keys=provider_keys)
    return Provider(settings.trust, keys, database, internal, now=lambda: clock.now().timestamp())
