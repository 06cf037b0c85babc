"""The life of goodwill (T27): every state × every verb, and whatever is asked in whatever order."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import NOON

from kit.principals import Principal
from kit.problems import Problem
from services.ticket.goodwill import lifecycle
from services.ticket.goodwill.lifecycle import LIFE, LIVING, GoodwillStatus

BY = Principal("agent:one", frozenset({"agent"}))
DRAWN = {
    "offered": {"approve": "paying", "refuse": "refused", "withdraw": "withdrawn"},
    "paying": {"pay": "paid", "fail": "failed"},
    "failed": {"pay": "paid", "retry": "paying", "withdraw": "withdrawn"},
    "paid": {},
    "refused": {},
    "withdrawn": {},
}
VERBS = ("approve", "refuse", "withdraw", "pay", "fail", "retry")


@dataclass
class Given:
    """Goodwill without a table."""

    status: str = "offered"
    approved_by: list[str] = field(default_factory=list)
    approved_at: datetime | None = None
    paid_at: datetime | None = None
    payment_reference: str | None = None
    failure: str | None = None
    attempts: int = 0
    ended_by: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None


def do(goodwill: Given, verb: str) -> None:
    match verb:
        case "approve":
            lifecycle.approve(goodwill, ("a",), NOON, complete=True)
        case "pay":
            lifecycle.pay(goodwill, "pay-1", NOON)
        case "fail":
            lifecycle.fail(goodwill, "account_closed")
        case "retry":
            lifecycle.retry(goodwill)
        case _:
            lifecycle.end(goodwill, verb, BY, NOON, "不要了")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", GoodwillStatus)
def test_what_is_drawn_is_done_and_nothing_else(state: GoodwillStatus, verb: str) -> None:
    goodwill = Given(status=state)
    wanted = DRAWN[state].get(verb)
    if wanted is None:
        with pytest.raises(Problem, match="transition-refused"):
            do(goodwill, verb)
        assert goodwill == Given(status=state)
    else:
        do(goodwill, verb)
        assert goodwill.status == wanted


@pytest.mark.parametrize("state", GoodwillStatus)
def test_somebody_is_named_the_verbs_that_are_theirs(state: GoodwillStatus) -> None:
    named = lifecycle.allowed(Given(status=state))
    assert named == [verb for verb in ("approve", "refuse", "withdraw", "retry") if verb in DRAWN[state]]
    for verb in VERBS:
        if verb not in named:
            with pytest.raises(Problem, match="transition-refused"):
                lifecycle.expect_drawn(Given(status=state), verb)


def test_an_approval_in_part_leaves_it_where_it_is() -> None:
    goodwill = Given()
    lifecycle.approve(goodwill, ("a",), NOON, complete=False)
    assert (goodwill.status, goodwill.approved_by, goodwill.approved_at) == ("offered", ["a"], None)


@given(st.lists(st.sampled_from(VERBS), max_size=30))
def test_it_is_paid_at_most_once_and_never_again_after_it_ended(verbs: list[str]) -> None:
    goodwill, times_paid, ended = Given(), 0, False
    for verb in verbs:
        try:
            do(goodwill, verb)
        except Problem:
            continue
        assert not ended
        times_paid += verb == "pay"
        ended = goodwill.status not in LIVING
    assert times_paid <= 1
    assert (goodwill.status == "paid") == (goodwill.paid_at is not None) == (times_paid == 1)
    assert LIFE.initial == "offered"
