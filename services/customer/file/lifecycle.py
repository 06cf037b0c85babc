"""What a person file tells the others, as pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.customer.customer import Account, CustomerChanged, CustomerCreated, CustomerState


class FileLike(Protocol):
    """A file as the table holds it."""

    customer_id: UUID
    language: str
    owner_staff_id: UUID | None
    provisional: bool
    created_at: datetime


class AccountLike(Protocol):
    """An account as the table holds it."""

    shop: str
    account_id: UUID


def state_of(file: FileLike, accounts: Sequence[AccountLike]) -> CustomerState:
    """All that others may know of the file; every customer event carries it."""
    return CustomerState(
        customer_id=file.customer_id,
        accounts=tuple(Account(shop=account.shop, account_id=account.account_id) for account in accounts),
        language=file.language,
        owner_staff_id=file.owner_staff_id,
        provisional=file.provisional,
    )


def opened(file: FileLike, accounts: Sequence[AccountLike]) -> CustomerCreated:
    """What is told when a file comes into being (C1)."""
    return CustomerCreated(customer=state_of(file, accounts), created_at=file.created_at)


def changed(file: FileLike, accounts: Sequence[AccountLike], at: datetime) -> CustomerChanged:
    """What is told when something that others may know of is another (C1)."""
    return CustomerChanged(customer=state_of(file, accounts), changed_at=at)
