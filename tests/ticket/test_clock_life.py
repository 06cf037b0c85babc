"""The life of a clock, drawn as a table: the whole product of state and verb, and what each verb does (T43, T47)."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from itertools import product

import pytest
from clock_bench import WALL, Held, a_ticket, events, paused, resumed, started
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import NOON

from contracts.ticket.clock import ClockBreached, ClockMet, ClockWarned
from kit.ids import new_id
from kit.problems import Problem
from services.ticket.clock import lifecycle
from services.ticket.clock.lifecycle import GRACE
from services.ticket.clock.state import LIFE, UNFINISHED, ClockState, FactKind, Hold, Step

HOUR, MINUTE, MICROSECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)
DUE, WARN = NOON + HOUR, NOON + 48 * MINUTE
S = ClockState


def in_state(state: ClockState) -> Held:
    """A clock that came into that state by verbs alone."""
    clock = started()
    if state in (S.BREACHED, S.BREACHED_PAUSED):
        lifecycle.wake(clock, DUE + GRACE)
    if state in (S.PAUSED, S.BREACHED_PAUSED):
        paused(clock, NOON + 10 * MINUTE if state is S.PAUSED else DUE + MINUTE)
    if state is S.MET:
        lifecycle.meet(clock, NOON + MINUTE, WALL)
    if state is S.DROPPED:
        lifecycle.drop(clock, "dropped", NOON + MINUTE, WALL)
    assert clock.status == state
    return clock


LATER = NOON + 2 * HOUR
VERBS: dict[str, Callable[[Held], list[Step]]] = {
    "pause": lambda clock: paused(clock, LATER),
    "resume": lambda clock: resumed(clock, LATER),
    "meet": lambda clock: lifecycle.meet(clock, LATER, WALL),
    "drop": lambda clock: lifecycle.drop(clock, "dropped", LATER, WALL),
    "pass_on": lambda clock: lifecycle.pass_on(clock, a_ticket(owner_staff_id=new_id()), LATER),
}
# Where each verb leads two hours later, when one that runs is late: None is refused.
LEADS: dict[str, dict[ClockState, ClockState | None]] = {
    "pause": {S.RUNNING: S.BREACHED_PAUSED, S.BREACHED: S.BREACHED_PAUSED},
    "resume": {S.PAUSED: S.RUNNING, S.BREACHED_PAUSED: S.BREACHED},
    "meet": dict.fromkeys(UNFINISHED, S.MET),
    "drop": dict.fromkeys(UNFINISHED, S.DROPPED),
    "pass_on": {S.RUNNING: S.BREACHED} | {state: state for state in UNFINISHED[1:]},
}


@pytest.mark.parametrize(("state", "verb"), list(product(ClockState, VERBS)), ids=str)
def test_every_verb_in_every_state(state: ClockState, verb: str) -> None:
    """What isn't drawn is refused, names what is allowed, and changes nothing (I10)."""
    clock, leads = in_state(state), LEADS[verb].get(state)
    before = asdict(clock)
    if leads is None:
        with pytest.raises(Problem) as refused:
            VERBS[verb](clock)
        assert refused.value.slug == "transition-refused"
        assert refused.value.facts["from"] == state
        assert verb not in refused.value.facts["allowed"]
        assert asdict(clock) == before
    else:
        assert VERBS[verb](clock)[-1].status == leads
        assert clock.status == leads


@pytest.mark.parametrize("state", ClockState)
def test_time_alone_breaches_one_that_runs_and_no_other(state: ClockState) -> None:
    """Exactly once, however often one looks (T43)."""
    clock = in_state(state)
    steps = [step for _ in range(3) for step in lifecycle.wake(clock, LATER)]
    assert [step.kind for step in steps] == ([FactKind.BREACHED] if state is S.RUNNING else [])


