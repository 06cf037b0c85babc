"""What customers write into forms and what is recorded of steps, as it lies in the tables: sealed (X6).

A seal is bound to its row, so it opens for no other request and no other round.
"""

from typing import Any
from uuid import UUID

import orjson

from kit.vault import Place, Vault

_FORM, _FACTS = ("service_request_form", "form"), ("service_request_step", "facts")


def seal_form(vault: Vault, form_id: UUID, values: dict[str, Any]) -> bytes:
    """The filled-in form as it may lie in the database."""
    return vault.seal_bytes(orjson.dumps(values), Place(*_FORM, form_id))


def open_form(vault: Vault, form_id: UUID, sealed: bytes) -> dict[str, Any]:
    """The form again. Raises BrokenSealError for another's, or one whose key is not here."""
    return dict(orjson.loads(vault.open_bytes(sealed, Place(*_FORM, form_id))))


def renew_form(vault: Vault, form_id: UUID, sealed: bytes) -> bytes | None:
    """The same under the newest key; None when it is under it already."""
    return vault.reseal(sealed, Place(*_FORM, form_id))


def seal_facts(vault: Vault, step_id: UUID, values: dict[str, Any]) -> bytes:
    """What was recorded of a step, as it may lie in the database."""
    return vault.seal_bytes(orjson.dumps(values), Place(*_FACTS, step_id))


def open_facts(vault: Vault, step_id: UUID, sealed: bytes) -> dict[str, Any]:
    """It again. Raises BrokenSealError for another's, or one whose key is not here."""
    return dict(orjson.loads(vault.open_bytes(sealed, Place(*_FACTS, step_id))))


def renew_facts(vault: Vault, step_id: UUID, sealed: bytes) -> bytes | None:
    """The same under the newest key; None when it is under it already."""
    return vault.reseal(sealed, Place(*_FACTS, step_id))
