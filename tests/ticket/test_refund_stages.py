"""T22, I10: every kind × stage × verb. The drawings stand here a second time, written out by hand: for each stage the
arrows that leave it, and where they lead."""

from contextlib import nullcontext
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import pytest
from refund_desk import AGENT, CHIEF, FINANCE, LEFT, Refunds, problem
from stage import NOON
from ticket_desk import Desk

from contracts.ticket.refund import RefundKind
from contracts.ticket.ticket import TicketOutcome, TicketStatus, WaitingOn
from kit.ids import new_id
from kit.problems import Problem
from services.ticket.clock.policy import SlaCase
from services.ticket.refund import lifecycle
from services.ticket.refund.lifecycle import LIVES, OUTCOME, STATUS, Stage, allowed, course_of, door, move
from services.ticket.refund.stopping import expect_parcel_stopped

BEFORE = """
requested        review>under_review give-evidence>requested edit>requested withdraw>withdrawn
under_review     want-evidence>evidence_wanted give-evidence>under_review edit>under_review
                 approve/in_part>under_review refuse>refused withdraw>withdrawn
evidence_wanted  give-evidence>under_review edit>evidence_wanted refuse>refused withdraw>withdrawn
"""
MONEY_GOES = """
paying           paid>paid fail>pay_failed
pay_failed       paid>paid retry>paying refuse>refused
paid             close>closed
closed
refused
withdrawn
"""
GOODS_COME_BACK = """
waiting_for_goods ship-back>waiting_for_goods correct>waiting_for_goods search>waiting_for_goods
                 find>waiting_for_goods write-off>waiting_for_goods receive-goods>goods_received inspect>inspected
                 edit>under_review refuse>refused withdraw>withdrawn
goods_received   ship-back>= correct>= search>= find>= write-off>=
                 receive-goods>goods_received inspect>inspected refuse>refused withdraw>withdrawn
inspected        receive-goods>goods_received refuse>refused withdraw>withdrawn
"""
ABOUT_AN_ARTICLE = "replace top-up run-out restock call-customer"
BESIDE = "pay paid fail retry"
DRAWINGS = {
    RefundKind.MONEY_ONLY: BEFORE + MONEY_GOES + """
        requested        stop-parcel>requested
        under_review     stop-parcel>under_review approve/complete>paying
        evidence_wanted  stop-parcel>evidence_wanted
    """,
    RefundKind.RETURN_AND_MONEY: BEFORE + GOODS_COME_BACK + MONEY_GOES + """
        under_review     approve/complete>waiting_for_goods
        inspected        approve/in_part>inspected approve/complete>paying pay>paying close/nothing>closed
    """,
    RefundKind.EXCHANGE: BEFORE + GOODS_COME_BACK + """
        under_review     approve/complete>waiting_for_goods
        waiting_for_goods approve/in_part>= approve/complete>= send>= lose>= receive>= settle-in-money>under_review
        goods_received   approve/in_part>= approve/complete>= send>= lose>= receive>= settle-in-money>=
        inspected        approve/in_part>= approve/complete>= send>sent lose>= receive>received settle-in-money>=
        sent             lose>inspected receive>received
        received         close>closed
        closed
        refused
        withdrawn
    """ + "".join(
        f"\n{stage} {' '.join(f'{verb}>=' for verb in verbs.split())}"
        for verbs, stages in (
            (ABOUT_AN_ARTICLE, "waiting_for_goods goods_received inspected"),
            (BESIDE, "waiting_for_goods goods_received inspected sent received closed"),
        )
        for stage in stages.split()
    ),
    RefundKind.RESEND: BEFORE + f"""
        approved         edit>under_review send>sent settle-in-money>under_review refuse>refused withdraw>withdrawn
        approved         {' '.join(f'{verb}>=' for verb in ABOUT_AN_ARTICLE.split())}
        under_review     approve/complete>approved
        sent             lose>approved receive>received
        received         close>closed
        closed
        refused
        withdrawn
    """,
}  # fmt: skip
VERBS: dict[str, tuple[dict[str, Any], Any]] = {
    "review": ({}, AGENT),
    "want-evidence": ({"reason": "请补拍"}, AGENT),
    "give-evidence": ({"attachment_ids": [str(new_id())]}, AGENT),
    "stop-parcel": ({"stopped": True}, AGENT),
    "approve": ({}, CHIEF),
    "refuse": ({"grounds": "used"}, AGENT),
    "withdraw": ({}, AGENT),
    "retry": ({}, FINANCE),
    "close": ({}, AGENT),
}


