"""It is looked every half hour whether somebody sits at every account, by the leading process alone (T35)."""

import asyncio

from kit.logs import log
from kit.principals import system
from kit.runtime import Runtime
from kit.work import Transactions
from services.ticket.shop_account import service

_ACTOR = system("shop-accounts")


async def run(runtime: Runtime, *, poll_seconds: float = 20.0) -> None:
    """Look again and again while this process leads; the database says whether it is time."""
    while True:
        await runtime.relay.leads.wait()
        try:
            await look(runtime.transactions)
        except Exception as error:  # noqa: BLE001 - the loop must live; the next look finds the same
            log.warning("shop_accounts.interrupted", error=error)
        await asyncio.sleep(poll_seconds)


async def look(transactions: Transactions) -> int | None:
    """One look; how many accounts nobody sits at, None when it was not time."""
    async with transactions.begin(_ACTOR) as work:
        return await service.look_after(work)
