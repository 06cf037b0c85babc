"""What the gateway counts besides requests: tokens it knew, whom it refused and why, and how services answer.

`Counts` forgets everything; it stands where no metrics port is open.
"""

from typing import TYPE_CHECKING

from kit.metrics import Metrics

if TYPE_CHECKING:
    from kit.prometheus import Counted


class Counts:
    """Takes notice of what the gateway does, and keeps nothing of it."""

    def token_known(self) -> None:
        """A credential was recognised without being examined again."""

    def token_examined(self) -> None:
        """A credential was verified, or refused, afresh."""

    def refused(self, reason: str) -> None:
        """The gateway answered a problem itself; `reason` is its slug."""

    def quota_refused(self, quota: str) -> None:
        """A caller was out of this quota."""

    def upstream_answered(self, service: str, seconds: float) -> None:
        """A service began its answer so long after it was asked."""

    def upstream_failed(self, service: str, reason: str) -> None:
        """A service was unreachable, or its answer made no sense."""


UNCOUNTED = Counts()


class FrontCounts(Counts):
    """Counts in the gateway's registry."""

    def __init__(self, counted: "Counted") -> None:
        tokens = counted.counter("kefu_gateway_tokens_total", "Credentials by whether they were known.", "result")
        self._known, self._examined = tokens.of("hit"), tokens.of("miss")
        self._refused = counted.counter("kefu_gateway_refusals_total", "Problems it answered with itself.", "reason")
        self._quotas = counted.counter("kefu_gateway_quota_refusals_total", "Requests beyond a quota.", "quota")
        self._upstream = counted.histogram(
            "kefu_gateway_upstream_duration_seconds", "From asking a service to its answer's begin.", "upstream"
        )
        self._failed = counted.counter(
            "kefu_gateway_upstream_failures_total", "Services that gave no usable answer.", "upstream", "reason"
        )

    def token_known(self) -> None:
        """See `Counts.token_known`."""
        self._known.inc()

    def token_examined(self) -> None:
        """See `Counts.token_examined`."""
        self._examined.inc()

    def refused(self, reason: str) -> None:
        """See `Counts.refused`."""
        self._refused.of(reason).inc()

    def quota_refused(self, quota: str) -> None:
        """See `Counts.quota_refused`."""
        self._quotas.of(quota).inc()

    def upstream_answered(self, service: str, seconds: float) -> None:
        """See `Counts.upstream_answered`."""
        self._upstream.of(service).observe(seconds)

    def upstream_failed(self, service: str, reason: str) -> None:
        """See `Counts.upstream_failed`."""
        self._failed.of(service, reason).inc()


def counts_for(metrics: Metrics) -> Counts:
    """Counts beside the runtime's metrics, if they count."""
    if not metrics.on:
        return UNCOUNTED
    from kit.prometheus import Counted

    assert isinstance(metrics, Counted)  # noqa: S101 - there is no other that is on
    return FrontCounts(metrics)
