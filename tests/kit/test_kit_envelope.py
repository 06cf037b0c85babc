"""The envelope: what we send is a CloudEvent to the official SDK, what we receive is read strictly (E1, E4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings import http as official
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as some

from contracts.catalogue import EVENTS
from contracts.examples import example
from kit.envelope import Meta, UndecodableError, headers, read_event, read_meta
from kit.ids import new_id

AT = datetime(2026, 11, 21, 4, 0, 0, 123456, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
META = Meta(new_id(), "ticket.closed", new_id(), 7, AT, TRACE)
GOOD = headers(META, owner="ticket")


def oracle(sent: dict[str, str], body: bytes) -> Any:
    """The message as the official SDK understands it; binary mode over NATS differs from HTTP in no header of ours."""
    return official.from_binary(official.HTTPMessage(sent, body), JSONFormat())


@pytest.mark.parametrize("subject", EVENTS)
def test_the_official_sdk_reads_every_event_of_the_catalogue(subject: str) -> None:
    """E1"""
    event = example(subject)
    body = event.model_dump_json().encode()
    meta = Meta(new_id(), subject, event.aggregate_id, 3, AT, TRACE)
    read = oracle(headers(meta, owner=event.OWNER), body)
    assert (read.get_specversion(), read.get_id(), read.get_type()) == ("1.0", str(meta.id), type(event).ce_type())
    assert (read.get_source(), read.get_subject()) == (f"/kefu/{event.OWNER}", str(event.aggregate_id))
    assert (read.get_time(), read.get_datacontenttype()) == (AT, "application/json")
    assert (read.get_extension("sequence"), read.get_extension("traceparent")) == ("3", TRACE)
    assert read.get_data() == event.model_dump(mode="json")


@pytest.mark.parametrize("subject", EVENTS)
def test_we_read_what_the_official_sdk_writes(subject: str) -> None:
    """E3: a storefront may use it."""
    event = example(subject)
    attributes = {
        "specversion": "1.0", "id": str(META.id), "type": type(event).ce_type(), "source": "/shop", "time": AT,
        "subject": str(event.aggregate_id), "datacontenttype": "application/json", "sequence": "3", "traceparent": TRACE,
    }  # fmt: skip
    message = official.to_binary(CloudEvent(attributes, event.model_dump(mode="json")), JSONFormat())
    meta = read_meta(subject, message.headers)
    assert meta == Meta(META.id, subject, event.aggregate_id, 3, AT, TRACE)
    assert read_event(meta, message.body) == event


def test_the_broker_s_own_header_carries_the_event_s_id() -> None:
    assert GOOD["Nats-Msg-Id"] == GOOD["ce-id"] == str(META.id)


def test_what_is_written_is_read_back() -> None:
    assert read_meta("ticket.closed", GOOD) == META
    plain = Meta(META.id, "ticket.closed", META.aggregate_id, 1, AT)
    assert read_meta("ticket.closed", headers(plain, owner="ticket")) == plain


@given(some.text(max_size=60).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
def test_any_text_crosses_as_printable_ascii(trace: str) -> None:
    meta = Meta(META.id, "ticket.closed", META.aggregate_id, 1, AT, trace or None)
    sent = headers(meta, owner="ticket")
    for value in sent.values():
        assert value.isascii()
        assert value.isprintable()
        assert " " not in value
    assert oracle(sent, b"{}").get_extension("traceparent") == meta.traceparent
    # No trace context: whoever reads it begins a new trace.
    assert read_meta("ticket.closed", sent) == replace(meta, traceparent=None)


def test_header_names_are_read_in_any_case() -> None:
    assert read_meta("ticket.closed", {name.upper(): value for name, value in GOOD.items()}) == META


def test_an_offset_is_the_same_instant() -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    read = read_meta("ticket.closed", {**GOOD, "ce-time": shanghai.isoformat()})
    assert read.time == AT


@pytest.mark.parametrize("name", ["ce-id", "ce-subject", "ce-sequence", "ce-time"])
def test_a_missing_attribute_is_undecodable(name: str) -> None:
    with pytest.raises(UndecodableError):
        read_meta("ticket.closed", {key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce-id", ""), ("ce-id", "7"), ("ce-id", "../../x"), ("ce-subject", "nobody"), ("ce-subject", "１"),
        ("ce-sequence", ""), ("ce-sequence", "x"), ("ce-sequence", "1.0"), ("ce-sequence", "1e3"), ("ce-sequence", "0"),
        ("ce-sequence", "-1"), ("ce-sequence", "+1"), ("ce-sequence", "1_000"), ("ce-sequence", " 1"), ("ce-sequence", "１"),
        ("ce-sequence", str(2**63)), ("ce-sequence", "9" * 5_000), ("ce-sequence", "01"),
        ("ce-time", ""), ("ce-time", "yesterday"), ("ce-time", "2026-11-21T04:00:00"), ("ce-time", "2026-11-21"),
        ("ce-time", "1763697600"),
    ],
)  # fmt: skip
def test_a_malformed_attribute_is_undecodable(name: str, value: str) -> None:
    """A sequence that no column holds, a time that is no instant: never retried, always a dead letter (I7)."""
    with pytest.raises(UndecodableError) as failure:
        read_meta("ticket.closed", {**GOOD, name: value})
    assert not value or value not in str(failure.value)


@pytest.mark.parametrize("raw", [None, {}, {"Nats-Msg-Id": "x"}])
def test_a_message_without_attributes_is_undecodable(raw: dict[str, str] | None) -> None:
    with pytest.raises(UndecodableError):
        read_meta("ticket.closed", raw)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b'{"ticket":1}', b"[" * 100_000, b'{"ticket":{"a":NaN}}']
)
def test_a_body_that_breaks_its_contract_is_undecodable_and_not_quoted(body: bytes) -> None:
    with pytest.raises(UndecodableError, match=r"^the body is no ticket\.closed: [a-z_/0-9*, ]+$"):
        read_event(META, body)


def test_a_subject_of_another_release_is_undecodable() -> None:
    with pytest.raises(UndecodableError):
        read_event(Meta(META.id, "ticket.teleported", META.aggregate_id, 1, AT), b"{}")


def test_fields_of_a_later_release_are_ignored() -> None:
    """I9: an old reader survives a contract that has grown."""
    event = example("staff.left")
    grown = event.model_dump_json()[:-1].encode() + b',"shoe_size":43}'
    meta = Meta(META.id, "staff.left", UUID(int=1), 1, AT)
    assert read_event(meta, grown) == event