def test_the_drawing_says_what_the_verbs_do() -> None:
    """Every arrow is walked by the tests of this file, and a breach comes from running alone."""
    arrows = {(start, verb, end) for start, verb, end in LIFE.transitions()}
    assert {(start, end) for start, verb, end in arrows if verb == "breach"} == {(S.RUNNING, S.BREACHED)}
    assert {(start, end) for start, verb, end in arrows if verb == "warn"} == {(S.RUNNING, S.RUNNING)}
    assert {start for start, verb, _ in arrows if verb in ("meet", "drop")} == set(UNFINISHED)
    assert not {start for start, _, _ in arrows} - set(UNFINISHED)
    assert LIFE.diagram().startswith("stateDiagram-v2")


def test_a_started_clock_is_due_and_wakes_for_its_warning() -> None:
    clock = started()
    assert (clock.due_at, clock.warn_at, clock.wake_at, clock.running_since) == (DUE, WARN, WARN, NOON)


def test_the_warning_comes_at_eighty_percent_once() -> None:
    """T43"""
    clock = started()
    assert lifecycle.wake(clock, WARN - MICROSECOND) == []
    (step,) = lifecycle.wake(clock, WARN)
    assert isinstance(step.event, ClockWarned)
    assert (step.event.warned_at, step.event.elapsed_seconds) == (WARN, 2880)
    assert clock.wake_at == DUE + GRACE
    assert lifecycle.wake(clock, WARN + MINUTE) == []


def test_a_warning_that_nobody_could_give_in_time_is_not_given_after_the_breach() -> None:
    """Down from before the warning until after the breach: there is nothing left to warn of."""
    clock = started()
    (step,) = lifecycle.wake(clock, DUE + HOUR)
    assert step.kind is FactKind.BREACHED
    assert clock.warned_at is None
    late_but_due_later = started()
    (warned,) = lifecycle.wake(late_but_due_later, WARN + MINUTE)
    assert (warned.kind, warned.at) == (FactKind.WARNED, WARN)


def test_the_breach_is_at_the_due_instant_whenever_it_is_told() -> None:
    clock = started()
    (step,) = lifecycle.wake(clock, DUE + 3 * HOUR)
    assert isinstance(step.event, ClockBreached)
    assert (step.event.breached_at, step.event.elapsed_seconds, step.at) == (DUE, 3600, DUE)
    assert (clock.status, clock.breached_at, clock.wake_at) == (S.BREACHED, DUE, None)


def test_met_at_the_due_instant_is_met() -> None:
    """T43, and T42: 10:00.000 is in time."""
    clock = started()
    assert lifecycle.wake(clock, DUE) != []  # the warning
    assert clock.status == S.RUNNING
    (met,) = events(lifecycle.meet(clock, DUE, WALL))
    assert isinstance(met, ClockMet)
    assert (met.late, met.elapsed_seconds, met.met_at, met.due_at) == (False, 3600, DUE, DUE)
    assert lifecycle.wake(clock, DUE + HOUR) == []


def test_a_machine_whose_clock_was_set_back_takes_no_time_back() -> None:
    clock = started()
    step = lifecycle.meet(clock, NOON - 5 * MINUTE, WALL)[-1]
    assert isinstance(step.event, ClockMet)
    assert (clock.used, step.event.elapsed_seconds, step.event.late) == (timedelta(), 0, False)


def test_met_a_microsecond_later_is_a_breach_and_then_late() -> None:
    """Nobody had looked in between: the breach is told all the same."""
    clock = started()
    breached, met = events(lifecycle.meet(clock, DUE + MICROSECOND, WALL))
    assert isinstance(breached, ClockBreached)
    assert isinstance(met, ClockMet)
    assert (met.late, met.elapsed_seconds) == (True, 3600)


def test_met_after_its_breach_is_late_with_all_the_time_it_took() -> None:
    clock = started()
    lifecycle.wake(clock, DUE + MINUTE)
    (met,) = events(lifecycle.meet(clock, DUE + HOUR, WALL))
    assert isinstance(met, ClockMet)
    assert (met.late, met.elapsed_seconds, met.due_at) == (True, 7200, DUE)


