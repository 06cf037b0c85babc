"""What of the orders and tickets a list shows its caller: the shops of its token (X1), of a token narrowed to one
buyer that buyer's account alone (X6, T40)."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.work import Work

ALL_SHOPS = "*"
Sight = Mapping[str, Sequence[Any]]


def sight_of(work: Work) -> Sight:
    """Columns and the values of them that the caller may see; a column that isn't named is not bounded."""
    sight: dict[str, Sequence[Any]] = {}
    if ALL_SHOPS not in work.actor.shops:
        sight["shop"] = sorted(work.actor.shops)
    if work.actor.account_id is not None:
        sight["account_id"] = [work.actor.account_id]
    return sight
