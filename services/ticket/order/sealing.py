"""Who gets an order's parcel, how to follow it and who paid, as they lie in the tables: sealed (X6).

A seal is bound to its order and to what it says of it, so it opens for no other order and as nothing else.
"""

from typing import NamedTuple, Protocol
from uuid import UUID

import orjson

from kit.vault import Place, Vault

RECIPIENT, TRACKING, PAYER = "recipient", "tracking_number", "payer_token"


class Recipient(NamedTuple):
    """Who gets the parcel."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None


class Party(NamedTuple):
    """What is kept of people about one order, open."""

    recipient: Recipient = Recipient()
    tracking_number: str | None = None
    payer_token: str | None = None


class SealedLike(Protocol):
    """A row that keeps some of it. One from before there were seals has it in plain, until it is renewed."""

    order_id: UUID
    sealed_tracking: bytes | None
    sealed_payer: bytes | None
    tracking_number: str | None
    payer_token: str | None


class DeliveryLike(SealedLike, Protocol):
    """A delivery as the table holds it."""

    sealed_recipient: bytes | None
    recipient_name: str | None
    recipient_phone: str | None
    recipient_address: str | None


def place_of(order_id: UUID, what: str) -> Place:
    """Where a seal belongs, in whichever table it stands."""
    return Place("order", what, order_id)


def seal(vault: Vault, order_id: UUID, what: str, value: str | None) -> bytes | None:
    """The value as it may lie in the database."""
    return None if value is None else vault.seal(value, place_of(order_id, what))


def seal_recipient(vault: Vault, order_id: UUID, recipient: Recipient) -> bytes | None:
    """The recipient under one seal; None for nobody."""
    if not any(recipient):
        return None
    return seal(vault, order_id, RECIPIENT, orjson.dumps(tuple(recipient)).decode())


def opened(vault: Vault, row: DeliveryLike) -> Party:
    """What the row says. Raises BrokenSealError for a seal of another order, or one whose key is not here."""
    return Party(
        recipient=_recipient(vault, row),
        tracking_number=_open(vault, row.order_id, TRACKING, row.sealed_tracking) or row.tracking_number,
        payer_token=_open(vault, row.order_id, PAYER, row.sealed_payer) or row.payer_token,
    )


def renew(vault: Vault, row: SealedLike) -> int:
    """Seal what stands in plain, and bring seals under the newest key; how many values that were.

    Raises BrokenSealError for a seal whose key is not here.
    """
    before = row.sealed_tracking, row.sealed_payer
    row.sealed_tracking = _renewed(vault, row.order_id, TRACKING, row.sealed_tracking, row.tracking_number)
    row.sealed_payer = _renewed(vault, row.order_id, PAYER, row.sealed_payer, row.payer_token)
    row.tracking_number = row.payer_token = None
    return sum(old != new for old, new in zip(before, (row.sealed_tracking, row.sealed_payer), strict=True))


def renew_delivery(vault: Vault, row: DeliveryLike) -> int:
    """`renew`, the recipient as well."""
    before = row.sealed_recipient
    if before is None:
        row.sealed_recipient = seal_recipient(vault, row.order_id, _recipient(vault, row))
    else:
        row.sealed_recipient = vault.reseal(before, place_of(row.order_id, RECIPIENT)) or before
    row.recipient_name = row.recipient_phone = row.recipient_address = None
    return renew(vault, row) + (row.sealed_recipient != before)


def _renewed(vault: Vault, order_id: UUID, what: str, sealed: bytes | None, plain: str | None) -> bytes | None:
    if sealed is None:
        return seal(vault, order_id, what, plain)
    return vault.reseal(sealed, place_of(order_id, what)) or sealed


def _recipient(vault: Vault, row: DeliveryLike) -> Recipient:
    found = _open(vault, row.order_id, RECIPIENT, row.sealed_recipient)
    if found is None:
        return Recipient(row.recipient_name, row.recipient_phone, row.recipient_address)
    return Recipient(*orjson.loads(found))


def _open(vault: Vault, order_id: UUID, what: str, sealed: bytes | None) -> str | None:
    return None if sealed is None else vault.open(sealed, place_of(order_id, what))
