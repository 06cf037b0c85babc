"""CloudEvents 1.0 in binary mode on NATS headers: every attribute is a `ce-*` header, the body is the JSON data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote, unquote
from uuid import UUID

from pydantic import ValidationError

from contracts.catalogue import decode
from contracts.event import Event
from kit.clock import as_utc
from kit.reasons import faults_in
from kit.tracing import well_formed

E = TypeVar("E", bound=Event)
# Printable ASCII that the CloudEvents protocol bindings leave unencoded; space, quote and percent are encoded.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')

# From 1, and below what a bigint holds.
_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")


class UndecodableError(Exception):
    """A message that is no event of the catalogue; the text says which part, never a value of it."""


@dataclass(frozen=True, slots=True)
class Meta:
    """The attributes around an event's data."""

    id: UUID
    subject: str
    aggregate_id: UUID
    sequence: int
    time: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery(Generic[E]):
    """One event as a subscriber's handler gets it."""

    meta: Meta
    event: E


def headers(meta: Meta, *, owner: str) -> dict[str, str]:
    """The NATS headers of an event; `Nats-Msg-Id` lets the broker drop a repeat inside its window."""
    named = {f"ce-{name}": value for name, value in attributes(meta, owner=owner).items()}
    named["Nats-Msg-Id"] = str(meta.id)
    return {name: quote(value, safe=_SAFE) for name, value in named.items()}


def attributes(meta: Meta, *, owner: str) -> dict[str, str]:
    """The CloudEvents attributes of an event."""
    named = {
        "specversion": "1.0",
        "id": str(meta.id),
        "type": f"kefu.{meta.subject}.v1",
        "source": f"/kefu/{owner}",
        "subject": str(meta.aggregate_id),
        "time": meta.time.isoformat(),
        "sequence": str(meta.sequence),
        "datacontenttype": "application/json",
    }
    return {**named, "traceparent": meta.traceparent} if meta.traceparent else named


def read_meta(subject: str, raw: Mapping[str, str] | None) -> Meta:
    """The attributes of a received message. Raises UndecodableError when one is missing or malformed."""
    given = {name.lower(): unquote(value) for name, value in (raw or {}).items()}
    try:
        if not _SEQUENCE.fullmatch(given["ce-sequence"]):
            raise ValueError("no sequence number")
        return Meta(
            id=UUID(given["ce-id"]),
            subject=subject,
            aggregate_id=UUID(given["ce-subject"]),
            sequence=int(given["ce-sequence"]),
            time=as_utc(datetime.fromisoformat(given["ce-time"])),
            traceparent=well_formed(given.get("ce-traceparent")),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise UndecodableError("the CloudEvents headers can't be read") from error


def read_event(meta: Meta, body: bytes) -> Event:
    """The event in a message's body. Raises UndecodableError when it doesn't fit its contract."""
    try:
        return decode(meta.subject, body)
    except ValidationError as error:
        raise UndecodableError(f"the body is no {meta.subject}: {faults_in(error)}") from error
    except (ValueError, LookupError) as error:
        raise UndecodableError(f"the body is no {meta.subject}") from error
