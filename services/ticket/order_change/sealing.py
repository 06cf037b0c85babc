"""The new recipient of a changed order as it lies in the table: sealed, bound to its change (X6)."""

from uuid import UUID

import orjson

from kit.vault import Place, Vault
from services.ticket.order.sealing import Recipient


def place_of(change_id: UUID) -> Place:
    """Where the seal belongs."""
    return Place("order_change", "recipient", change_id)


def seal(vault: Vault, change_id: UUID, recipient: Recipient) -> bytes | None:
    """The recipient under one seal; None for nobody."""
    return vault.seal(orjson.dumps(tuple(recipient)).decode(), place_of(change_id)) if any(recipient) else None


def opened(vault: Vault, change_id: UUID, sealed: bytes) -> Recipient:
    """What the seal says. Raises BrokenSealError for a seal of another change, or one whose key is not here."""
    return Recipient(*orjson.loads(vault.open(sealed, place_of(change_id))))
