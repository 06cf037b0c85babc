"""The counting metrics: a Prometheus registry per runtime, so that several services in one process don't mix.

Series are found once and then remembered by their label values: looking one up in the library costs three times what
counting does.
"""

from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from kit.metrics import UNMATCHED, Metrics

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_CLASSES = {number: f"{number}xx" for number in range(1, 6)}
_NEVER_ANSWERED = "5xx"

M = TypeVar("M", Counter, Gauge, Histogram)


class Family(Generic[M]):
    """One metric of one service, by its labels' values."""

    def __init__(self, metric: M, service: str) -> None:
        self._metric: M = metric
        self._service = service
        self._known: dict[tuple[str, ...], M] = {}

    def of(self, *values: str) -> M:
        """The series with these values. They come from lists of ours: each that was ever seen is kept."""
        known = self._known.get(values)
        if known is None:
            known = self._known[values] = self._metric.labels(self._service, *values)
        return known


class Counted(Metrics):
    """Counts, and keeps the registry that the metrics port shows."""

    on = True

    def __init__(self, service: str) -> None:
        # A second series beside each, which nobody asks for; the library has no types for this one function.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.service = service
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._in_progress = self.gauge("kefu_http_requests_in_progress", "Requests that are being answered.").of()
        self._requests = self.counter(
            "kefu_http_requests_total", "Requests by the class of their answer.", "method", "route", "status"
        )
        self._durations = self.histogram(
            "kefu_http_request_duration_seconds", "From a request's head to the end of its answer.", "method", "route"
        )
        self._published = self.counter("kefu_events_published_total", "Events the broker acknowledged.", "subject")
        self._handled = self.counter("kefu_events_handled_total", "Deliveries by their end.", "consumer", "result")
        self._fired = self.counter("kefu_timers_fired_total", "Timers whose effect is committed.", "kind")
        self._failed = self.counter("kefu_timers_failed_total", "Timers whose handler failed.", "kind")
        self._of_requests: dict[tuple[str, str | None, int], tuple[Counter, Histogram]] = {}

    def counter(self, name: str, meaning: str, *labels: str) -> Family[Counter]:
        """A counter of this registry; the service is the first label of every metric."""
        return Family(Counter(name, meaning, ("service", *labels), registry=self.registry), self.service)

    def gauge(self, name: str, meaning: str, *labels: str) -> Family[Gauge]:
        """A gauge of this registry."""
        return Family(Gauge(name, meaning, ("service", *labels), registry=self.registry), self.service)

    def histogram(self, name: str, meaning: str, *labels: str) -> Family[Histogram]:
        """A histogram of this registry, in seconds."""
        names = ("service", *labels)
        return Family(Histogram(name, meaning, names, registry=self.registry, buckets=_SECONDS), self.service)

    def request_began(self) -> None:
        """See `Metrics.request_began`."""
        self._in_progress.inc()

    def request_ended(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """See `Metrics.request_ended`. The method is the caller's word: all that nobody serves are one."""
        self._in_progress.dec()
        key = (method if method in _METHODS else "other", route, status // 100)
        known = self._of_requests.get(key)
        if known is None:
            known = self._of_requests[key] = self._series(*key)
        requests, durations = known
        requests.inc()
        durations.observe(seconds)

    def published(self, subject: str) -> None:
        """See `Metrics.published`."""
        self._published.of(subject).inc()

    def handled(self, consumer: str, result: str, count: int = 1) -> None:
        """See `Metrics.handled`."""
        self._handled.of(consumer, result).inc(count)

    def timer_fired(self, kind: str) -> None:
        """See `Metrics.timer_fired`."""
        self._fired.of(kind).inc()

    def timer_failed(self, kind: str) -> None:
        """See `Metrics.timer_failed`."""
        self._failed.of(kind).inc()

    def _series(self, method: str, route: str | None, status: int) -> tuple[Counter, Histogram]:
        path, told = route or UNMATCHED, _CLASSES.get(status, _NEVER_ANSWERED)
        return self._requests.of(method, path, told), self._durations.of(method, path)
