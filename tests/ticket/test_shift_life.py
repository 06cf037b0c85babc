"""T44, T46, T62, I10: the lives of shifts, of presence, of swaps and leave and of handover sheets. The drawings stand
here a second time, written out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.lifecycle import Lifecycle
from kit.problems import Problem
from services.ticket.group.lifecycle import LIFE as GROUP
from services.ticket.handover import lifecycle as handover
from services.ticket.handover.lifecycle import Counts
from services.ticket.shift import lifecycle as life
from services.ticket.shift.policy import Duty, Span

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=11)
DRAWINGS: dict[str, tuple[Lifecycle[Any], str, dict[str, str]]] = {
    "shift": (life.LIFE, "planned started ended cancelled missed", {
        "start":  "started   -     - - -",
        "end":    "-         ended - - -",
        "cancel": "cancelled -     - - -",
        "miss":   "missed    -     - - -",
    }),
    "presence": (life.PRESENCE, "off available away meal", {
        "arrive": "available -    -         -",
        "away":   "-         away -         away",
        "meal":   "-         meal meal      -",
        "back":   "-         -    available available",
        "leave":  "-         off  off       off",
    }),
    "swap": (life.SWAP, "requested agreed approved declined refused withdrawn", {
        "agree":    "agreed    -         - - - -",
        "decline":  "declined  declined  - - - -",
        "approve":  "-         approved  - - - -",
        "refuse":   "refused   refused   - - - -",
        "withdraw": "withdrawn withdrawn - - - -",
    }),
    "leave": (life.LEAVE, "requested agreed approved declined refused withdrawn", {
        "agree":    "agreed    -         - - - -",
        "decline":  "declined  declined  - - - -",
        "approve":  "approved  approved  - - - -",
        "refuse":   "refused   refused   - - - -",
        "withdraw": "withdrawn withdrawn - - - -",
    }),
    "handover": (handover.LIFE, "drafted signed accepted disputed", {
        "sign":    "signed -        - signed",
        "recall":  "-      drafted  - -",
        "accept":  "-      accepted - -",
        "dispute": "-      disputed - -",
    }),
    "group": (GROUP, "active retired", {"retire": "retired -", "restore": "- active"}),
}  # fmt: skip
PRODUCT = [
    (noun, state, verb, end)
    for noun, (_, states, rows) in DRAWINGS.items()
    for verb, ends in rows.items()
    for state, end in zip(states.split(), ends.split(), strict=True)
]


@dataclass
class Thing:
    """Anything with a status."""

    status: str


@pytest.mark.parametrize(("noun", "state", "verb", "end"), PRODUCT, ids=["-".join(one[:3]) for one in PRODUCT])
def test_every_verb_in_every_state(noun: str, state: str, verb: str, end: str) -> None:
    """I10: what is drawn leads where the drawing says; what isn't changes nothing and names what is allowed."""
    drawn, states, rows = DRAWINGS[noun]
    thing = Thing(state)
    if end != "-":
        assert (drawn.move(thing, verb), thing.status) == (state, end)
        return
    with pytest.raises(Problem) as refused:
        drawn.move(thing, verb)
    place = states.split().index(state)
    allowed = [one for one, ends in rows.items() if ends.split()[place] != "-"]
    assert (refused.value.slug, thing.status) == ("transition-refused", state)
    assert refused.value.facts == {"noun": noun, "from": state, "verb": verb, "allowed": allowed}


@pytest.mark.parametrize("noun", DRAWINGS)
def test_the_drawings_cover_all_there_is(noun: str) -> None:
    """The oracle above forgets no state and no verb."""
    drawn, states, rows = DRAWINGS[noun]
    assert [state.value for state in drawn.states] == states.split()
    assert set(drawn.table) == set(rows)
    assert drawn.initial == states.split()[0]
    assert drawn.noun == noun


@dataclass
class Paper:
    """A shift as the table would hold it."""

    status: str = "planned"
    presence: str = "off"
    presence_reason: str | None = None
    presence_since: datetime | None = None
    auto_reply_until: datetime | None = None
    shift_id: UUID = field(default_factory=new_id)
    staff_id: UUID = field(default_factory=new_id)
    shop: str = "main"
    preset: str | None = "b-early"
    business_date: date = date(2026, 11, 21)
    planned_start: datetime = START
    planned_end: datetime = END
    segments: list[dict[str, Any]] = field(default_factory=list)
    stays_on: bool = False
    hands_over: bool = True
    started_at: datetime | None = None
    late_seconds: int | None = None
    ended_at: datetime | None = None
    early_seconds: int | None = None
    swap_id: UUID | None = None
    version: int = 1
    event_seq: int = 0


@pytest.mark.parametrize(
    ("after", "late"),
    [(-3600, 0), (-1, 0), (0, 0), (0.999, 0), (1, 1), (59.9, 59), (180, 180), (3 * 3600, 10800)],
)
def test_late_is_counted_in_whole_seconds_after_the_planned_start(after: float, late: int) -> None:
    """T44, A1: early is not late."""
    shift = Paper()
    told = life.start(shift, START + timedelta(seconds=after))
    assert (shift.status, shift.presence, shift.late_seconds, told.late_seconds) == (
        "started",
        "available",
        late,
        late,
    )
    assert (told.SUBJECT, told.aggregate_id, told.preset) == ("shift.started", shift.shift_id, "b-early")
    assert (told.started_at, told.planned_start, told.planned_end) == (shift.started_at, START, END)


