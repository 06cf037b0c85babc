"""The life of a group, and what it takes (T4)."""

from enum import StrEnum
from typing import Protocol

from contracts.ticket.ticket import TicketKind
from kit.lifecycle import Lifecycle


class GroupStatus(StrEnum):
    """Whether a group is given new tickets."""

    ACTIVE = "active"
    RETIRED = "retired"


_S = GroupStatus
LIFE = Lifecycle(
    noun="group",
    states=GroupStatus,
    initial=_S.ACTIVE,
    table={"retire": {_S.ACTIVE: _S.RETIRED}, "restore": {_S.RETIRED: _S.ACTIVE}},
)


class GroupLike(Protocol):
    """A group as the table holds it."""

    code: str
    shops: list[str]
    kinds: list[str]
    categories: list[str]
    skills: list[str]
    status: str


def takes(group: GroupLike, shop: str, kind: TicketKind, category: str | None) -> bool:
    """Whether such a ticket may go to the group at all."""
    return all(
        (
            group.status == GroupStatus.ACTIVE,
            not group.shops or shop in group.shops,
            not group.kinds or kind in group.kinds,
            not group.categories or category in group.categories,
        )
    )


def names(group: GroupLike, kind: TicketKind, category: str | None) -> int:
    """How narrowly the group says that such tickets are its own: 2 by category, 1 by kind, 0 not at all."""
    if category is not None and category in group.categories:
        return 2
    return 1 if kind in group.kinds else 0
