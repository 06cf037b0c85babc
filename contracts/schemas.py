"""JSON Schemas of the events, and the AsyncAPI 3 document that an outside subscriber reads (E2)."""

from typing import Any

from pydantic.json_schema import models_json_schema

from contracts.catalogue import EVENTS, STREAMS, Stream
from contracts.event import Event
from contracts.examples import EXAMPLES

JsonSchema = dict[str, Any]

_UUID: JsonSchema = {"type": "string", "format": "uuid"}


def json_schema(event: type[Event]) -> JsonSchema:
    """The JSON Schema (2020-12) of one event's body."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:kefu:event:{event.SUBJECT}:v{event.VERSION}",
        **event.model_json_schema(),
    }


def headers_schema(event: type[Event]) -> JsonSchema:
    """The NATS headers of one event: CloudEvents 1.0 in binary mode, and ``Nats-Msg-Id`` for de-duplication."""
    required: JsonSchema = {
        "ce-specversion": {"const": "1.0"},
        "ce-id": _UUID | {"description": "Unique for ever; the same id is the same event."},
        "ce-type": {"const": event.ce_type()},
        "ce-source": {"type": "string", "format": "uri-reference"},
        "ce-subject": _UUID | {"description": f"Id of the {event.noun()}."},
        "ce-time": {"type": "string", "format": "date-time"},
        "ce-sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": f"Rises by exactly one per {event.noun()}: a gap is a lost event (E4).",
        },
        "ce-datacontenttype": {"const": "application/json"},
        "Nats-Msg-Id": _UUID | {"description": "Equal to ce-id."},
    }
    traced: JsonSchema = {"traceparent": {"type": "string", "description": "W3C trace context."}}
    return {"type": "object", "properties": required | traced, "required": list(required)}


def asyncapi(*, version: str = "1.0.0") -> JsonSchema:
    """The AsyncAPI 3 document of all events: a channel per subject, an operation and a message for each.

    Seen from Kefu: events of the services are sent, those of the storefront are received.
    """
    named, definitions = models_json_schema(
        [(event, "validation") for event in EVENTS.values()], ref_template="#/components/schemas/{model}"
    )
    payloads = {event: named[event, "validation"] for event in EVENTS.values()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kefu events",
            "version": version,
            "description": "What happened to customers, orders, tickets, staff and messages. Delivered at least "
            "once over NATS JetStream; `ce-id` de-duplicates, `ce-sequence` proves that nothing is missing. "
            "Schemas only grow.",
        },
        "defaultContentType": "application/json",
        "channels": {subject: _channel(event) for subject, event in EVENTS.items()},
        "operations": {f"{_action(event)}.{subject}": _operation(event) for subject, event in EVENTS.items()},
        "components": {
            "messages": {subject: _message(event, payloads[event]) for subject, event in EVENTS.items()},
            "schemas": definitions["$defs"],
        },
    }


def _stream_of(event: type[Event]) -> Stream:
    return STREAMS[event.OWNER.upper()]


def _action(event: type[Event]) -> str:
    return "receive" if _stream_of(event).private else "send"


def _summary(event: type[Event]) -> str:
    return " ".join((event.__doc__ or "").split())


def _channel(event: type[Event]) -> JsonSchema:
    stream = _stream_of(event)
    return {
        "address": event.SUBJECT,
        "title": event.SUBJECT,
        "description": f"Stream {stream.name}: {stream.description}.",
        "tags": [{"name": name} for name in sorted({event.OWNER, event.noun()})],
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.SUBJECT}"}},
    }


def _operation(event: type[Event]) -> JsonSchema:
    channel = f"#/channels/{event.SUBJECT}"
    return {
        "action": _action(event),
        "channel": {"$ref": channel},
        "title": event.SUBJECT,
        "summary": _summary(event),
        "tags": [{"name": event.OWNER}],
        "messages": [{"$ref": f"{channel}/messages/{event.__name__}"}],
    }


def _message(event: type[Event], payload: JsonSchema) -> JsonSchema:
    return {
        "name": event.ce_type(),
        "title": event.__name__,
        "summary": _summary(event),
        "contentType": "application/json",
        "headers": headers_schema(event),
        "payload": payload,
        "examples": [
            {"name": event.SUBJECT, "payload": EXAMPLES[event.SUBJECT].model_dump(mode="json")},
        ],
    }
