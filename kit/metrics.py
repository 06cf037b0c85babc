"""What a process counts about itself, for operators: rates, durations, backlogs. Never who or what it was about.

`Metrics` forgets everything at once: it stands where no metrics port is open, and then the library that counts isn't
even loaded. `kit.prometheus` counts. Labels are taken from short lists that we wrote ourselves (services, routes as
templates, consumers, kinds of timers): a path, an id or a caller would make a new series each, and name people (X6).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kit.settings import ProcessSettings

UNMATCHED = "unmatched"
"""The route of every request that no route was found for."""


class Metrics:
    """Takes notice of what happens, and keeps nothing of it."""

    on = False

    def request_began(self) -> None:
        """A request came in."""

    def request_ended(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request is over; `route` is a template, None when nothing matched. Status 0: it was never answered."""

    def published(self, subject: str) -> None:
        """The broker has an event of ours and said so."""

    def handled(self, consumer: str, result: str, count: int = 1) -> None:
        """Deliveries to a consumer that were applied, done (before), early, blocked, retried, failed or buried."""

    def timer_fired(self, kind: str) -> None:
        """A timer's effect is committed."""

    def timer_failed(self, kind: str) -> None:
        """A timer's handler failed; it is tried again later."""


OFF = Metrics()


def metrics_for(service: str, settings: "ProcessSettings") -> Metrics:
    """Counts for a process that shows them on a port, nothing for one that doesn't."""
    if not settings.metrics_port:
        return OFF
    from kit.prometheus import Counted

    return Counted(service)
