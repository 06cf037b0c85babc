"""T2, I10: the common life of a ticket. The drawing stands here a second time, written out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.ticket.ticket import AssignmentCause, TicketEvent, TicketKind, TicketSource, TicketStatus, WaitingOn
from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.ticket import lifecycle as life
from services.ticket.ticket.policy import TICKET_LIFE, TicketLife

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
BEFORE = AT - timedelta(days=1)
ME, OTHER = new_id(), new_id()
AGENT = Principal("staff:me", frozenset({"agent"}), staff_id=ME)
SYSTEM = Principal("system:timer", frozenset())

# verb: what becomes of a ticket in new, open, waiting, solved, closed, cancelled; - is refused.
STATES = ("new", "open", "waiting", "solved", "closed", "cancelled")
DRAWING = {
    "start":  "open       -          -          -       -     -",
    "wait":   "-          waiting    waiting    -       -     -",
    "resume": "-          -          open       -       -     -",
    "solve":  "-          solved     solved     -       -     -",
    "close":  "-          -          -          closed  -     -",
    "reopen": "-          -          -          open    open  -",
    "cancel": "cancelled  cancelled  cancelled  -       -     -",
    "assign": "new        open       waiting    -       -     -",
}  # fmt: skip
ALLOWED = {
    "new": {"start", "cancel"},
    "open": {"wait", "solve", "cancel"},
    "waiting": {"wait", "resume", "solve", "cancel"},
    "solved": {"close", "reopen"},
    "closed": {"reopen"},
    "cancelled": set(),
}
TOLD = {
    "start": "ticket.assigned", "wait": "ticket.waiting", "resume": "ticket.waiting", "solve": "ticket.solved",
    "close": "ticket.closed", "reopen": "ticket.reopened", "cancel": "ticket.cancelled", "assign": "ticket.assigned",
}  # fmt: skip


@dataclass
class Paper:
    """A ticket as the table would hold it."""

    status: str = "new"
    waiting_on: str | None = None
    ticket_id: UUID = field(default_factory=new_id)
    number: str = "T20261121-000001"
    kind: str = "inquiry"
    shop: str = "main"
    customer_id: UUID | None = None
    account_id: UUID | None = None
    order_id: UUID | None = None
    order_no: str | None = None
    category: str | None = None
    tier: str | None = None
    assignee_staff_id: UUID | None = None
    group_code: str | None = None
    unit_id: UUID | None = None
    watchers: list[str] = field(default_factory=list)
    opened_by: str = "staff:me"
    opened_by_staff_id: UUID | None = ME
    priority: str = "normal"
    channel: str = "chat"
    opened_at: datetime = BEFORE
    solved_at: datetime | None = None
    solved_by_staff_id: UUID | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    merged_into: UUID | None = None
    times_reopened: int = 0
    touched_by: list[str] = field(default_factory=list)
    version: int = 1
    event_seq: int = 0


def in_state(state: str) -> Paper:
    """A ticket as it is in that state."""
    return Paper(
        status=state,
        waiting_on="courier" if state == "waiting" else None,
        solved_at=BEFORE if state in ("solved", "closed") else None,
        closed_at=BEFORE if state in ("closed", "cancelled") else None,
    )


VERBS: dict[str, Callable[[Paper], TicketEvent]] = {
    "start": lambda ticket: life.start(ticket, AGENT, AT),
    "wait": lambda ticket: life.wait(ticket, WaitingOn.SUPPLIER, AGENT, AT),
    "resume": lambda ticket: life.resume(ticket, AGENT, AT),
    "solve": lambda ticket: life.solve(ticket, AGENT, AT),
    "close": lambda ticket: life.close(ticket, AGENT, AT),
    "reopen": lambda ticket: life.reopen(ticket, AGENT, AT),
    "cancel": lambda ticket: life.cancel(ticket, AGENT, AT),
    "assign": lambda ticket: life.assign(ticket, life.Hands(OTHER, None, AssignmentCause.TRANSFERRED), AGENT, AT),
}
PRODUCT = [
    (state, verb, end) for verb, ends in DRAWING.items() for state, end in zip(STATES, ends.split(), strict=True)
]


@pytest.mark.parametrize(("state", "verb", "end"), PRODUCT, ids=[f"{state}-{verb}" for state, verb, _ in PRODUCT])
def test_every_verb_in_every_state(state: str, verb: str, end: str) -> None:
    """T2, I10: what is drawn leads where the drawing says and is told; what isn't changes nothing and is refused
    with what is allowed."""
    ticket = in_state(state)
    before = replace(ticket)
    if end == "-":
        with pytest.raises(Problem) as refused:
            VERBS[verb](ticket)
        assert refused.value.slug == "transition-refused"
        facts = refused.value.facts
        assert (facts["noun"], facts["from"], facts["verb"]) == ("ticket", state, verb)
        assert set(facts["allowed"]) == ALLOWED[state]
        assert ticket == before
        return
    told = VERBS[verb](ticket)
    assert (ticket.status, told.SUBJECT) == (end, TOLD[verb])
    assert told.ticket == life.state_of(ticket)
    assert (ticket.waiting_on is not None) == (end == "waiting")


def test_the_drawing_covers_all_there_is() -> None:
    """The oracle above forgets no state and no verb of the table."""
    assert set(STATES) == {state.value for state in TicketStatus}
    assert set(DRAWING) == {*life.LIFE.table, "assign"}
    assert life.LIFE.initial is TicketStatus.NEW
    assert {state.value for state in life.UNFINISHED} == {"new", "open", "waiting"}


def test_solved_and_closed_have_their_times_and_reopening_clears_them() -> None:
    """T2, A19: how often a ticket came back is counted."""
    ticket = Paper(status="open")
    solved = life.solve(ticket, AGENT, AT)
    assert (ticket.solved_at, ticket.closed_at) == (AT, None)
    assert (solved.staff_id, solved.solved_by, solved.solved_at) == (ME, "staff:me", AT)
    closed = life.close(ticket, AGENT, AT + timedelta(hours=1))
    assert (ticket.solved_at, ticket.closed_at) == (AT, AT + timedelta(hours=1))
    assert (closed.outcome, closed.times_reopened, closed.closed_by) == ("solved", 0, "staff:me")
    reopened = life.reopen(ticket, AGENT, AT + timedelta(hours=2))
    assert (ticket.solved_at, ticket.closed_at, ticket.times_reopened) == (None, None, 1)
    assert (reopened.times_reopened, reopened.ticket.closed_at) == (1, None)
    life.solve(ticket, AGENT, AT + timedelta(hours=3))
    assert life.close(ticket, AGENT, AT + timedelta(hours=4)).times_reopened == 1


def test_a_cancelled_ticket_waits_for_nobody_and_has_ended() -> None:
    """T2."""
    ticket = in_state("waiting")
    told = life.cancel(ticket, AGENT, AT)
    assert (ticket.waiting_on, ticket.closed_at, ticket.solved_at) == (None, AT, None)
    assert (told.cancelled_by, told.cancelled_at) == ("staff:me", AT)


@pytest.mark.parametrize(("by", "given_to", "then"), [(AGENT, None, ME), (AGENT, OTHER, OTHER), (SYSTEM, None, None)])
def test_a_ticket_is_whose_it_was_given_to_else_whoever_takes_it_up(
    by: Principal, given_to: UUID | None, then: UUID | None
) -> None:
    """T4."""
    ticket = Paper(assignee_staff_id=given_to)
    told = life.start(ticket, by, AT)
    assert ticket.assignee_staff_id == told.ticket.assignee_staff_id == then
    assert (told.assignee_before, told.cause, told.assigned_by) == (given_to, AssignmentCause.TAKEN, by.subject)


def test_giving_it_to_another_tells_both() -> None:
    """T4, A21."""
    ticket = Paper(status="open", assignee_staff_id=ME)
    told = life.assign(ticket, life.Hands(OTHER, None, AssignmentCause.TRANSFERRED), AGENT, AT)
    assert (told.assignee_before, told.ticket.assignee_staff_id) == (ME, OTHER)
    assert (told.cause, told.assigned_by, told.assigned_at) == ("transferred", "staff:me", AT)


def test_who_worked_on_it_is_remembered_once_in_order() -> None:
    """A21: in the order of their first touch; a timer is nobody."""
    ticket = Paper()
    colleague = Principal("staff:other", frozenset({"agent"}), staff_id=OTHER)
    life.start(ticket, colleague, AT)
    life.wait(ticket, WaitingOn.CUSTOMER, AGENT, AT)
    life.resume(ticket, SYSTEM, AT)
    life.solve(ticket, colleague, AT)
    assert life.close(ticket, AGENT, AT).touched_by == (OTHER, ME)


def test_an_opened_ticket_tells_where_it_comes_from() -> None:
    """T1, T32."""
    opening = life.Opening(TicketKind.INQUIRY, "main", "问题订单", source=TicketSource.ORDER_FLAG)
    told = life.opened(Paper(), opening)
    assert (told.SUBJECT, told.source, told.ticket.status) == ("ticket.opened", "order_flag", "new")


@pytest.mark.parametrize(
    ("after", "may"),
    [
        (timedelta(0), True),
        (timedelta(days=29, hours=23, minutes=59, seconds=59, microseconds=999_999), True),
        (timedelta(days=30), False),
        (timedelta(days=30, microseconds=1), False),
        (timedelta(days=3650), False),
    ],
)
def test_the_window_for_reopening_ends_exactly(after: timedelta, may: bool) -> None:
    """T2: 30 days; the end is exclusive."""
    assert TICKET_LIFE.default.may_reopen(AT, AT + after) is may


def test_a_window_of_no_days_is_never_open_and_one_below_none_is_refused() -> None:
    """X3."""
    assert not TicketLife(reopen_days=0).may_reopen(AT, AT)
    for days in (-1, 3651, "many"):
        with pytest.raises(ValidationError):
            TicketLife.model_validate({"reopen_days": days})


@pytest.mark.parametrize(("state", "left"), [("solved", ["close"]), ("closed", [])])
def test_a_reopening_that_comes_too_late_names_only_what_is_left(state: str, left: list[str]) -> None:
    """T2, I10: reopening is not among what is allowed any more."""
    refusal = life.too_late(in_state(state))
    assert (refusal.slug, refusal.facts["from"], refusal.facts["verb"]) == ("transition-refused", state, "reopen")
    assert refusal.facts["allowed"] == left
