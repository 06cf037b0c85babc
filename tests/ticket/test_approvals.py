"""Approvals (T28, T56): bound to what was seen and to people, held against sums that count every case."""

from datetime import timedelta
from typing import Any

import pytest
from approval_desk import BUYER, Approvals, other, somebody
from ticket_desk import Desk, a_file

from contracts.customer.customer import Tier
from contracts.ticket.refund import RefundReason
from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.approval import service


@pytest.fixture
def approvals(desk: Desk) -> Approvals:
    return Approvals(desk)


async def test_one_who_may_approves_and_the_case_says_by_what(approvals: Approvals) -> None:
    order_id = await approvals.order()
    content = approvals.content(order_id, 50)
    case_id = await approvals.open(content)
    assert (await approvals.needed(content, case_id=case_id)).steps == ({"agent", "supervisor", "manager"},)
    agent = somebody()
    granted = await approvals.approve(case_id, content, agent)
    assert granted == service.Granted(True, (agent.subject,), (), 1)
    (row,) = await approvals.desk.rows("SELECT * FROM approval_case WHERE case_id = :one", one=case_id)
    assert (row.status, row.approved_minor, row.order_total_minor, row.customer_total_minor, row.month) == (
        "approved", 50_00, 50_00, 50_00, "2026-11",
    )  # fmt: skip
    assert (await approvals.needed(content, case_id=case_id)).steps == ()


async def test_three_refunds_of_forty_are_a_hundred_and_twenty(approvals: Approvals) -> None:
    order_id = await approvals.order()
    await approvals.granted(approvals.content(order_id, 40, place=1), somebody())
    second = approvals.content(order_id, 40, place=2)
    case_id = await approvals.open(second)
    met = await approvals.refused(case_id, second, somebody())
    assert (met.slug, met.facts["who_may"]) == ("beyond-authority", ["manager", "supervisor"])
    assert (await approvals.approve(case_id, second, somebody("supervisor"))).complete
    assert await approvals.sum_of(order_id) == 80_00
    assert await approvals.sum_of(await approvals.order("A-2")) == 0


async def test_a_refused_attempt_is_written_down(approvals: Approvals) -> None:
    """The transaction is undone; the edge writes what the problem carries (T56)."""
    content = approvals.content(await approvals.order(), 60)
    case_id = await approvals.open(content)
    agent = somebody()
    met = await approvals.refused(case_id, content, agent)
    assert met.refusal is not None
    assert (met.refusal.actor, met.refusal.noun, met.refusal.aggregate_id) == (agent, "refund", case_id)
    assert met.refusal.facts == {"problem": "beyond-authority", "who_may": ["manager", "supervisor"]}
    assert await approvals.desk.rows("SELECT 1 FROM approval") == []


async def test_above_five_thousand_two_decide_in_any_order(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 5001)
    case_id = await approvals.open(content)
    finance, manager = somebody("finance"), somebody("manager")
    assert (await approvals.refused(case_id, content, somebody("supervisor"))).facts["who_may"] == [
        "finance", "manager",
    ]  # fmt: skip
    first = await approvals.approve(case_id, content, finance)
    assert (first.complete, first.missing) == (False, ({"manager"},))
    assert await approvals.sum_of(content.order_id) == 0
    met = await approvals.refused(case_id, content, somebody("finance"))
    assert (met.slug, met.facts["who_may"]) == ("beyond-authority", ["manager"])
    done = await approvals.approve(case_id, content, manager)
    assert (done.complete, done.by) == (True, (finance.subject, manager.subject))


@pytest.mark.parametrize("requester", [somebody("manager"), Principal("manager:alone", frozenset({"manager"}))])
async def test_nobody_approves_what_they_asked_for_under_any_login(
    approvals: Approvals, requester: Principal
) -> None:
    content = approvals.content(await approvals.order(), 10)
    case_id = await approvals.open(content, by=requester)
    again = requester
    if requester.staff_id is not None:
        again = somebody("manager", login="manager:from-home", staff_id=requester.staff_id)
    met = await approvals.refused(case_id, content, again)
    assert (met.slug, met.facts["who_may"]) == ("own-request", ["agent", "manager", "supervisor"])
    assert met.refusal is not None
    assert (await approvals.approve(case_id, content, somebody())).complete


