"""Who may approve how much (T28, T56): pure, over the whole matrix."""

from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.customer.customer import Tier
from contracts.permissions import ROLES
from contracts.ticket.refund import RefundReason
from kit.ids import new_id
from services.ticket.approval.policy import (
    APPROVERS,
    REFUND_AUTHORITY,
    TEAM_BUDGETS,
    AuthorityRule,
    Demand,
    Limit,
    RefundAuthority,
    Step,
    Sum,
    TeamBudgets,
    open_steps,
)

AUTHORITY = REFUND_AUTHORITY.default
R = RefundReason
AGENTS, SUPERVISORS, MANAGERS = {"agent", "supervisor", "manager"}, {"supervisor", "manager"}, {"manager"}
EDGES = [
    (1, AGENTS), (50_00, AGENTS), (50_01, SUPERVISORS), (120_00, SUPERVISORS), (500_00, SUPERVISORS),
    (500_01, MANAGERS), (5_000_00, MANAGERS), (5_000_01, MANAGERS), (10**12, MANAGERS),
]  # fmt: skip


def asked(of_order: int, *, tier: Tier | None = None, reason: R | None = R.QUALITY, total: int = 0) -> Sum:
    return Sum(of_order, tier, reason, total)


@pytest.mark.parametrize(("minor", "first"), EDGES)
def test_the_limits_are_on_the_orders_sum(minor: int, first: set[str]) -> None:
    for tier, reason in product([None, *Tier], [None, *R]):
        demand = AUTHORITY.demand(asked(minor, tier=tier, reason=reason))
        assert demand.steps[0] == first, (tier, reason)
        assert len(demand.steps) == (2 if minor > 5_000_00 else 1), (tier, reason)


def test_above_five_thousand_a_manager_and_a_second_one_or_finance() -> None:
    assert AUTHORITY.demand(asked(5_000_01)).steps == ({"manager"}, {"manager", "finance"})


@given(st.lists(st.integers(1, 200_00), min_size=1, max_size=40))
def test_a_sum_paid_in_slices_needs_in_the_end_what_the_whole_needs(slices: list[int]) -> None:
    """Three refunds of 40 are 120 (T28): no way of slicing gets by with less than the whole would."""
    demands = [AUTHORITY.demand(asked(sum(slices[: place + 1]))) for place in range(len(slices))]
    assert demands[-1] == AUTHORITY.demand(asked(sum(slices)))
    for before, after in pairwise(demands):
        assert after.steps[0] <= before.steps[0]
        assert len(after.steps) >= len(before.steps)


STRICT = AuthorityRule(
    tiers=frozenset({Tier.BAD}),
    total_over="1000.00",
    limits=(Limit(role="manager"),),
    two_above="100.00",
    second=frozenset({"finance"}),
)
FEES = AuthorityRule(
    reasons=frozenset({R.OUT_OF_STOCK}),
    limits=(Limit(role="supervisor", up_to="80.00"), Limit(role="manager")),
    two_above="300.00",
    second=frozenset({"manager"}),
)
MATRIX = RefundAuthority(currency="CNY", days=90, rules=(STRICT, FEES, *AUTHORITY.rules))


@pytest.mark.parametrize("minor", [10_00, 80_00, 80_01, 100_01, 300_01])
def test_the_first_rule_that_fits_decides(minor: int) -> None:
    """Role × tier × reason × the customer's total (T56)."""
    for tier, reason, total in product([None, *Tier], [None, *R], [0, 1_000_00, 1_000_01]):
        demand, case = MATRIX.demand(asked(minor, tier=tier, reason=reason, total=total)), (tier, reason, total)
        if tier is Tier.BAD and total > 1_000_00:
            expected = Demand((frozenset({"manager"}),), frozenset({"finance"}))
            assert demand == (expected.with_two() if minor > 100_00 else expected), case
        elif reason is R.OUT_OF_STOCK:
            assert demand.steps[0] == (SUPERVISORS if minor <= 80_00 else MANAGERS), case
            assert len(demand.steps) == (2 if minor > 300_00 else 1), case
        else:
            assert demand == AUTHORITY.demand(asked(minor)), case


@pytest.mark.parametrize("minor", [1, 50_00, 10**9])
def test_of_another_currency_the_limits_say_nothing_so_two_decide(minor: int) -> None:
    demand = AUTHORITY.demand(Sum(minor, None, R.QUALITY, 0, "JPY"))
    assert demand.steps == ({"manager"}, {"manager", "finance"})


