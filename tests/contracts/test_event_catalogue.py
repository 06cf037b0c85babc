"""The catalogue holds what was agreed: every subject once, in its owner's stream, with an example and its readers."""

import pytest
from pydantic import ValidationError

from contracts.catalogue import EVENTS, READERS, STREAMS, Mode, Reader, UnknownSubjectError, decode, register
from contracts.event import Event
from contracts.examples import EXAMPLES, example
from contracts.fields import Part
from contracts.ticket.ticket import TicketClosed

AGREED = {
    "storefront": """
        storefront.order.placed storefront.order.paid storefront.order.shipped storefront.order.received
        storefront.order.completed storefront.order.cancelled storefront.order.corrected
        storefront.refund.paid storefront.refund.failed storefront.message.received
    """,
    "customer": """
        customer.created customer.changed customer.merged customer.unmerged customer.erased customer.tier_changed
        customer.stage_changed customer.owner_changed
        organisation.submitted organisation.approved organisation.returned organisation.rejected
        consultation.logged callback.planned callback.completed
    """,
    "ticket": """
        order.recorded order.corrected order.paid order.shipped order.received order.completed order.cancelled
        order.flagged order.change_requested
        ticket.opened ticket.assigned ticket.replied ticket.waiting ticket.reopened ticket.solved ticket.closed
        ticket.cancelled ticket.merged
        clock.warned clock.breached clock.met
        complaint.judged complaint.responsibility_fixed complaint.graded complaint.promised complaint.called_back
        refund.requested refund.approved refund.refused refund.goods_received refund.inspected refund.paid
        refund.failed refund.withdrawn
        exchange.sent goodwill.granted goodwill.paid goodwill.failed cost.rebooked emergency.contained
        payment.drifted payment.paid_late penalty.published platform_points.booked
        shift.started shift.ended shift.handed_over shift.handover_missed shift.uncovered
        shop_account.found_unattended
        service_request.submitted service_request.returned service_request.approved service_request.done
        review.worked
    """,
    "appraisal": """
        staff.hired staff.changed staff.suspended staff.left team.changed unit.changed
        violation.drafted violation.confirmed violation.appealed violation.withdrawn merit.recorded
        inspection.completed rectification.issued rectification.passed rectification.escalated
        appraisal.drafted appraisal.published ledger.posted
    """,
    "notify": """
        notification.sent notification.failed notification.in_doubt notification.read preference.changed
        campaign.started campaign.finished campaign.stopped webhook.disabled
    """,
}

AGREED_READS = {
    "ticket-storefront-order": ("ticket", "STOREFRONT", Mode.ORDERED, "storefront.order"),
    "ticket-storefront-refund": ("ticket", "STOREFRONT", Mode.FACT, "storefront.refund"),
    "ticket-customer-copy": ("ticket", "CUSTOMER", Mode.COPY, "customer"),
    "ticket-staff-copy": ("ticket", "APPRAISAL", Mode.COPY, "staff team unit"),
    "customer-order-copy": ("customer", "TICKET", Mode.COPY, "order"),
    "customer-ticket": ("customer", "TICKET", Mode.FACT, "ticket refund goodwill payment complaint"),
    "customer-staff-copy": ("customer", "APPRAISAL", Mode.COPY, "staff"),
    "customer-preference": ("customer", "NOTIFY", Mode.FACT, "preference"),
    "appraisal-customer": ("appraisal", "CUSTOMER", Mode.FACT, "consultation callback"),
    "appraisal-ticket": ("appraisal", "TICKET", Mode.FACT, "*"),
    "notify-customer-copy": ("notify", "CUSTOMER", Mode.COPY, "customer"),
    "notify-customer": ("notify", "CUSTOMER", Mode.FACT, "*"),
    "notify-ticket": ("notify", "TICKET", Mode.FACT, "*"),
    "notify-ticket-copy": ("notify", "TICKET", Mode.COPY, "ticket"),
    "notify-staff-copy": ("notify", "APPRAISAL", Mode.COPY, "staff"),
    "notify-appraisal": ("notify", "APPRAISAL", Mode.FACT, "*"),
    "gateway-staff": ("gateway", "APPRAISAL", Mode.COPY, "staff"),
}

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)