def test_a_paused_clock_is_never_due_and_goes_on_with_what_was_left() -> None:
    """T43"""
    clock = started()
    paused(clock, NOON + 30 * MINUTE)
    assert (clock.wake_at, clock.used) == (None, 30 * MINUTE)
    assert lifecycle.wake(clock, NOON + 24 * HOUR) == []
    resumed(clock, NOON + 24 * HOUR)
    assert clock.due_at == NOON + 24 * HOUR + 30 * MINUTE
    assert clock.warn_at == NOON + 24 * HOUR + 18 * MINUTE


def test_eighty_percent_are_of_the_unpaused_time() -> None:
    clock = started()
    paused(clock, NOON + 40 * MINUTE)
    resumed(clock, NOON + 2 * HOUR)
    assert lifecycle.wake(clock, NOON + 2 * HOUR + 8 * MINUTE - MICROSECOND) == []
    (warned,) = events(lifecycle.wake(clock, NOON + 2 * HOUR + 8 * MINUTE))
    assert warned.elapsed_seconds == 2880
    paused(clock, NOON + 2 * HOUR + 10 * MINUTE)
    resumed(clock, NOON + 5 * HOUR)
    assert clock.wake_at == NOON + 5 * HOUR + 10 * MINUTE + GRACE
    assert lifecycle.wake(clock, NOON + 5 * HOUR + MINUTE) == []


def test_paused_after_eighty_percent_before_anybody_looked_the_warning_comes_when_it_goes_on() -> None:
    clock = started()
    paused(clock, NOON + 50 * MINUTE)
    assert lifecycle.wake(clock, NOON + HOUR) == []
    resumed(clock, NOON + 3 * HOUR)
    (warned,) = lifecycle.wake(clock, NOON + 3 * HOUR)
    assert (warned.kind, warned.at) == (FactKind.WARNED, NOON + 3 * HOUR)


def test_a_pause_after_the_due_instant_hides_no_breach() -> None:
    """Nobody can save a late clock by pausing it (T48)."""
    clock = started()
    steps = paused(clock, DUE + MICROSECOND)
    assert [step.kind for step in steps] == [FactKind.BREACHED, FactKind.PAUSED]
    assert clock.status == S.BREACHED_PAUSED


def test_paused_at_the_due_instant_everything_is_used_up() -> None:
    clock = started()
    paused(clock, DUE)
    assert (clock.status, clock.used) == (S.PAUSED, HOUR)
    resumed(clock, DUE + HOUR)
    assert clock.due_at == DUE + HOUR
    (met,) = events(lifecycle.meet(clock, DUE + HOUR, WALL))
    assert isinstance(met, ClockMet)
    assert not met.late


def test_the_pauses_of_a_late_clock_are_left_out_of_its_time() -> None:
    clock = started()
    paused(clock, DUE + HOUR)
    resumed(clock, DUE + 5 * HOUR)
    (met,) = events(lifecycle.meet(clock, DUE + 6 * HOUR, WALL))
    assert isinstance(met, ClockMet)
    assert (met.elapsed_seconds, met.late, met.due_at) == (3 * 3600, True, DUE)


def test_met_while_it_stands_still_is_in_time_and_due_after_that() -> None:
    clock = started()
    paused(clock, NOON + 30 * MINUTE)
    (met,) = events(lifecycle.meet(clock, NOON + 9 * HOUR, WALL))
    assert isinstance(met, ClockMet)
    assert (met.late, met.elapsed_seconds, met.due_at) == (False, 1800, NOON + 9 * HOUR + 30 * MINUTE)
    assert not clock.waiting


def test_two_causes_hold_a_clock_until_both_let_go() -> None:
    """The ticket waits for the customer, and somebody paused this leg (T43, T47)."""
    clock = started()
    paused(clock, NOON + 10 * MINUTE, hold=Hold.BY_HAND)
    paused(clock, NOON + 20 * MINUTE)
    assert resumed(clock, NOON + 2 * HOUR, hold=Hold.BY_HAND)[0].status == S.PAUSED
    assert resumed(clock, NOON + 3 * HOUR)[0].status == S.RUNNING
    assert clock.due_at == NOON + 3 * HOUR + 50 * MINUTE


