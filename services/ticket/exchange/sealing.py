"""Tracking numbers of replacements, as they lie in the database: sealed (X6)."""

from uuid import UUID

from kit.vault import Place, Vault


def seal(vault: Vault, sending_id: UUID, tracking_number: str | None) -> bytes | None:
    """The number under a seal that opens for this sending alone; None for none."""
    return None if tracking_number is None else vault.seal(tracking_number, _place(sending_id))


def opened(vault: Vault, sending_id: UUID, sealed: bytes | None) -> str | None:
    """The number again. Raises BrokenSealError for a seal of another sending, or one whose key is not here."""
    return None if sealed is None else vault.open(sealed, _place(sending_id))


def renewed(vault: Vault, sending_id: UUID, sealed: bytes | None) -> bytes | None:
    """The seal under the newest key; None when it is, or when there is none."""
    return None if sealed is None else vault.reseal(sealed, _place(sending_id))


def _place(sending_id: UUID) -> Place:
    return Place("exchange_sending", "tracking_number", sending_id)