async def test_two_logins_of_one_person_are_one_pair_of_eyes(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 6000)
    case_id = await approvals.open(content)
    who = new_id()
    await approvals.approve(case_id, content, somebody("manager", "manager:desk", who))
    assert (await approvals.refused(case_id, content, somebody("finance", "finance:home", who))).slug == "own-request"
    assert (await approvals.approve(case_id, content, somebody("finance"))).complete


@pytest.mark.parametrize("change", [{"amount_minor": 10_01}, {"reason": RefundReason.LATE}, {"tier": Tier.KEY}, {}])
async def test_what_changes_is_approved_anew_and_not_by_who_changed_it(
    approvals: Approvals, change: dict[str, Any]
) -> None:
    content = approvals.content(await approvals.order(), 10)
    agent, editor = somebody(), somebody("supervisor")
    case_id = await approvals.granted(content, agent)
    changed = other(content, **change)
    await approvals.revise(case_id, changed, editor)
    assert await approvals.sum_of(content.order_id) == 0
    assert not (await approvals.desk.rows("SELECT approval_is_complete(:one, 1)", one=case_id))[0][0]
    assert (await approvals.refused(case_id, content, agent)).slug == "stale-version"
    assert (await approvals.refused(case_id, changed, editor)).slug == "own-request"
    assert (await approvals.approve(case_id, changed, agent)).complete
    async with approvals.desk.client.transactions.look(BUYER) as work:
        assert [one.content_version for one in await service.approvals_of(work.session, case_id)] == [1, 2]


async def test_an_approval_of_what_was_changed_a_second_ago_is_of_a_stale_version(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 10)
    case_id = await approvals.open(content)
    await approvals.revise(case_id, other(content, amount_minor=49_00), somebody())
    assert (await approvals.refused(case_id, content, somebody())).slug == "stale-version"
    assert await approvals.desk.rows("SELECT 1 FROM approval") == []


async def test_a_digest_that_lies_about_the_amount_is_stale_too(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 10)
    case_id = await approvals.open(content)
    lied = service.Content(**{**_facts(content), "amount_minor": 999_00})
    assert (await approvals.refused(case_id, lied, somebody("manager"))).slug == "stale-version"


async def test_a_revision_that_says_the_same_voids_nothing(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 10)
    case_id = await approvals.granted(content, somebody())
    await approvals.revise(case_id, content, somebody())
    assert await approvals.sum_of(content.order_id) == 10_00


async def test_approved_and_void_cases_are_not_approved_again(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 10)
    case_id = await approvals.granted(content, somebody())
    assert (await approvals.refused(case_id, content, somebody())).slug == "transition-refused"
    await approvals.void(case_id)
    assert await approvals.sum_of(content.order_id) == 0
    assert (await approvals.refused(case_id, content, somebody())).facts["allowed"] == []
    await approvals.void(case_id)
    with pytest.raises(Problem, match="transition-refused"):
        await approvals.revise(case_id, other(content), somebody())


async def test_what_is_given_less_counts_less(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 50)
    case_id = await approvals.granted(content, somebody())
    await approvals.lower(case_id, 30_00)
    assert await approvals.sum_of(content.order_id) == 30_00
    with pytest.raises(ValueError, match="more than it covers"):
        await approvals.lower(case_id, 30_01)
    for minor, complete in ((30_00, True), (30_01, False)):
        said = await approvals.desk.rows("SELECT approval_is_complete(:one, :minor)", one=case_id, minor=minor)
        assert said[0][0] is complete
    await approvals.granted(approvals.content(content.order_id, 20), somebody())


