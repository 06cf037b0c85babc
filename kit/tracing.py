"""Traces: one id from the gateway through HTTP, outbox and broker to another service's handler (W3C traceparent).

`Tracing` carries the caller's trace on as it came and records nothing: it stands where KEFU_TRACES is not set, and
then OpenTelemetry's SDK isn't even loaded. `kit.spans` records.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from kit.envelope import Meta
    from kit.settings import ProcessSettings

Carry = Callable[["Meta"], str | None]
"""The traceparent that what happens because of an event carries on."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_TRACE_ID = slice(3, 35)
# The framework's logs would quote exceptions, and its environment variables must not be able to turn them on (X6).
_OFF: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def well_formed(traceparent: str | None) -> str | None:
    """The trace context if it is one; anything else begins a new trace."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None


def trace_id(traceparent: str) -> str:
    """The id that all spans of one trace share."""
    return traceparent[_TRACE_ID]


class RequestSpan(Protocol):
    """A request at the gateway; what it causes is a child of `traceparent`."""

    traceparent: str

    def end(self, route: str | None, status: int) -> None:
        """The answer is given; `route` is a template."""
        ...


class Tracing:
    """Carries traces on and records nothing."""

    on = False

    def telemetry(self) -> "TelemetryConfig":
        """What FastAPI is to record by itself."""
        return _OFF

    def begin(self, method: str, caller: str | None) -> RequestSpan | None:  # noqa: ARG002 - for who records
        """A request that comes in with this trace context, if any."""
        return None

    def here(self, given: str | None) -> str | None:
        """The trace context of what happens in the present request, which came in with the `given` one."""
        return given

    def publishing(self, subject: str, cause: str | None) -> AbstractContextManager[str | None]:  # noqa: ARG002
        """Around handing one event to the broker: the trace context that goes with it."""
        return nullcontext(cause)

    def handling(self, consumer: str, events: Sequence["Meta"]) -> AbstractContextManager[Carry]:  # noqa: ARG002
        """Around applying events in one transaction."""
        return nullcontext(_as_it_came)

    async def close(self) -> None:
        """Send what is still here; wait two seconds at most."""


OFF = Tracing()


def tracing_for(service: str, settings: "ProcessSettings") -> Tracing:
    """Records where KEFU_TRACES says where to, and carries on where it says nothing."""
    if not settings.traces:
        return OFF
    from kit.spans import Recording, exporter_to

    return Recording(service, exporter_to(settings.traces, service), settings.traces_share)


def _as_it_came(meta: "Meta") -> str | None:
    return meta.traceparent