def read(drawing: str) -> dict[str, dict[str, str]]:
    """The arrows that leave each stage; `=` stays."""
    found: dict[str, dict[str, str]] = {}
    stage = ""
    for word in drawing.split():
        if ">" not in word:
            stage = word
            found.setdefault(stage, {})
            continue
        arrow, end = word.split(">")
        found[stage][arrow] = stage if end == "=" else end
    return found


def paper(kind: RefundKind, stage: Stage, **facts: Any) -> Any:
    """A request as the table would hold it."""
    return SimpleNamespace(
        **{
            "refund_id": new_id(), "kind": kind.value, "status": stage.value, "shipped": True, "ahead": False,
            "goods_moved": False, "attempt": 0, "amount_minor": 0,
            "approved_at": None, "failure": "closed", "parcel": None, "parcel_at": None, **facts,
        }
    )  # fmt: skip


ARROWS = sorted({arrow for life in LIVES.values() for arrow in life.table})


@pytest.mark.parametrize("kind", RefundKind)
def test_every_arrow_of_every_stage(kind: RefundKind) -> None:
    """The whole product; what isn't drawn is refused, names what is, and changes nothing."""
    drawing = read(DRAWINGS[kind])
    for stage in Stage:
        drawn = drawing.get(stage.value, {})
        for arrow in ARROWS:
            it = paper(kind, stage)
            if arrow in drawn:
                assert move(it, arrow) is stage
                assert it.status == drawn[arrow], f"{stage} {arrow}"
                continue
            with pytest.raises(Problem) as refused:
                move(it, arrow)
            assert (refused.value.slug, it.status) == ("transition-refused", stage.value), f"{stage} {arrow}"
            assert set(refused.value.facts["allowed"]) == {door(one) for one in drawn}, f"{stage} {arrow}"
            assert (refused.value.facts["from"], refused.value.facts["verb"]) == (stage.value, door(arrow))


def test_the_drawings_cover_all_there_is() -> None:
    reachable = {kind: {"requested"} for kind in RefundKind}
    for kind in RefundKind:
        for _ in Stage:
            found = read(DRAWINGS[kind])
            reachable[kind] |= {end for stage in reachable[kind] for end in found.get(stage, {}).values()}
        assert reachable[kind] == set(read(DRAWINGS[kind])), kind
    assert set().union(*reachable.values()) == {stage.value for stage in Stage}
    assert set(STATUS) == set(Stage)
    assert {stage for stage, (status, _) in STATUS.items() if status is TicketStatus.CLOSED} == set(OUTCOME)


def test_what_the_common_status_is() -> None:
    """T2: who must act next can be read from the ticket alone."""
    waits = {stage: on for stage, (status, on) in STATUS.items() if status is TicketStatus.WAITING}
    assert waits == {
        Stage.EVIDENCE_WANTED: WaitingOn.CUSTOMER, Stage.WAITING_FOR_GOODS: WaitingOn.CUSTOMER,
        Stage.GOODS_RECEIVED: WaitingOn.WAREHOUSE, Stage.APPROVED: WaitingOn.WAREHOUSE, Stage.SENT: WaitingOn.COURIER,
    }  # fmt: skip
    assert {stage: status for stage, (status, on) in STATUS.items() if status is TicketStatus.SOLVED} == {
        Stage.PAID: TicketStatus.SOLVED, Stage.RECEIVED: TicketStatus.SOLVED,
    }  # fmt: skip
    assert OUTCOME[Stage.REFUSED] is TicketOutcome.REFUSED


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ({"ahead": True}, {"withdraw", "refuse", "edit", "settle-in-money", "replace", "top-up", "run-out"}),
        ({"goods_moved": True}, {"edit"}),
        ({"attempt": 1}, {"withdraw", "refuse", "edit", "settle-in-money", "replace", "approve"}),
        ({}, set()),
    ],
)
def test_what_is_under_way_is_not_taken_back(facts: dict[str, Any], gone: set[str]) -> None:
    """T22: a replacement sent ahead, goods on their way, a difference that is being paid."""
    drawn = set(allowed(paper(RefundKind.EXCHANGE, Stage.WAITING_FOR_GOODS)))
    it = paper(RefundKind.EXCHANGE, Stage.WAITING_FOR_GOODS, **facts)
    assert set(allowed(it)) == drawn - gone
    for verb in gone & set(ARROWS):
        with pytest.raises(Problem, match="transition-refused"):
            move(it, verb)


