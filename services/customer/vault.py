"""The vault of this service, as routes take it."""

from typing import Annotated

from fastapi import Depends, Request

from kit.vault import Vault


def vault_of(request: Request) -> Vault:
    """The vault behind this request."""
    vault: Vault = request.app.state.vault
    return vault


VaultDep = Annotated[Vault, Depends(vault_of)]
