"""The life of service requests as a drawing (T60): every verb in every state, what it comes to for the ticket, how the
steps of a type follow each other, and what a policy of types may say."""

from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from complaint_paper import AGENT, AT
from hypothesis import given
from hypothesis import strategies as st

from contracts.price import Price
from contracts.ticket.ticket import TicketStatus, WaitingOn
from kit.ids import new_id
from kit.problems import Problem
from services.ticket.service_request import lifecycle
from services.ticket.service_request.lifecycle import LIFE, OF_CUSTOMERS, OUTCOME, RequestStatus, status_of
from services.ticket.service_request.policy import (
    REQUEST_TYPES,
    Phase,
    RequestStep,
    RequestType,
    RequestTypes,
    StepBy,
    check_types,
)
from services.ticket.service_request.progress import Progress

TYPES = {one.code: one for one in REQUEST_TYPES.default.types}
STATES = [one.value for one in RequestStatus]
# Drawn by hand: verb → where it leads from each state it starts from.
DRAWING: dict[str, dict[str, str]] = {
    "review": {"submitted": "under_review"},
    "return": {"under_review": "returned"},
    "resubmit": {"returned": "submitted"},
    "approve": {"under_review": "approved"},
    "reject": {"under_review": "rejected"},
    "dispatch": {"approved": "dispatched"},
    "finish": {"dispatched": "done"},
    "withdraw": dict.fromkeys(("submitted", "under_review", "returned", "approved"), "withdrawn"),
    "document": {one: one for one in ("submitted", "under_review", "returned")},
    "record": {one: one for one in ("under_review", "dispatched")},
    "weigh": {one: one for one in ("approved", "dispatched")},
}


def paper(status: str = "submitted", kind: str = "correction", **facts: Any) -> Any:
    """A request on paper."""
    plain = {
        "request_id": new_id(), "number": "T-1", "type": kind, "shop": "main", "account_id": new_id(),
        "organisation_id": None, "order_id": None, "unit_id": None, "status": status, "round": 1, "missing": [],
        "outcome": None, "cause": None, "coupon_minor": None, "coupon_currency": None, "reason": None,
        "policy_version": 1,
    }  # fmt: skip
    return SimpleNamespace(**{**plain, **facts})


def about(**facts: Any) -> Any:
    return SimpleNamespace(**{"customer_id": new_id(), "account_id": None, "assignee_staff_id": None, **facts})


@pytest.mark.parametrize("verb", DRAWING)
def test_every_verb_in_every_state(verb: str) -> None:
    """T60, I10: what isn't drawn is refused, changes nothing and names what is allowed."""
    for state in STATES:
        it, end = paper(state), DRAWING[verb].get(state)
        if end is not None:
            LIFE.move(it, verb)
            assert it.status == end, state
            continue
        with pytest.raises(Problem) as refused:
            LIFE.move(it, verb)
        assert (refused.value.slug, it.status) == ("transition-refused", state)
        assert refused.value.facts["allowed"] == [one for one, moves in DRAWING.items() if state in moves]


def test_the_drawing_covers_all_there_is() -> None:
    assert set(LIFE.table) == set(DRAWING)
    assert set(OF_CUSTOMERS) < set(DRAWING)
    assert set(OUTCOME) == {RequestStatus.DONE, RequestStatus.REJECTED}


