"""A process with one courier in it, to be killed by a failpoint: `courier_child.py <database url> <smtp url>`."""

import asyncio
import sys
from datetime import UTC, datetime
from uuid import UUID

from post_office import SENDER, Book, smtp
from stage import KEY

from contracts.notify import NotifyChannel, Purpose
from kit import failpoints
from kit.clock import FrozenClock
from kit.db import Database
from kit.work import Transactions
from services.notify.email.channel import EmailChannel
from services.notify.email.courier import Courier


class Anybody(Book):
    """Everybody has an address."""

    async def address_of(self, customer_id: UUID, channel: NotifyChannel, purpose: Purpose) -> str | None:
        return f"{customer_id.hex}@example.com"


async def main(database_url: str, smtp_url: str, plan: str, at: str) -> None:
    failpoints.arm(plan)
    database = Database(database_url)
    clock = FrozenClock(datetime.fromisoformat(at).astimezone(UTC))
    transactions = Transactions(database, clock, bytes.fromhex(KEY), lambda: None)
    await Courier(transactions, EmailChannel(SENDER, smtp(smtp_url), Anybody())).deliver_due()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
