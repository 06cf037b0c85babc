"""What time alone does to clocks: warnings and breaches, told within seconds and once each (T43).

Many may be due at once, after a standstill above all. So they are taken many at a time under their row locks, and
facts, events and rows commit together: a kill in between does it all again from the start, and never twice.
"""

import asyncio
from datetime import timedelta

from kit.db import is_transient
from kit.logs import log
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions
from services.ticket.clock import service

AT_ONCE = 500
PUT_OFF = timedelta(minutes=1)
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


async def sweep(transactions: Transactions, at_once: int = AT_ONCE) -> int:
    """Warn and breach the clocks that are due, as many as are taken at once; returns how many there were. Where one
    makes them all fail, they are taken one by one, and that one is put off."""
    try:
        return await _wake(transactions, at_once)
    except Exception as error:
        if is_transient(error):
            raise
        log.error("clocks.failed", error=error)
        return await _one_by_one(transactions, at_once)


async def _wake(transactions: Transactions, at_once: int) -> int:
    begin = transactions.begin(_ACTOR, before="before-timer-commit", after="after-timer-commit")
    async with begin as work:
        return await service.wake_due(work, at_once)


async def _one_by_one(transactions: Transactions, at_once: int) -> int:
    for _ in range(at_once):
        try:
            if not await _wake(transactions, 1):
                return 0
        except Exception as error:
            if is_transient(error):
                raise
            async with transactions.begin(_ACTOR) as work:
                clock_id = await service.put_off(work, work.now + PUT_OFF)
            log.error("clocks.put_off", clock_id=clock_id, error=error)
    return at_once