async def test_what_was_lowered_is_approved_anew_to_give_all_of_it(approvals: Approvals) -> None:
    """All missing, then the parcel turns up: the content that was once approved is asked for again (T22)."""
    content = approvals.content(await approvals.order(), 50)
    case_id = await approvals.granted(content, somebody())
    await approvals.lower(case_id, 0)
    await approvals.revise(case_id, content, somebody())
    assert await approvals.sum_of(content.order_id) == 0
    assert (await approvals.needed(content, case_id=case_id)).steps == ({"agent", "supervisor", "manager"},)
    assert (await approvals.approve(case_id, content, somebody())).complete
    assert await approvals.sum_of(content.order_id) == 50_00


STRICT: dict[str, Any] = {
    "currency": "CNY",
    "days": 90,
    "rules": [
        {
            "tiers": ["bad"], "reasons": [], "total_over": "100.00", "limits": [{"role": "manager", "up_to": None}],
            "two_above": "1000.00", "second": ["finance"],
        },
        {
            "tiers": [], "reasons": ["out_of_stock"], "total_over": None,
            "limits": [{"role": "supervisor", "up_to": None}], "two_above": "20.00", "second": ["manager"],
        },
        {
            "tiers": [], "reasons": [], "total_over": None,
            "limits": [{"role": "agent", "up_to": "50.00"}, {"role": "manager", "up_to": None}],
            "two_above": "5000.00", "second": ["finance", "manager"],
        },
    ],
}  # fmt: skip


async def test_the_matrix_asks_for_tier_and_reason(approvals: Approvals) -> None:
    await approvals.policy("refund-authority", STRICT)
    out_of_stock = approvals.content(await approvals.order(), 20, reason=RefundReason.OUT_OF_STOCK)
    case_id = await approvals.open(out_of_stock)
    assert (await approvals.refused(case_id, out_of_stock, somebody())).facts["who_may"] == ["supervisor"]
    assert (await approvals.approve(case_id, out_of_stock, somebody("supervisor"))).policy_version == 2
    goodwill = approvals.content(await approvals.order("A-2"), 20, reason=None)
    await approvals.granted(goodwill, somebody())


async def test_a_shop_has_its_own_matrix(approvals: Approvals) -> None:
    await approvals.policy("refund-authority", STRICT, shop="vip")
    order_id = await approvals.order(shop="vip")
    content = approvals.content(order_id, 20, reason=RefundReason.OUT_OF_STOCK, shop="vip")
    assert (await approvals.needed(content)).steps == ({"supervisor"},)
    assert (await approvals.needed(approvals.content(await approvals.order("A-2"), 20))).policy_version == 1


@pytest.mark.parametrize("files", ["one file", "two files that were merged", "the other way round"])
async def test_the_customers_ninety_days_count_over_all_accounts(approvals: Approvals, files: str) -> None:
    await approvals.policy("refund-authority", STRICT)
    desk = approvals.desk
    here, there = desk.account("ming"), desk.account("ming-at-vip")
    if files == "one file":
        await desk.hear(a_file(here, there))
    else:
        first, second = (here, there) if files == "the other way round" else (there, here)
        survivor = a_file(first)
        await desk.hear(survivor, a_file(second).model_copy(update={"merged_into": survivor.customer_id}))
    at_vip = approvals.content(await approvals.order("B-1", buyer="ming-at-vip"), 45, buyer="ming-at-vip")
    await approvals.granted(at_vip, somebody())
    desk.clock.advance(timedelta(days=60))
    first = approvals.content(await approvals.order("A-1"), 45, tier=Tier.BAD)
    await approvals.granted(first, somebody())
    second = approvals.content(await approvals.order("A-2"), 10, tier=Tier.BAD)
    assert (await approvals.needed(second)).customer_total_minor == 100_00
    assert (await approvals.needed(second)).steps == ({"agent", "manager"},)
    third = approvals.content(second.order_id, 11, tier=Tier.BAD)
    assert (await approvals.needed(third)).steps == ({"manager"},)
    desk.clock.advance(timedelta(days=31))
    late = await approvals.needed(third)
    assert (late.customer_total_minor, late.steps) == (56_00, ({"agent", "manager"},))


