"""The demo's import of the first so many purchases as a process of its own, for a test to kill: `importer.py HOME N`."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from ops.callers import callers
from ops.credentials import Secrets, read_json
from ops.demo import cdnow
from ops.demo.importing import Import, Journal
from ops.demo.meter import meter
from ops.demo.paymentside import payment_side
from ops.environment import Home, broker_url, last_ports


async def main(home: Home, first: int) -> None:
    known = Secrets.model_validate_json(home.secrets.read_bytes())
    broker = broker_url("storefront", known, last_ports(home))
    async with callers(str(read_json(home.run)["gateway"]), known) as people:
        storefront, manager = people.storefront, people.staff("manager")
        async with payment_side(broker, storefront) as side:
            with meter(Console()) as shown:
                whole = Import(storefront, manager, side.bus, Journal(home.path / "demo.json"), shown)
                imported = await whole.run(cdnow.master(first))
    print(imported.orders)


asyncio.run(main(Home(Path(sys.argv[1])), int(sys.argv[2])))
