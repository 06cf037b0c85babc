"""The catalogue: every event there is, the streams they are kept in, and who reads what."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from contracts import appraisal, customer, notify, storefront, ticket
from contracts.event import Event


class Stream(NamedTuple):
    """One owner's stream. ``subjects`` are the NATS filters, each noun once; a ``private`` one is for the ticket
    service alone; ``max_age_days`` is empty where ``EVENT_RETENTION`` decides."""

    name: str
    owner: str
    subjects: tuple[str, ...]
    nouns: tuple[str, ...]
    description: str
    private: bool = False
    max_age_days: int | None = None


class Mode(StrEnum):
    """How a reader applies what it reads: *copy* keeps the newest state, *fact* takes each event once in any order,
    *ordered* takes strictly the next of its aggregate."""

    COPY = "copy"
    FACT = "fact"
    ORDERED = "ordered"


class Reader(NamedTuple):
    """One durable consumer: a service reads these nouns of a stream in one mode. A filter is always a whole noun."""

    service: str
    stream: str
    name: str
    nouns: tuple[str, ...]
    mode: Mode

    @property
    def subjects(self) -> tuple[str, ...]:
        """The NATS filters of the durable."""
        return tuple(f"{noun}.>" for noun in self.nouns)


class UnknownSubjectError(LookupError):
    """The subject is in no catalogue of this release."""


def register(events: Iterable[type[Event]]) -> dict[str, type[Event]]:
    """The events by subject; two events under one subject are a ``ValueError``."""
    registered: dict[str, type[Event]] = {}
    for event in events:
        if event.SUBJECT in registered:
            raise ValueError(f"{event.__name__} and {registered[event.SUBJECT].__name__} share {event.SUBJECT}")
        registered[event.SUBJECT] = event
    return registered


def _stream(owner: str, description: str, *, private: bool = False, max_age_days: int | None = None) -> Stream:
    nouns = tuple(dict.fromkeys(event.noun() for event in EVENTS.values() if owner == event.OWNER))
    filters = tuple(f"{noun}.>" for noun in nouns)
    return Stream(owner.upper(), owner, filters, nouns, description, private, max_age_days)


EVENTS: dict[str, type[Event]] = register(
    (*storefront.EVENTS, *customer.EVENTS, *ticket.EVENTS, *appraisal.EVENTS, *notify.EVENTS)
)

STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        _stream("storefront", "What the storefront tells the ticket service", private=True, max_age_days=7),
        _stream("customer", "Customers, organisations, consultations and callbacks"),
        _stream("ticket", "Orders, tickets and all that tickets are about"),
        _stream("appraisal", "Staff, conduct, inspections, appraisals and the ledger"),
        _stream("notify", "Deliveries, preferences, campaigns and webhooks"),
    )
}


def _reads(service: str, stream: str, name: str, mode: Mode, *nouns: str) -> Reader:
    """A reader called ``service-name``; without nouns it reads all of the stream."""
    return Reader(service, stream, f"{service}-{name}", nouns or STREAMS[stream].nouns, mode)


READERS: tuple[Reader, ...] = (
    _reads("ticket", "STOREFRONT", "storefront-order", Mode.ORDERED, "storefront.order"),
    _reads("ticket", "STOREFRONT", "storefront-refund", Mode.FACT, "storefront.refund"),
    _reads("ticket", "CUSTOMER", "customer-copy", Mode.COPY, "customer"),
    _reads("ticket", "APPRAISAL", "staff-copy", Mode.COPY, "staff", "team", "unit"),
    _reads("customer", "TICKET", "order-copy", Mode.COPY, "order"),
    _reads("customer", "TICKET", "ticket", Mode.FACT, "ticket", "refund", "goodwill", "payment", "complaint"),
    _reads("customer", "APPRAISAL", "staff-copy", Mode.COPY, "staff"),
    _reads("customer", "NOTIFY", "preference", Mode.FACT, "preference"),
    _reads("appraisal", "CUSTOMER", "customer", Mode.FACT, "consultation", "callback"),
    _reads("appraisal", "TICKET", "ticket", Mode.FACT),
    _reads("notify", "CUSTOMER", "customer-copy", Mode.COPY, "customer"),
    _reads("notify", "CUSTOMER", "customer", Mode.FACT),
    _reads("notify", "TICKET", "ticket", Mode.FACT),
    _reads("notify", "TICKET", "ticket-copy", Mode.COPY, "ticket"),
    _reads("notify", "APPRAISAL", "staff-copy", Mode.COPY, "staff"),
    _reads("notify", "APPRAISAL", "appraisal", Mode.FACT),
    _reads("gateway", "APPRAISAL", "staff", Mode.COPY, "staff"),
)


def decode(subject: str, body: bytes) -> Event:
    """The event that ``body`` is, by its subject. :class:`UnknownSubjectError` for a subject of another release,
    pydantic's ``ValidationError`` for a body that is not such an event."""
    try:
        event = EVENTS[subject]
    except KeyError:
        raise UnknownSubjectError(subject) from None
    return event.model_validate_json(body)
