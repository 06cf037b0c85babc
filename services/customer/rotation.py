"""After a new sealing key: everything personal of this service brought under it, so that the old key can go (X6)."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from kit.principals import system
from kit.vault import Vault
from kit.work import Transactions, Work
from services.customer.file import keeping as files
from services.customer.personal import service as personal

AT_ONCE = 500
Step = Callable[[Work, Vault, UUID | None, int], Awaitable[tuple[int, UUID | None]]]


async def reseal_all(transactions: Transactions, vault: Vault, *, at_once: int = AT_ONCE) -> int:
    """Reseal under the newest key what is under an older one; returns how many values that were.

    It goes in short transactions beside the running service and can be stopped and begun again at any time. Raises
    BrokenSealError for a value whose key is not among the vault's.
    """
    steps: tuple[Step, ...] = (personal.reseal_some, files.reseal_some)
    return sum([await _go_through(transactions, vault, step, at_once) for step in steps])


async def _go_through(transactions: Transactions, vault: Vault, step: Step, at_once: int) -> int:
    moved, after, going = 0, None, True
    while going:
        async with transactions.begin(system("rotation")) as work:
            count, after = await step(work, vault, after, at_once)
        moved, going = moved + count, after is not None
    return moved