def test_which_targets_of_time_it_goes_by() -> None:
    """T43: an order that never left has its own line."""
    assert course_of(RefundKind.MONEY_ONLY, shipped=False) is SlaCase.REFUND_UNSHIPPED
    assert course_of(RefundKind.MONEY_ONLY, shipped=True) is SlaCase.RETURN
    assert course_of(RefundKind.RETURN_AND_MONEY, shipped=True) is SlaCase.RETURN
    assert course_of(RefundKind.EXCHANGE, shipped=True) is SlaCase.EXCHANGE
    assert course_of(RefundKind.RESEND, shipped=True) is SlaCase.RESEND


@pytest.mark.parametrize(
    ("facts", "order", "refused"),
    [
        ({"shipped": False}, {"flag_meaning": "cleared"}, True),
        ({"shipped": False}, {"flag_meaning": "solved"}, True),
        ({"shipped": False}, {"flag_meaning": "problem"}, False),
        ({"shipped": False}, {"shipped_at": NOON}, True),
        ({"shipped": False, "parcel": "stopped", "parcel_at": NOON}, {"flag_meaning": "cleared"}, False),
        ({"shipped": False, "parcel": "stopped", "parcel_at": NOON}, {"shipped_at": NOON.replace(hour=5)}, True),
        ({"shipped": False, "parcel": "stopped", "parcel_at": NOON}, {"shipped_at": NOON.replace(hour=3)}, False),
        ({"shipped": True}, {"flag_meaning": "cleared", "shipped_at": NOON}, False),
    ],
)
def test_a_parcel_that_may_leave_is_stopped_first(
    facts: dict[str, Any], order: dict[str, Any], refused: bool
) -> None:
    """T24."""
    it = paper(RefundKind.MONEY_ONLY, Stage.UNDER_REVIEW, **facts)
    sold: Any = SimpleNamespace(**{"flag_meaning": None, "shipped_at": None, **order})
    with pytest.raises(Problem, match="parcel-not-stopped") if refused else nullcontext():
        expect_parcel_stopped(it, sold)


@pytest.fixture
async def refunds(desk: Desk) -> Refunds:
    return await Refunds(desk).settle_in()


async def put_at(refunds: Refunds, refund: dict[str, Any], stage: Stage) -> None:
    """Have the row say that it stands there, with what such a row has to have."""
    decided = stage not in lifecycle.BEFORE_APPROVAL
    await refunds.desk.change(
        "UPDATE refund SET status = :stage, approved_at = :at, approved_minor = :approved, payment_key = :key, "
        "paid_at = :paid, payment_reference = :reference, grounds = :grounds, ended_at = :ended WHERE refund_id = :id",
        stage=stage.value, id=refund["refund_id"], at=NOON if decided else None, approved=10**6 if decided else None,
        key=new_id() if decided else None, paid=NOON if stage is Stage.PAID else None,
        reference="r" if stage is Stage.PAID else None, grounds="g" if stage is Stage.REFUSED else None,
        ended=NOON if stage in lifecycle.ENDED else None,
    )  # fmt: skip


async def test_what_is_not_drawn_writes_nothing(refunds: Refunds) -> None:
    """I10, over the API: each stage of every kind, and in turn the verbs of the room that it doesn't have."""
    turns, asked = cycle(VERBS), 0
    for kind in RefundKind:
        left: dict[str, Any] = (
            LEFT if kind is not RefundKind.MONEY_ONLY else {"shipped_at": None, "received_at": None}
        )
        await refunds.order(f"A-{kind}", (2, "40.00"), **left)
        refund = await refunds.ask(order_no=f"A-{kind}", kind=kind.value, pieces={1: 1})
        for stage in Stage:
            await put_at(refunds, refund, stage)
            seen = await refunds.get(refund)
            drawn = {door(arrow) for arrow in read(DRAWINGS[kind]).get(stage.value, {})}
            drawn -= {"close"} if stage is Stage.INSPECTED else set()  # as long as something is owed
            drawn -= {"approve"} if stage not in lifecycle.BEFORE_APPROVAL else set()  # once it is approved
            drawn -= {"retry"} if kind is RefundKind.EXCHANGE else set()  # nothing has failed
            assert set(seen["allowed"]) == drawn, f"{kind} {stage}"
            before = await refunds.written()
            for verb in [next(turns) for _ in range(4)]:
                if verb in drawn:
                    continue
                body, who = VERBS[verb]
                refused = await refunds.verb(refund, verb, who, match=seen["ticket"]["version"], **body)
                assert problem(refused, 409) == "transition-refused", f"{kind} {stage} {verb}"
                assert set(refused.json()["allowed"]) == drawn
                asked += 1
            assert await refunds.written() == before, f"{kind} {stage}"
    assert asked > 120
