"""What time alone does to clocks: warnings and breaches, told within seconds and once each (T43).

Many may be due at once, after a standstill above all. So they are taken many at a time under their row locks, and
facts, events and rows commit together: a kill in between does it all again from the start, and never twice.
"""

import asyncio

from kit.logs import log
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions
from services.ticket.clock import service

AT_ONCE = 500
_ACTOR = system("clocks")


async def run(runtime: Runtime, *, poll_seconds: float = 1.0) -> None:
    """Look for clocks that are due again and again while this process leads."""
    while True:
        await runtime.relay.leads.wait()
        try:
            while await sweep(runtime.transactions):
                pass
        except Exception as error:  # noqa: BLE001 - the loop must live; what is due is found again
            log.warning("clocks.interrupted", error=error)
        await asyncio.sleep(poll_seconds)


async def sweep(transactions: Transactions) -> int:
    """Warn and breach the clocks that are due, as many as are taken at once; returns how many there were."""
    begin = transactions.begin(_ACTOR, before="before-timer-commit", after="after-timer-commit")
    async with begin as work:
        return await service.wake_due(work, AT_ONCE)