A_STEP = TYPES["logistics-plan"].steps[0]
THEIRS = {
    phase: A_STEP.model_copy(update={"by": StepBy.CUSTOMER, "phase": phase}) for phase in Phase
}  # fmt: skip
STANDS = {
    "submitted": "open", "under_review": "open", "returned": "waiting", "approved": "open", "dispatched": "open",
    "done": "closed", "rejected": "closed", "withdrawn": "cancelled",
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("following", [None, A_STEP, THEIRS[Phase.REVIEW], THEIRS[Phase.WORK]])
def test_what_it_comes_to_for_the_ticket(state: str, following: RequestStep | None) -> None:
    """T2, T43: it waits for the customer when it was returned, and when the next step of its phase is theirs."""
    theirs = following is not None and following.by is StepBy.CUSTOMER
    waits = state == "returned" or (
        theirs and {"under_review": Phase.REVIEW, "dispatched": Phase.WORK}.get(state) is following.phase
    )
    expected = (TicketStatus.WAITING, WaitingOn.CUSTOMER) if waits else (TicketStatus(STANDS[state]), None)
    assert status_of(paper(state), following) == expected


def test_returned_and_completed_it_is_the_next_round() -> None:
    """T60: submitted → under review → returned → submitted, round 2."""
    it, whose = paper(), about()
    first = lifecycle.submitted(it, whose, AGENT, AT)
    LIFE.move(it, "review")
    back = lifecycle.send_back(it, whose, ["place", "screenshot"], AGENT, AT)
    assert (it.status, it.missing, back.missing, back.round) == ("returned", ["place", "screenshot"], back.missing, 1)
    again = lifecycle.resubmit(it, whose, AGENT, AT)
    assert (it.status, it.missing, it.round, first.round, again.round) == ("submitted", [], 2, 1, 2)
    assert (again.customer_id, again.account_id) == (whose.customer_id, it.account_id)


@pytest.mark.parametrize(
    ("outcome", "whose", "earned"),
    [
        ("confirmed", about(), Price(amount="3.00", currency="CNY")),
        ("confirmed", about(customer_id=None, account_id=new_id()), Price(amount="3.00", currency="CNY")),
        ("confirmed", about(customer_id=None), None),
        ("unfounded", about(), None),
    ],
)
def test_a_customers_confirmed_correction_earns_three(outcome: str, whose: Any, earned: Price | None) -> None:
    """T60: 3.00, for a customer and for what was confirmed alone."""
    it = paper("dispatched")
    told = lifecycle.finish(it, whose, TYPES["correction"], (outcome, None), AGENT, AT)
    assert (it.status, told.outcome, told.coupon) == ("done", outcome, earned)
    assert (it.coupon_minor, it.coupon_currency) == ((300, "CNY") if earned else (None, None))


@pytest.mark.parametrize("kind", TYPES)
def test_it_ends_as_its_type_says(kind: str) -> None:
    """T60: an outcome and a cause where the type asks for them, and nowhere else."""
    rules = TYPES[kind]
    outcomes, causes = ({one.code for one in those} or {None} for those in (rules.outcomes, rules.causes))
    said = {one.code for each in TYPES.values() for one in each.outcomes}
    for outcome, cause in product([None, "no-such", *sorted(said)], [None, "no-such", "price"]):
        it = paper("dispatched", kind)
        if outcome in outcomes and cause in causes:
            assert lifecycle.finish(it, about(), rules, (outcome, cause), AGENT, AT).outcome == outcome
            continue
        with pytest.raises(Problem) as refused:
            lifecycle.finish(it, about(), rules, (outcome, cause), AGENT, AT)
        (fault,) = refused.value.faults
        assert fault.pointer == ("/outcome" if outcome not in outcomes else "/cause")


def record(step: str) -> Any:
    return SimpleNamespace(step_id=new_id(), step=step)


def steps(*codes: str, **more: Any) -> RequestType:
    """A type with these steps; one with a star repeats."""
    listed = [
        {"code": one.rstrip("*"), "name": {"zh": one, "en": one}, "repeats": one.endswith("*")} for one in codes
    ]
    form = {"type": "object", "properties": {}, "additionalProperties": False}
    named = {"code": "t", "name": {"zh": "t", "en": "t"}, "form": form}
    return RequestType.model_validate({**named, "steps": listed, **more})


@pytest.mark.parametrize(
    ("done", "step", "slug"),
    [
        ("", "a", None), ("", "b", "steps-open"), ("", "c", "steps-open"), ("a", "a", "already-exists"),
        ("a", "b", None), ("ab", "b", None), ("abb", "b", None), ("ab", "c", None), ("abc", "b", "already-exists"),
        ("abc", "c", "already-exists"), ("abc", "a", "already-exists"), ("a", "c", "steps-open"),
    ],
)  # fmt: skip
def test_steps_are_recorded_in_their_order(done: str, step: str, slug: str | None) -> None:
    """T60: the next one; again only what repeats, and until the next is there."""
    kind = steps("a", "b*", "c")
    progress, asked = Progress(kind, [record(one) for one in done]), kind.step(step)
    assert asked is not None
    if slug is None:
        progress.expect_turn(asked)
        return
    with pytest.raises(Problem) as refused:
        progress.expect_turn(asked)
    assert refused.value.slug == slug
    if slug == "steps-open":
        assert refused.value.facts["steps"][0]["step"] == next(one for one in "abc" if one not in done)


@given(st.lists(st.sampled_from("abcd")))
def test_whatever_is_tried_the_order_holds(tried: list[str]) -> None:
    """T60: of any sequence of attempts, what is recorded follows the type."""
    kind, recorded = steps("a", "b*", "c", "d*"), []
    for code in tried:
        step = kind.step(code)
        assert step is not None
        try:
            Progress(kind, recorded).expect_turn(step)
        except Problem:
            continue
        recorded.append(record(code))
    codes = "".join(one.step for one in recorded)
    assert codes == "".join(sorted(codes))
    assert codes.count("a") <= 1
    assert codes.count("c") <= 1
    assert "abcd".startswith("".join(dict.fromkeys(codes)))


def test_a_choice_is_one_of_what_there_is() -> None:
    """T60: the customer picks one of the plans offered."""
    kind = TYPES["logistics-plan"]
    offers = [record("offer"), record("offer")]
    progress, choose, offer = Progress(kind, offers), kind.steps[1], kind.steps[0]
    progress.expect_choice(choose, offers[1].step_id)
    progress.expect_choice(offer, None)
    wrong: list[tuple[RequestStep, UUID | None]] = [(choose, new_id()), (choose, None), (offer, offers[0].step_id)]
    for step, choice in wrong:
        with pytest.raises(Problem) as refused:
            progress.expect_choice(step, choice)
        assert refused.value.faults[0].pointer == "/choice"


def test_it_ends_when_all_steps_are_done_or_early() -> None:
    """T60: a customer may decline on the way."""
    kind = TYPES["logistics-plan"]
    begun = Progress(kind, [record("offer")])
    begun.expect_done(kind.outcome("declined"))
    with pytest.raises(Problem) as refused:
        begun.expect_done(kind.outcome("paid"))
    assert [one["step"] for one in refused.value.facts["steps"]] == ["choose", "payment"]
    Progress(kind, [record(one.code) for one in kind.steps]).expect_done(kind.outcome("paid"))


def test_the_shipped_types_are_those_of_the_trade() -> None:
    """T60: and what each of them is known for."""
    assert list(check_types(REQUEST_TYPES.default)) == []
    assert set(TYPES) == {
        "correction", "cancellation", "invoice", "open-shop", "change-address", "pause-subscription",
        "resume-subscription", "replace-box", "phone-order", "logistics", "logistics-plan", "charter",
    }  # fmt: skip
    assert [one.code for one in TYPES["open-shop"].steps[:3]] == ["registration", "display", "company-check"]
    assert [one.code for one in TYPES["charter"].steps] == ["quote", "offer", "agree", "sign"]
    assert [one.code for one in TYPES["cancellation"].outcomes] == ["saved", "left"]
    assert (TYPES["invoice"].postage, TYPES["phone-order"].from_customers) == ("ours", False)
    assert all(TYPES[kind].at_once for kind in ("logistics", "phone-order"))
    assert [one.code for one in TYPES.values() if one.over_short] == ["logistics"]
    assert not TYPES["charter"].steps[0].shown


def changed(**changes: Any) -> RequestTypes:
    """A policy of one type with something changed."""
    return RequestTypes(types=(steps("a", "b").model_copy(update=changes),))


COUPON = TYPES["correction"].coupon
FIRST, SECOND = steps("a", "b").steps


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        (RequestTypes(types=(TYPES["invoice"], TYPES["invoice"])), "/types/1/code"),
        (changed(form={"type": "text"}), "/types/0/form/type"),
        (changed(steps=(FIRST, FIRST)), "/types/0/steps/1/code"),
        (changed(steps=(FIRST.model_copy(update={"form": {"type": "text"}}),)), "/types/0/steps/0/form/type"),
        (changed(steps=(FIRST.model_copy(update={"picks": "b"}), SECOND)), "/types/0/steps/0/picks"),
        (changed(steps=(FIRST.model_copy(update={"picks": "a"}),)), "/types/0/steps/0/picks"),
        (changed(steps=(FIRST, SECOND.model_copy(update={"phase": Phase.REVIEW}))), "/types/0/steps/1/phase"),
        (
            changed(steps=(FIRST.model_copy(update={"by": StepBy.CUSTOMER, "shown": False}),)),
            "/types/0/steps/0/shown",
        ),
        (changed(at_once=True), "/types/0/unit"),
        (changed(coupon=COUPON), "/types/0/coupon/outcome"),
        (
            changed(outcomes=TYPES["correction"].outcomes,
                    coupon=COUPON and COUPON.model_copy(update={"price": Price(amount="3.005", currency="CNY")})),
            "/types/0/coupon/price/amount",
        ),
        (changed(outcomes=TYPES["correction"].outcomes * 2), "/types/0/outcomes/2/code"),
        (changed(causes=TYPES["cancellation"].causes[:1] * 2), "/types/0/causes/1/code"),
        (
            changed(form=TYPES["correction"].form,
                    documents=(TYPES["correction"].documents[0].model_copy(update={"code": "place"}),)),
            "/types/0/documents/0/code",
        ),
    ],
)  # fmt: skip
def test_a_policy_that_refers_to_nothing_is_told_where(policy: RequestTypes, pointer: str) -> None:
    """X3: each fault with its place, in both languages."""
    found = list(check_types(policy))
    assert pointer in [fault.pointer for fault in found], found
    assert all(fault.zh and fault.en for fault in found)


@pytest.mark.parametrize("kind", TYPES)
def test_what_can_be_missing(kind: str) -> None:
    """T60: documents and fields of the type, by their codes: no free text in events."""
    assert TYPES[kind].may_be_missing() == {
        *TYPES[kind].form["properties"], *(one.code for one in TYPES[kind].documents)
    }  # fmt: skip
