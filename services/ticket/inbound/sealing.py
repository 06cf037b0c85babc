"""Tracking numbers of parcels that come back, as they lie in the database: sealed, and found by a keyed hash (X6)."""

from uuid import UUID

from kit.vault import Place, Vault


def seal(vault: Vault, parcel_id: UUID, tracking_number: str) -> bytes:
    """The number under a seal that opens for this parcel alone."""
    return vault.seal(tracking_number, _place(parcel_id))


def opened(vault: Vault, parcel_id: UUID, sealed: bytes) -> str:
    """The number again. Raises BrokenSealError for a seal of another parcel, or one whose key is not here."""
    return vault.open(sealed, _place(parcel_id))


def hashed(vault: Vault, tracking_number: str) -> bytes:
    """What a number is found by again; capitals don't matter."""
    return vault.keyed_hash("return_parcel.tracking_number", tracking_number.upper())


def renewed(vault: Vault, parcel_id: UUID, sealed: bytes) -> bytes | None:
    """The seal under the newest key; None when it is."""
    return vault.reseal(sealed, _place(parcel_id))


def _place(parcel_id: UUID) -> Place:
    return Place("return_parcel", "tracking_number", parcel_id)
