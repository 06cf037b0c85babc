"""What is asked at every request and changes seldom, remembered for a moment: policies, groups, holidays.

A unit of work that changes such a thing says so (`Work.outdate`): it looks anew itself, and its process forgets at
the commit. What another process changed, or somebody by hand, is known here `SECONDS` later at most.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar

SECONDS = 1.0
_MOST = 5_000

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Memory:
    """What one process remembers of one database."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[Any, tuple[float, Any]] = {}
        self._forgotten = 0

    async def recall(self, key: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        """What is known under the key, else what a look finds. It is everybody's: nobody may change it."""

        async def look_up(_: Collection[Hashable]) -> dict[Hashable, T]:
            return {key: await look()}

        return (await self.recall_all((key,), look_up))[key]

    async def recall_all(
        self, keys: Collection[K], look: Callable[[Collection[K]], Awaitable[Mapping[K, T]]]
    ) -> Mapping[K, T]:
        """The same for several; one look finds all those that are not known."""
        now, known = self._monotonic(), self._known
        found = {key: known[key][1] for key in keys if key in known and known[key][0] > now}
        missing = [key for key in keys if key not in found]
        if missing:
            forgotten = self._forgotten
            looked_up = await look(missing)
            if forgotten == self._forgotten:  # else it may have been looked up before the change
                self._keep(looked_up, now + SECONDS)
            found.update(looked_up)
        return found

    def forget(self) -> None:
        """Something has changed: look everything up again."""
        self._known.clear()
        self._forgotten += 1

    def _keep(self, looked_up: Mapping[Any, Any], until: float) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        for key, value in looked_up.items():
            self._known[key] = (until, value)
