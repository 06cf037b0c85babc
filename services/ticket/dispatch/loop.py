"""Waiting tickets reach whoever has a hand free, within a second or so, while this process leads (T4).

The database is the truth: nothing is remembered between two looks, each ticket is given out in a transaction of its
own, and one that somebody else is at is passed over.
"""

import asyncio

from kit.db import is_transient
from kit.logs import log
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions
from services.ticket.dispatch import service

_ACTOR = system("dispatch")


async def run(runtime: Runtime, *, poll_seconds: float = 1.0) -> None:
    """Give out what waits again and again while this process leads."""
    while True:
        await runtime.relay.leads.wait()
        try:
            while await give_out(runtime.transactions):
                pass
        except Exception as error:  # noqa: BLE001 - the loop must live; what waits is found again
            log.warning("dispatch.interrupted", error=error)
        await asyncio.sleep(poll_seconds)


async def give_out(transactions: Transactions) -> int:
    """Give out what waits in the groups that have a hand free, a bounded number; returns how many tickets."""
    async with transactions.look(_ACTOR) as work:
        groups = await service.groups_with_hands(work)
        waiting = [(group, await service.waiting_in(work, group)) for group in groups]
    return sum([await _give_out(transactions, group, tickets) for group, tickets in waiting])


async def _give_out(transactions: Transactions, group: str, tickets: service.Waiting) -> int:
    given = 0
    for ticket_ids in tickets:
        for ticket_id in ticket_ids:
            try:
                async with transactions.begin(_ACTOR) as work:
                    taken = await service.give_out(work, group, ticket_id)
            except Exception as error:
                if is_transient(error):
                    raise
                log.error("dispatch.failed", ticket_id=ticket_id, error=error)
                continue
            if taken is False:
                break
            given += taken is True
    return given
