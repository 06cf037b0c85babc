"""The timetable of a load: each thing begins at its moment, whatever became of those before."""

import asyncio


async def moment(due: float) -> None:
    """Return at `due` on the event loop's clock; at the loop's next turn when that has passed."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[None] = loop.create_future()
    timer = loop.call_at(due, came.set_result, None)
    try:
        await came
    finally:
        timer.cancel()
