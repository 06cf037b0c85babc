"""What nobody needs any more is deleted from the store: contents of removed files, and those that never got a row.

Little by little and by the leading process alone; with the store away it waits for the next round.
"""

import asyncio
from datetime import timedelta

from kit.logs import log
from kit.principals import system
from kit.problems import Problem
from kit.runtime import Runtime
from services.ticket.attachment import store
from services.ticket.attachment.files import files_of

ABANDONED_AFTER = timedelta(hours=1)
AT_ONCE = 50
PAUSE_SECONDS = 60.0


async def run(runtime: Runtime) -> None:
    """Sweep again and again while this process leads."""
    while True:
        await runtime.relay.leads.wait()
        try:
            while await sweep(runtime) == AT_ONCE:
                pass
        except Exception as error:  # noqa: BLE001 - the loop must live; what is left is found again
            log.warning("attachments.sweep_interrupted", error=error)
        await asyncio.sleep(PAUSE_SECONDS)


async def sweep(runtime: Runtime) -> int:
    """Delete up to so many contents; returns how many went. One that can't be deleted now ends the round."""
    files, now = files_of(runtime), runtime.clock.now()
    async with runtime.database.reading() as session:
        keys = [*await store.abandoned(session, now - ABANDONED_AFTER, AT_ONCE)]
        keys += await store.removed(session, AT_ONCE - len(keys))
    gone = []
    for key in keys:
        try:
            await files.delete(key)
        except Problem:
            break
        gone.append(key)
    if gone:
        async with runtime.transactions.begin(system("attachments")) as work:
            await store.note_purged(work.session, gone, now)
    return len(gone)
