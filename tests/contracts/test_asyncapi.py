"""The AsyncAPI document: a channel, an operation and a message per subject, every reference resolvable."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.catalogue import EVENTS
from contracts.event import Event
from contracts.schemas import asyncapi, headers_schema, json_schema

DOCUMENT = asyncapi(version="1.2.3")

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(reference: str, document: Any = DOCUMENT) -> Any:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_it_is_asyncapi_three() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert set(DOCUMENT["channels"]) == set(DOCUMENT["components"]["messages"]) == set(EVENTS)
    assert len(DOCUMENT["operations"]) == len(EVENTS)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(EVENTS)
    assert all(resolve(reference) for reference in found)


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


@each_event
def test_a_subject_can_be_followed_from_operation_to_example(event: type[Event]) -> None:
    action = "receive" if event.OWNER == "storefront" else "send"
    operation = DOCUMENT["operations"][f"{action}.{event.SUBJECT}"]
    channel = resolve(operation["channel"]["$ref"])
    message = resolve(resolve(operation["messages"][0]["$ref"])["$ref"])
    payload = resolve(message["payload"]["$ref"])

    assert operation["action"] == action
    assert channel["address"] == event.SUBJECT
    assert message["name"] == event.ce_type()
    assert payload["properties"].keys() == event.model_fields.keys()
    assert event.model_validate(message["examples"][0]["payload"]).SUBJECT == event.SUBJECT


@each_event
def test_headers_are_those_of_cloudevents_and_nats(event: type[Event]) -> None:
    headers = headers_schema(event)
    assert set(headers["required"]) == {
        "ce-specversion",
        "ce-id",
        "ce-type",
        "ce-source",
        "ce-subject",
        "ce-time",
        "ce-sequence",
        "ce-datacontenttype",
        "Nats-Msg-Id",
    }
    assert headers["properties"]["ce-type"] == {"const": event.ce_type()}
    assert "traceparent" in headers["properties"]


@each_event
def test_a_json_schema_stands_alone(event: type[Event]) -> None:
    schema = json_schema(event)
    assert schema["$id"] == f"urn:kefu:event:{event.SUBJECT}:v1"
    assert schema["type"] == "object"
    assert all(resolve(reference, schema) for reference in references(schema))


def test_no_schema_knows_a_number_that_is_not_whole() -> None:
    """X4: there is no float in any contract."""
    assert '"type": "number"' not in json.dumps(DOCUMENT["components"]["schemas"])