def events_of(noun: str) -> list[type[Event]]:
    return [event for event in EVENTS.values() if event.noun() == noun]


@pytest.mark.parametrize("owner", AGREED)
def test_every_agreed_subject_is_there_and_no_other(owner: str) -> None:
    assert {subject for subject, event in EVENTS.items() if owner == event.OWNER} == set(AGREED[owner].split())


def test_nobody_else_owns_events() -> None:
    assert {event.OWNER for event in EVENTS.values()} == set(AGREED)


def test_a_subject_is_registered_once() -> None:
    with pytest.raises(ValueError, match=r"share ticket\.closed"):
        register((TicketClosed, TicketClosed))


@each_event
def test_every_event_explains_itself(event: type[Event]) -> None:
    assert event.__doc__
    assert event.__doc__ != Event.__doc__


@each_event
def test_every_event_has_an_example_that_survives_the_way(event: type[Event]) -> None:
    """E1"""
    told = example(event.SUBJECT)

    assert type(told) is event
    assert decode(event.SUBJECT, told.model_dump_json().encode()) == told


@each_event
def test_types_and_aggregates(event: type[Event]) -> None:
    assert event.ce_type() == f"kefu.{event.SUBJECT}.v1"
    assert EXAMPLES[event.SUBJECT].aggregate_id.version in {5, 7}


def test_an_unknown_subject_or_a_wrong_body_is_not_decoded() -> None:
    with pytest.raises(UnknownSubjectError):
        decode("ticket.exploded", b"{}")
    with pytest.raises(ValidationError):
        decode("ticket.closed", b"{}")
    with pytest.raises(ValidationError):
        decode("ticket.closed", b"not json")


def test_streams_hold_each_noun_once() -> None:
    subjects = [subject for stream in STREAMS.values() for subject in stream.subjects]

    assert set(STREAMS) == {owner.upper() for owner in AGREED}
    assert len(subjects) == len(set(subjects))
    assert {f"{event.noun()}.>" for event in EVENTS.values()} == set(subjects)


def test_only_the_storefronts_stream_is_private_and_forgets() -> None:
    """X6"""
    assert {name for name, stream in STREAMS.items() if stream.private} == {"STOREFRONT"}
    assert {name: stream.max_age_days for name, stream in STREAMS.items() if stream.max_age_days} == {"STOREFRONT": 7}
    assert {reader.service for reader in READERS if reader.stream == "STOREFRONT"} == {"ticket"}


def test_readers_are_those_agreed() -> None:
    found = {
        reader.name: (
            reader.service,
            reader.stream,
            reader.mode,
            "*" if reader.nouns == STREAMS[reader.stream].nouns else " ".join(reader.nouns),
        )
        for reader in READERS
    }
    assert len(found) == len(READERS)
    assert found == AGREED_READS


@each_reader
def test_a_reader_reads_nouns_of_its_stream(reader: Reader) -> None:
    assert set(reader.nouns) <= set(STREAMS[reader.stream].nouns)
    assert set(reader.subjects) <= set(STREAMS[reader.stream].subjects)
    assert reader.name.startswith(f"{reader.service}-")


@pytest.mark.parametrize(
    "noun",
    sorted({noun for reader in READERS if reader.mode is Mode.COPY for noun in reader.nouns} | {"preference"}),
)
def test_what_is_copied_carries_its_whole_state_in_every_event(noun: str) -> None:
    """A copy applies any event newer than its last, so each one must say everything."""
    states = {event.model_fields[noun].annotation for event in events_of(noun)}

    assert len(states) == 1
    (state,) = states
    assert isinstance(state, type)
    assert issubclass(state, Part)
    assert all(event.model_fields[noun].is_required() for event in events_of(noun))
    assert all(f"{noun}.{noun}_id" == event.AGGREGATE for event in events_of(noun))
