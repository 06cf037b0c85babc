"""What of the orders and tickets a list shows its caller: the shops of its token (X1), of a token narrowed to one
buyer that buyer's account alone (X6, T40)."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.permissions import STOREFRONT
from kit.work import Work

ALL_SHOPS = "*"
Wanted = Mapping[str, Sequence[Any]]


def in_sight(work: Work, asked: Mapping[str, Any]) -> Wanted:
    """The values that each column may have: those asked for, as far as the caller may see them. What is asked for and
    out of sight leaves a column without any value, and a list without any row."""
    wanted: dict[str, Sequence[Any]] = {name: [value] for name, value in asked.items()}
    for name, seen in _seen(work).items():
        wanted[name] = [value for value in wanted.get(name, seen) if value in seen]
    return wanted


def sees_notes(work: Work) -> bool:
    """Whether the caller may know of internal notes and files: staff and services, never a buyer or a storefront."""
    return work.actor.account_id is None and STOREFRONT not in work.actor.roles


def _seen(work: Work) -> Wanted:
    seen: dict[str, Sequence[Any]] = {}
    if ALL_SHOPS not in work.actor.shops:
        seen["shop"] = sorted(work.actor.shops)
    if work.actor.account_id is not None:
        seen["account_id"] = [work.actor.account_id]
    return seen