async def test_beyond_the_budget_of_the_team_two_decide(approvals: Approvals) -> None:
    team = new_id()
    await approvals.policy("team-budgets", {"currency": "CNY", "teams": {str(team): "100.00"}})
    asks = await approvals.hire(team)
    first = approvals.content(await approvals.order("A-1"), 50)
    case_id = await approvals.open(first, by=asks)
    assert (await approvals.approve(case_id, first, somebody())).complete
    assert await approvals.spent(team) == {"2026-11": 50_00}
    second = approvals.content(await approvals.order("A-2", buyer="hua"), 50, buyer="hua")
    third = approvals.content(await approvals.order("A-3", buyer="lan"), 1, buyer="lan")
    assert (await approvals.needed(second, by=asks)).over_budget is False
    other_case = await approvals.open(second, by=asks)
    assert (await approvals.approve(other_case, second, somebody())).complete
    needs = await approvals.needed(third, by=asks)
    assert (needs.over_budget, needs.steps) == (True, ({"agent", "supervisor", "manager"}, {"manager", "finance"}))
    last = await approvals.open(third, by=asks)
    assert not (await approvals.approve(last, third, somebody())).complete
    assert (await approvals.refused(last, third, somebody("supervisor"))).facts["who_may"] == ["finance", "manager"]
    assert (await approvals.approve(last, third, somebody("finance"))).complete
    assert await approvals.spent(team) == {"2026-11": 101_00}
    await approvals.void(other_case)
    await approvals.lower(case_id, 20_00)
    assert await approvals.spent(team) == {"2026-11": 21_00}


async def test_the_next_month_begins_anew_and_a_void_case_goes_back_to_its_own(approvals: Approvals) -> None:
    team = new_id()
    await approvals.policy("team-budgets", {"currency": "CNY", "teams": {str(team): "50.00"}})
    approver = await approvals.hire(team)
    first = approvals.content(await approvals.order("A-1"), 50)
    case_id = await approvals.granted(first, approver)
    approvals.desk.clock.advance(timedelta(days=20))
    await approvals.granted(approvals.content(await approvals.order("A-2"), 50), approver)
    await approvals.void(case_id)
    assert await approvals.spent(team) == {"2026-11": 0, "2026-12": 50_00}


async def test_a_team_without_a_budget_is_counted_and_not_held(approvals: Approvals) -> None:
    team = new_id()
    approver = await approvals.hire(team)
    await approvals.granted(approvals.content(await approvals.order(), 50), approver)
    assert await approvals.spent(team) == {"2026-11": 50_00}


async def test_what_teams_may_give_and_have_given_is_shown(approvals: Approvals) -> None:
    named, other_team = sorted((new_id(), new_id()))
    await approvals.policy("team-budgets", {"currency": "CNY", "teams": {str(named): "60.00"}})
    await approvals.granted(approvals.content(await approvals.order("A-1"), 50), await approvals.hire(other_team))

    async def shown(month: str, role: str = "supervisor", **by: Any) -> Any:
        return await approvals.desk.call("GET", f"/v1/ticket-reports/budgets?month={month}", role, **by)

    money = {"currency": "CNY"}
    assert (await shown("2026-11")).json()["items"] == [
        {
            "team_id": str(named), "budget": {"amount": "60.00", **money}, "spent": {"amount": "0.00", **money},
            "used_up": False,
        },
        {"team_id": str(other_team), "budget": None, "spent": {"amount": "50.00", **money}, "used_up": False},
    ]  # fmt: skip
    assert len((await shown("2026-12")).json()["items"]) == 1
    assert (await shown("2026-13")).status_code == 422
    assert (await shown("2026-11", "agent")).status_code == 403
    assert (await shown("2026-11", shops=["vip"])).status_code == 403


def _facts(content: service.Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in service.Content.__slots__}
