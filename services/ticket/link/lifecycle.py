"""The kinds of links. A link has no states: it is there, or it is taken away."""

from enum import StrEnum


class LinkKind(StrEnum):
    """关联类型: what a ticket is to another one (T1)."""

    DUPLICATE_OF = "duplicate_of"
    FOLLOWS = "follows"
    PARENT = "parent"


# Of these a ticket has one at most: it is the double of one, and stands below one.
AT_MOST_ONE = frozenset({LinkKind.DUPLICATE_OF, LinkKind.PARENT})
