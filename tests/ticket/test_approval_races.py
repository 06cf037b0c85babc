"""Many approvals at the same moment: the limits of an order, a customer and a team hold (T28, T56)."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from approval_desk import BUYER, Approvals, somebody
from ticket_desk import Desk

from kit.ids import new_id
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.approval import service
from services.ticket.approval.service import Content

MANY = 12


@pytest.fixture
def approvals(desk: Desk) -> Approvals:
    return Approvals(desk)


async def at_once(
    approvals: Approvals, contents: Sequence[Content], role: str, asks: Principal = BUYER
) -> list[service.Granted | Problem]:
    """A case of each content, all approved at the same moment by different people of that role."""
    cases = [await approvals.open(content, by=asks) for content in contents]
    tries = [
        approvals.approve(case_id, content, somebody(role)) for case_id, content in zip(cases, contents, strict=True)
    ]
    return [_known(found) for found in await asyncio.gather(*tries, return_exceptions=True)]


def _known(found: service.Granted | BaseException) -> service.Granted | Problem:
    if isinstance(found, service.Granted | Problem):
        return found
    raise found


def complete(found: Sequence[service.Granted | Problem]) -> int:
    return sum(isinstance(one, service.Granted) and one.complete for one in found)


@pytest.mark.parametrize(("role", "yuan", "pass_"), [("agent", 20, 2), ("supervisor", 60, 8)])
async def test_of_one_order(approvals: Approvals, role: str, yuan: int, pass_: int) -> None:
    order_id = await approvals.order()
    found = await at_once(approvals, [approvals.content(order_id, yuan, place=n) for n in range(MANY)], role)
    assert complete(found) == pass_
    assert {one.slug for one in found if isinstance(one, Problem)} == {"beyond-authority"}
    assert await approvals.sum_of(order_id) == pass_ * yuan * 100


async def test_of_one_customer(approvals: Approvals) -> None:
    rule = {"limits": [{"role": "manager"}], "two_above": "5000.00", "second": ["finance"]}
    usual = {"limits": [{"role": "agent"}], "two_above": "5000.00", "second": ["finance"]}
    matrix = {"currency": "CNY", "days": 90, "rules": [{"total_over": "100.00", **rule}, usual]}
    await approvals.policy("refund-authority", matrix)
    orders = [await approvals.order(f"A-{n}") for n in range(MANY)]
    found = await at_once(approvals, [approvals.content(order_id, 30) for order_id in orders], "agent")
    assert complete(found) == 3
    assert sum([await approvals.sum_of(order_id) for order_id in orders]) == 90_00


async def test_of_one_teams_month(approvals: Approvals) -> None:
    team = new_id()
    await approvals.policy("team-budgets", {"currency": "CNY", "teams": {str(team): "100.00"}})
    asks = await approvals.hire(team)
    buyers = [f"buyer-{n}" for n in range(MANY)]
    orders = [await approvals.order(f"A-{buyer}", buyer=buyer) for buyer in buyers]
    contents = [approvals.content(order_id, 30, buyer=buyer) for order_id, buyer in zip(orders, buyers, strict=True)]
    found = await at_once(approvals, contents, "agent", asks)
    assert complete(found) == 3
    assert all(isinstance(one, service.Granted) for one in found)
    assert await approvals.spent(team) == {"2026-11": 90_00}


async def test_of_one_case_by_many_at_once_one_is_enough(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 50)
    case_id = await approvals.open(content)
    tries = [approvals.approve(case_id, content, somebody()) for _ in range(MANY)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, service.Granted) for one in found) == 1
    assert {one.slug for one in found if isinstance(one, Problem)} == {"transition-refused"}


async def test_of_one_case_by_one_person_with_many_logins(approvals: Approvals) -> None:
    content = approvals.content(await approvals.order(), 6000)
    case_id, who = await approvals.open(content), new_id()
    tries = [approvals.approve(case_id, content, somebody("manager", f"manager:{n}", who)) for n in range(MANY)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, service.Granted) for one in found) == 1
    assert {one.slug for one in found if isinstance(one, Problem)} == {"own-request"}
    assert await approvals.sum_of(content.order_id) == 0


async def test_an_edit_at_the_same_moment_leaves_nothing_approved_that_nobody_saw(approvals: Approvals) -> None:
    for round_ in range(5):
        content = approvals.content(await approvals.order(f"A-{round_}"), 10)
        changed = approvals.content(content.order_id, 49)
        case_id = await approvals.open(content)
        edit = approvals.revise(case_id, changed, somebody())
        tries = [approvals.approve(case_id, content, somebody()) for _ in range(3)]
        await asyncio.gather(edit, *tries, return_exceptions=True)
        (row,) = await approvals.desk.rows("SELECT * FROM approval_case WHERE case_id = :one", one=case_id)
        assert (row.status, row.amount_minor, row.content_version) == ("asked", 49_00, 2)


async def test_who_forgets_the_book_is_held_by_the_database(approvals: Approvals) -> None:
    """The planted bug of the missing row lock: the sum of an order holds all the same (T28)."""
    order_id = await approvals.order()
    contents = [approvals.content(order_id, 40, place=n, buyer=None) for n in range(MANY)]
    cases = [await approvals.open(content) for content in contents]

    async def approve(case_id: UUID, content: Content) -> service.Granted:
        async with approvals.desk.client.transactions.begin(somebody()) as work:
            return await service.approve(work, case_id, content)

    found = await asyncio.gather(*map(approve, cases, contents), return_exceptions=True)
    assert complete([_known(one) for one in found]) == 1
    assert {one.slug for one in found if isinstance(one, Problem)} <= {"beyond-authority", "conflict"}
    assert await approvals.sum_of(order_id) == 40_00