def test_two_people_are_not_made_three() -> None:
    once = AUTHORITY.demand(asked(10_00)).with_two()
    assert once.steps == (AGENTS, {"manager", "finance"})
    assert once.with_two() == once


def step(*roles: str) -> Step:
    return frozenset(roles)


HIGH = (step("manager"), step("manager", "finance"))


@pytest.mark.parametrize(
    ("steps", "given_by", "left"),
    [
        (HIGH, [], HIGH),
        (HIGH, [{"manager"}], HIGH[1:]),
        (HIGH, [{"finance"}], HIGH[:1]),
        (HIGH, [{"finance"}, {"manager"}], ()),
        (HIGH, [{"manager"}, {"manager"}], ()),
        (HIGH, [{"finance"}, {"finance"}], HIGH[:1]),
        (HIGH, [{"agent"}, {"supervisor"}], HIGH),
        ((step("agent", "manager"), step("manager")), [{"manager"}, {"agent"}], ()),
        ((step("agent", "manager"), step("manager")), [{"agent", "manager"}], (step("agent", "manager"),)),
        ((step("agent"),), [{"agent"}, {"agent"}, {"agent"}], ()),
    ],
)  # fmt: skip
def test_each_person_takes_one_step_as_best_they_can(
    steps: tuple[Step, ...], given_by: list[set[str]], left: tuple[Step, ...]
) -> None:
    found = open_steps(steps, given_by)
    assert len(found) == len(left)
    if steps is HIGH:
        assert found == left


ANY_ROLES = [set(some) for size in range(3) for some in combinations(sorted(APPROVERS), size)]


def test_two_people_are_enough_for_the_highest_sums_exactly_when_they_should_be() -> None:
    for one, other in product(ANY_ROLES, repeat=2):
        enough = any(
            "manager" in first and not second.isdisjoint({"manager", "finance"})
            for first, second in ((one, other), (other, one))
        )
        assert (not open_steps(HIGH, [one, other])) is enough, (one, other)


def test_nobody_is_two_people() -> None:
    assert all(open_steps(HIGH, [roles]) for roles in ANY_ROLES)


@given(st.lists(st.sets(st.sampled_from(ROLES)), max_size=4))
def test_one_approval_more_never_leaves_more_open(people: list[set[str]]) -> None:
    for place in range(len(people)):
        assert len(open_steps(HIGH, people[: place + 1])) <= len(open_steps(HIGH, people[:place]))


def _matrix(**changes: object) -> dict[str, object]:
    rule = {
        "limits": [{"role": "manager", "up_to": None}], "two_above": "1.00", "second": ["finance"], **changes,
    }  # fmt: skip
    return {"currency": "CNY", "days": 90, "rules": [rule]}


REFUSED = {
    "no rules": {"currency": "CNY", "days": 90, "rules": []},
    "the last doesn't fit all tiers": _matrix(tiers=["bad"]),
    "the last doesn't fit all reasons": _matrix(reasons=["quality"]),
    "the last doesn't fit all totals": _matrix(total_over="1.00"),
    "nobody reaches": _matrix(limits=[{"role": "agent", "up_to": "50.00"}]),
    "a role twice": _matrix(limits=[{"role": "agent"}, {"role": "agent"}]),
    "a role that can't approve": _matrix(limits=[{"role": "auditor"}]),
    "a second who can't": _matrix(second=["storefront"]),
    "no second": _matrix(second=[]),
    "negative": _matrix(two_above="-1.00"),
    "a number": _matrix(two_above=1),
    "a fraction of a cent": _matrix(two_above="1.001"),
    "no days": {**_matrix(), "days": 0},
    "no currency": {**_matrix(), "currency": "yuan"},
    "an unknown word": {**_matrix(), "until": "2026"},
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_a_matrix_that_cannot_work_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RefundAuthority.model_validate(document)


def test_a_team_without_a_budget_has_none_to_keep() -> None:
    team = new_id()
    assert TEAM_BUDGETS.default.of(team, "CNY") is None
    budgets = TeamBudgets(currency="CNY", teams={team: "1000.00"})
    assert budgets.of(team, "CNY") == 1_000_00
    assert budgets.of(new_id(), "CNY") is None
    assert budgets.of(None, "CNY") is None
    assert budgets.of(team, "JPY") is None


@pytest.mark.parametrize("amount", ["-1.00", "1.001", "1e3", ""])
def test_a_budget_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        TeamBudgets.model_validate({"currency": "CNY", "teams": {str(new_id()): amount}})
