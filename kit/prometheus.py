"""The counting metrics: a Prometheus registry per runtime, so that several services in one process don't mix.

What is counted is counted in plain numbers, by one event loop, and brought into the library's form when it is asked
for: its own counters take locks and look at their labels each time, which costs ten times as much.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kit.metrics import UNMATCHED, Metrics

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BOUNDS = (*map(str, _SECONDS), "+Inf")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_CLASSES = {number: f"{number}xx" for number in range(1, 6)}
_NEVER_ANSWERED = "5xx"


class Tally:
    """A number that goes up, of a gauge also down."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, count: int = 1) -> None:
        """So many more."""
        self.value += count

    def dec(self) -> None:
        """One less."""
        self.value -= 1


class Spread:
    """How durations (seconds) are spread over buckets."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """One more duration."""
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.sum += seconds

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Each bound with how many durations were not longer."""
        return list(zip(_BOUNDS, accumulate(self.counts), strict=True))


S = TypeVar("S", bound=Tally | Spread)


class Family(Collector, Generic[S]):
    """One metric of one service, by its labels' values; `show` brings a series into the library's form."""

    def __init__(
        self, service: str, empty: Metric, make: Callable[[], S], show: Callable[[list[str], S], None]
    ) -> None:
        self._service = service
        self._empty = empty
        self._make = make
        self._show = show
        self._known: dict[tuple[str, ...], S] = {}

    def of(self, *values: str) -> S:
        """The series with these values. They come from lists of ours: each that was ever seen is kept."""
        known = self._known.get(values)
        if known is None:
            known = self._known[values] = self._make()
        return known

    def collect(self) -> Iterator[Metric]:
        """All series as they stand."""
        self._empty.samples.clear()
        for values, series in self._known.items():
            self._show([self._service, *values], series)
        yield self._empty


class Counted(Metrics):
    """Counts, and keeps the registry that the metrics port shows."""

    on = True

    def __init__(self, service: str) -> None:
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
        self._of_requests: dict[tuple[str, str | None, int], tuple[Tally, Spread]] = {}

    def counter(self, name: str, meaning: str, *labels: str) -> Family[Tally]:
        """A counter of this registry; the service is the first label of every metric."""
        empty = CounterMetricFamily(name, meaning, labels=("service", *labels))
        return self._kept(Family(self.service, empty, Tally, lambda one, it: empty.add_metric(one, it.value)))

    def gauge(self, name: str, meaning: str, *labels: str) -> Family[Tally]:
        """A gauge of this registry."""
        empty = GaugeMetricFamily(name, meaning, labels=("service", *labels))
        return self._kept(Family(self.service, empty, Tally, lambda one, it: empty.add_metric(one, it.value)))

    def histogram(self, name: str, meaning: str, *labels: str) -> Family[Spread]:
        """A histogram of this registry, in seconds."""
        empty = HistogramMetricFamily(name, meaning, labels=("service", *labels))
        return self._kept(
            Family(self.service, empty, Spread, lambda one, it: empty.add_metric(one, it.buckets, it.sum))
        )

    def _kept(self, family: Family[S]) -> Family[S]:
        self.registry.register(family)
        return family

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

    def _series(self, method: str, route: str | None, status: int) -> tuple[Tally, Spread]:
        path, told = route or UNMATCHED, _CLASSES.get(status, _NEVER_ANSWERED)
        return self._requests.of(method, path, told), self._durations.of(method, path)
