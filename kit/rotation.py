"""After a new sealing key: everything personal of a service brought under it, so that the old key can go (X6)."""

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from kit.principals import system
from kit.work import Transactions, Work

AT_ONCE = 500
Step = Callable[[Work, UUID | None, int], Awaitable[tuple[int, UUID | None]]]
"""Renews the seals of the next so many things after one: how many values were not under the newest key, and after
which thing to go on; None at the end."""


async def reseal_all(transactions: Transactions, steps: Iterable[Step], *, at_once: int = AT_ONCE) -> int:
    """Reseal under the newest key what is under an older one; returns how many values that were.

    It goes in short transactions beside the running service and can be stopped and begun again at any time. Raises
    BrokenSealError for a value whose key is not among the vault's.
    """
    return sum([await _go_through(transactions, step, at_once) for step in steps])


async def _go_through(transactions: Transactions, step: Step, at_once: int) -> int:
    moved, after, going = 0, None, True
    while going:
        async with transactions.begin(system("rotation")) as work:
            count, after = await step(work, after, at_once)
        moved, going = moved + count, after is not None
    return moved