@pytest.mark.parametrize(("after", "early"), [(-3600, 3600), (-0.5, 0), (-1, 1), (0, 0), (1, 0), (7200, 0)])
def test_early_is_counted_in_whole_seconds_before_the_planned_end(after: float, early: int) -> None:
    """T44: staying on is not early."""
    shift = Paper()
    life.start(shift, START)
    told = life.end(shift, END + timedelta(seconds=after))
    assert (shift.status, shift.presence, shift.early_seconds, told.early_seconds) == ("ended", "off", early, early)
    assert (told.SUBJECT, told.started_at, told.ended_at) == ("shift.ended", START, shift.ended_at)


def test_starting_twice_changes_nothing() -> None:
    """I10."""
    shift = Paper()
    life.start(shift, START)
    before = replace(shift)
    with pytest.raises(Problem):
        life.start(shift, START + timedelta(hours=1))
    assert shift == before


def segments(*spans: tuple[float, float, Duty]) -> list[dict[str, Any]]:
    return life.written(Span(START + timedelta(hours=a), START + timedelta(hours=b), duty) for a, b, duty in spans)


@pytest.mark.parametrize(
    ("hours", "duty"),
    [
        (-0.01, None), (0, Duty.WAREHOUSE), (0.74, Duty.WAREHOUSE), (0.75, Duty.SERVICE), (1.99, Duty.SERVICE),
        (2, None), (2.49, None), (2.5, Duty.SERVICE), (7.49, Duty.SERVICE), (7.5, None),
    ],
)  # fmt: skip
def test_only_service_at_the_desk_takes_work(hours: float, duty: Duty | None) -> None:
    """T4, T44: the evening shift helps the warehouse first; between segments and away from the desk nothing comes."""
    laid = segments((0, 0.75, Duty.WAREHOUSE), (0.75, 2, Duty.SERVICE), (2.5, 7.5, Duty.SERVICE))
    shift = Paper(segments=laid)
    at = START + timedelta(hours=hours)
    assert life.duty_at(shift, at) is duty
    for status, presence in (
        ("planned", "off"), ("started", "available"), ("started", "away"), ("started", "meal"), ("ended", "off"),
    ):  # fmt: skip
        shift.status, shift.presence = status, presence
        takes = (status, presence) == ("started", "available") and duty is Duty.SERVICE
        assert life.takes_work(shift, at) is takes


def test_a_change_of_presence_ends_the_automatic_reply() -> None:
    """T44: back from the meal, the agent answers."""
    shift = Paper()
    life.start(shift, START)
    life.move_presence(shift, "meal", START)
    shift.auto_reply_until = START + timedelta(minutes=20)
    life.move_presence(shift, "back", START + timedelta(minutes=5))
    assert (shift.presence, shift.auto_reply_until) == ("available", None)
    assert shift.presence_since == START + timedelta(minutes=5)


@dataclass
class Slip:
    """A sheet as the table would hold it."""

    status: str = "drafted"
    handover_id: UUID = field(default_factory=new_id)
    staff_id: UUID = field(default_factory=new_id)
    to_staff_id: UUID | None = None
    to_shift_id: UUID | None = None
    promises_due: int = 2
    signed_at: datetime | None = None
    answered_at: datetime | None = None
    dispute_reason: str | None = None


def test_a_sheet_that_is_disputed_signed_anew_and_accepted() -> None:
    """T46: both answers are told, the first one as disputed; signing anew forgets the dispute."""
    shift, slip, incoming = Paper(), Slip(), new_id()
    handover.sign(slip, incoming, None, END)
    told = handover.dispute(slip, shift, "数目不对", Counts(4, 1), END + timedelta(minutes=2))
    assert (told.SUBJECT, told.disputed, told.to_staff_id) == ("shift.handed_over", True, incoming)
    assert (told.open_tickets, told.problem_orders, told.promises_due) == (4, 1, 2)
    handover.sign(slip, incoming, shift.shift_id, END + timedelta(minutes=5))
    assert (slip.answered_at, slip.dispute_reason) == (None, None)
    told = handover.accept(slip, shift, Counts(3, 1), END + timedelta(minutes=6))
    assert (told.disputed, told.open_tickets, told.signed_at, told.answered_at) == (
        False, 3, END + timedelta(minutes=5), END + timedelta(minutes=6),
    )  # fmt: skip
    assert told.aggregate_id == shift.shift_id


def test_a_sheet_taken_back_is_unsigned() -> None:
    """T46."""
    slip = Slip()
    handover.sign(slip, new_id(), None, END)
    handover.recall(slip)
    assert (slip.status, slip.signed_at) == ("drafted", None)


REFUSED: list[tuple[str, Callable[[Slip], object]]] = [
    ("drafted", lambda slip: handover.accept(slip, Paper(), Counts(0, 0), END)),
    ("drafted", lambda slip: handover.dispute(slip, Paper(), "x", Counts(0, 0), END)),
    ("accepted", lambda slip: handover.sign(slip, new_id(), None, END)),
    ("accepted", handover.recall),
    ("disputed", lambda slip: handover.accept(slip, Paper(), Counts(0, 0), END)),
]


@pytest.mark.parametrize(("state", "verb"), REFUSED)
def test_a_refused_verb_leaves_the_sheet_as_it_was(state: str, verb: Callable[[Slip], object]) -> None:
    """I10."""
    slip = Slip(status=state)
    before = replace(slip)
    with pytest.raises(Problem):
        verb(slip)
    assert slip == before
