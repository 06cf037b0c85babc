"""What the gateway's own routes work with; made once, when the gateway is built."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.document import MergedDocument
from gateway.identity.grants import TokenDesk
from gateway.identity.keys import Keyring
from gateway.identity.passwords import Passwords
from gateway.identity.policy import IdentityPolicy
from gateway.identity.revocation import Revocations
from gateway.limits import Limits
from gateway.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Parts:
    """Keys, logins, limits, the way to the services, and the merged document."""

    keyring: Keyring
    desk: TokenDesk
    passwords: Passwords
    revocations: Revocations
    policy: IdentityPolicy
    limits: Limits
    upstream: Upstream
    document: MergedDocument


def parts_of(request: Request) -> Parts:
    """The parts of the running gateway behind this request."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(parts_of)]
