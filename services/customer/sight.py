"""What of the customers a caller may see: the shops of its token (X1); a buyer its own account only (X6, T40)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from kit.work import Work

T = TypeVar("T")
ALL_SHOPS = "*"


class InShop(Protocol):
    """Anything that belongs to an account in a shop."""

    shop: str
    account_id: UUID


@dataclass(frozen=True)
class Sight:
    """The shops and accounts in sight; None is all of them.

    `without_account`: whether a person who has no account in any shop yet is in sight as well.
    """

    shops: frozenset[str] | None = None
    accounts: frozenset[UUID] | None = None
    without_account: bool = True

    @property
    def is_unbounded(self) -> bool:
        """Whether nothing is out of sight."""
        return self.shops is None and self.accounts is None

    def covers(self, thing: InShop) -> bool:
        """Whether the caller may see the thing."""
        in_shops = self.shops is None or thing.shop in self.shops
        return in_shops and (self.accounts is None or thing.account_id in self.accounts)

    def narrowed(self, *, shop: str | None = None, account_id: UUID | None = None) -> "Sight":
        """What is left in sight of one shop or one account that was asked for."""
        anybody = self.without_account and shop is None and account_id is None
        return Sight(_within(self.shops, shop), _within(self.accounts, account_id), anybody)


def sight_of(work: Work) -> Sight:
    """What the caller of this work may see."""
    actor = work.actor
    return Sight(
        shops=None if ALL_SHOPS in actor.shops else actor.shops,
        accounts=None if actor.account_id is None else frozenset({actor.account_id}),
        without_account=actor.account_id is None,
    )


def _within(allowed: Collection[T] | None, asked: T | None) -> frozenset[T] | None:
    if asked is None:
        return None if allowed is None else frozenset(allowed)
    return frozenset({asked}) if allowed is None or asked in allowed else frozenset()
