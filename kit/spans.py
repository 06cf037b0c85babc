"""The recording half of traces, with OpenTelemetry's SDK.

Whether a trace is recorded is decided by its id, alike in every process: a caller's "sampled" flag can't make us
record more than our share. Attributes leave the process by a list of names that are known to be harmless: FastAPI's
own spans carry paths, query strings and host names, in which a person may stand (X6).
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from kit.envelope import Meta
from kit.tracing import Carry, RequestSpan, Tracing, well_formed

CLOSE_SECONDS = 2.0
_TOLD = frozenset({
    "error.type", "http.request.method", "http.response.status_code", "http.route", "messaging.batch.message_count",
    "messaging.consumer.group.name", "messaging.destination.name", "messaging.message.id", "messaging.operation.type",
    "messaging.system",
})  # fmt: skip
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_PROBES = frozenset({"/livez", "/readyz"})
_FAILED = Status(StatusCode.ERROR)


class Recording(Tracing):
    """Records a share of all traces."""

    on = True

    def __init__(self, service: str, exporter: SpanExporter, share: float) -> None:
        by_id = TraceIdRatioBased(share)
        sampler = ParentBased(by_id, remote_parent_sampled=by_id, remote_parent_not_sampled=by_id)
        resource = Resource.create({"service.name": f"kefu-{service}"})
        self._provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Discreet(exporter)))
        self._tracer = self._provider.get_tracer("kefu")

    def telemetry(self) -> TelemetryConfig:
        """See `Tracing.telemetry`: one span a request; spans of operations would cost more than the request."""
        return TelemetryConfig(
            tracer_provider=self._provider,
            tracing=True,
            operation_spans=False,
            metrics=False,
            logs=False,
            auto_configure=False,
            exclude=_is_probe,
        )

    def begin(self, method: str, caller: str | None) -> RequestSpan | None:
        """See `Tracing.begin`."""
        named = method if method in _METHODS else "_OTHER"
        attributes = {"http.request.method": named}
        span = self._tracer.start_span(named, _after(caller), kind=SpanKind.SERVER, attributes=attributes)
        return _RequestSpan(span, named)

    def here(self, given: str | None) -> str | None:
        """See `Tracing.here`."""
        return _spelled(trace.get_current_span()) or given

    @contextmanager
    def publishing(self, subject: str, cause: str | None) -> Iterator[str | None]:
        """See `Tracing.publishing`. An attempt that fails is not told: while the broker is away there are five a
        second, and the one that succeeds tells how long it took."""
        attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.destination.name": subject,
        }
        span = self._tracer.start_span(
            f"publish {subject}", _after(cause), kind=SpanKind.PRODUCER, attributes=attributes
        )
        yield _spelled(span)
        span.end()

    @contextmanager
    def handling(self, consumer: str, events: Sequence[Meta]) -> Iterator[Carry]:
        """See `Tracing.handling`: a span for each event, in the trace that it came with."""
        spans = {meta.id: self._handle_span(consumer, meta, len(events)) for meta in events}
        with _ending(list(spans.values())):
            yield lambda meta: _spelled(spans[meta.id])

    async def close(self) -> None:
        """See `Tracing.close`. The SDK would wait for a collector that is away longer than the process may."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):  # nobody waited that long, and the loop is gone
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=shut_down, daemon=True).start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closed.wait(), CLOSE_SECONDS)

    def _handle_span(self, consumer: str, meta: Meta, together: int) -> Span:
        attributes: dict[str, str | int] = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": meta.subject,
            "messaging.consumer.group.name": consumer,
            "messaging.message.id": str(meta.id),
            "messaging.batch.message_count": together,
        }
        cause = _after(meta.traceparent)
        return self._tracer.start_span(f"handle {meta.subject}", cause, kind=SpanKind.CONSUMER, attributes=attributes)


class _RequestSpan:
    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method
        self.traceparent = _spelled(span) or ""

    def end(self, route: str | None, status: int) -> None:
        if route is not None:
            self._span.update_name(f"{self._method} {route}")
            self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(_FAILED)
        self._span.end()


class _Discreet(SpanExporter):
    """Lets pass what is known to hold no personal data, whoever wrote it into a span."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_told(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()


class FileExporter(SpanExporter):
    """Appends spans to a file, one JSON object a line; for looking around on one machine, and for tests."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter.export`."""
        with self._path.open("ab") as file:
            file.writelines(orjson.dumps(_facts(span), option=orjson.OPT_APPEND_NEWLINE) for span in spans)
        return SpanExportResult.SUCCESS


def exporter_to(place: str, service: str) -> SpanExporter:
    """To a file in the folder of `file:FOLDER`, else to the OTLP collector at that address."""
    if place.startswith("file:"):
        return FileExporter(Path(place.removeprefix("file:")) / f"{service}.jsonl")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=place, timeout=CLOSE_SECONDS)


def _told(span: ReadableSpan) -> ReadableSpan:
    """The span without what callers may have put into it: events, links, states and unknown attributes stay here."""
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in _TOLD}
    return ReadableSpan(
        name=span.name,
        context=_bare(span.context),
        parent=_bare(span.parent),
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _bare(context: SpanContext | None) -> SpanContext | None:
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def _facts(span: ReadableSpan) -> dict[str, Any]:
    context, parent = span.context, span.parent
    assert context is not None  # noqa: S101 - a span that was started has one
    return {
        "name": span.name,
        "kind": span.kind.name.lower(),
        "service": span.resource.attributes.get("service.name"),
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "parent_id": f"{parent.span_id:016x}" if parent else None,
        "start": span.start_time,
        "end": span.end_time,
        "status": span.status.status_code.name.lower(),
        "attributes": dict(span.attributes or {}),
    }


def _after(traceparent: str | None) -> Context:
    """The context of a child of that span; an empty one, so a new trace, when it is none."""
    known = well_formed(traceparent)
    if known is None:
        return Context()
    _, trace_id, span_id, flags = known.split("-")
    context = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


def _spelled(span: Span) -> str | None:
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def _ending(spans: Sequence[Span]) -> Iterator[None]:
    """End the spans with the block, marked with the class of the error that ended it, if one did."""
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(_FAILED)
        raise
    finally:
        for span in spans:
            span.end()


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in _PROBES