@pytest.mark.parametrize("hold", Hold)
def test_one_cause_neither_holds_twice_nor_lets_go_of_what_the_other_holds(hold: Hold) -> None:
    clock = started()
    paused(clock, NOON, hold=hold)
    with pytest.raises(Problem, match="transition-refused"):
        paused(clock, NOON, hold=hold)
    (other,) = set(Hold) - {hold}
    with pytest.raises(Problem, match="transition-refused"):
        resumed(clock, NOON, hold=other)
    assert clock.status == S.PAUSED


def test_every_pause_has_its_reason() -> None:
    """T48"""
    (step,) = paused(started(), NOON + MINUTE)
    assert (step.kind, step.reason, step.hold) == (FactKind.PAUSED, "等客户照片", Hold.WAITING)


def test_who_was_late_is_who_had_to_act_then() -> None:
    """T47: passed on after the due instant, the breach stays with the one before."""
    before, after = new_id(), new_id()
    clock = started(owner_staff_id=before)
    breached, passed = lifecycle.pass_on(clock, a_ticket(owner_staff_id=after), DUE + MINUTE)
    assert (breached.owner_staff_id, passed.owner_staff_id) == (before, after)
    assert breached.event is not None
    assert breached.event.owner_staff_id == before
    (met,) = events(lifecycle.meet(clock, DUE + HOUR, WALL))
    assert met.owner_staff_id == after


def test_passing_on_to_the_same_is_nothing() -> None:
    owner = new_id()
    clock = started(owner_staff_id=owner, group_code="aftersales")
    assert lifecycle.pass_on(clock, a_ticket(owner_staff_id=owner), NOON) == []


def test_dropped_ends_without_a_verdict_and_keeps_a_breach() -> None:
    clock = started()
    assert events(lifecycle.drop(clock, "dropped", NOON + MINUTE, WALL)) == []
    late = started()
    (breached,) = events(lifecycle.drop(late, "dropped", DUE + MINUTE, WALL))
    assert isinstance(breached, ClockBreached)
    assert (late.status, late.breached_at) == (S.DROPPED, DUE)


def test_what_is_due_first_is_among_those_that_tick_late_ones_included() -> None:
    running, late, standing, ended = started(seconds=7200), in_state(S.BREACHED), in_state(S.PAUSED), in_state(S.MET)
    assert lifecycle.earliest_due([running, late, standing, ended]) == late.due_at
    assert lifecycle.earliest_due([running, standing]) == running.due_at
    assert lifecycle.earliest_due([standing, ended]) is None


PACES = st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=12)


@settings(deadline=None)
@given(PACES, st.integers(1, 9000))
def test_however_it_is_paused_the_time_that_counts_is_the_time_it_ran(
    paces: list[tuple[bool, int]], seconds: int
) -> None:
    """Pause and resume at will: the breach comes when the running time exceeds the target, and never otherwise."""
    clock, at, ran, runs = started(seconds=seconds), NOON, 0, True
    breaches: list[Step] = []
    for switch, pace in paces:
        at += timedelta(seconds=pace)
        ran += pace if runs else 0
        breaches += [step for step in lifecycle.wake(clock, at) if step.kind is FactKind.BREACHED]
        if switch:
            steps = (paused if runs else resumed)(clock, at)
            breaches += [step for step in steps if step.kind is FactKind.BREACHED]
            runs = not runs
    steps = lifecycle.meet(clock, at, WALL)
    breaches += [step for step in steps if step.kind is FactKind.BREACHED]
    (met,) = [event for event in events(steps) if isinstance(event, ClockMet)]
    assert met.elapsed_seconds == ran
    assert met.late is (ran > seconds)
    assert len(breaches) == (ran > seconds)
