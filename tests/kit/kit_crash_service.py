"""A little process for the crash tests: it makes things, publishes, applies and rings, and goes on where it died.

`python kit_crash_service.py <database url> <journal>`; broker, failpoints and the rest come from the environment.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit_rig import CRASH_EVENTS, CRASH_THINGS, ORDERED, Keeper, record_things
from pydantic import SecretStr
from sqlalchemy import text

from contracts.storefront import StorefrontOrderPaid
from kit import logs, timers
from kit.ids import derived_id
from kit.principals import system
from kit.runtime import Runtime, Wiring
from kit.settings import Profile, ServiceSettings
from kit.subscriber import subscription
from kit.work import Transactions, Work


async def ring(work: Work, subject_id: UUID, _: Mapping[str, Any]) -> None:
    """One effect per thing when its timer is due."""
    insert = text("INSERT INTO effect (consumer, aggregate_id) VALUES ('ring', :subject)")
    await work.session.execute(insert, {"subject": subject_id})


async def make_things(transactions: Transactions, journal: int) -> None:
    """Make what isn't there yet; write down each thing once its transaction has ended, as an answer would."""
    for name in (f"A-{number}" for number in range(CRASH_THINGS)):
        async with transactions.begin(system("test")) as work:
            known = await work.session.execute(text("SELECT 1 FROM thing WHERE name = :name"), {"name": name})
            if known.one_or_none() is None:
                await record_things(work, name, times=CRASH_EVENTS)
                await timers.start(work, "ring", derived_id(name), work.now)
        os.write(journal, f"{name}\n".encode())


async def main(database_url: str, journal: str) -> None:
    settings = ServiceSettings(
        service="ticket",
        database_url=SecretStr(database_url),
        profile=Profile.TEST,
        jwks_url="/none",
        relay_poll_seconds=0.05,
    )
    reads = subscription(ORDERED, {StorefrontOrderPaid: Keeper(ORDERED)})
    runtime = Runtime(Wiring("ticket", subscriptions=(reads,), timers={"ring": ring}), settings)
    async with runtime.running():
        await make_things(runtime.transactions, os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT))
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure("crash")
    asyncio.run(main(*sys.argv[1:]))
