"""The database holds by itself what approvals promise (T28, T56): rows are written past the service here."""

import asyncio
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from approval_desk import Approvals, somebody
from ticket_desk import Desk

from kit.ids import new_id
from kit.money import _EXPONENTS, exponent
from kit.problems import Problem
from services.ticket.approval.policy import APPROVERS

_INSERT = """
INSERT INTO approval (case_id, content_version, person, step, roles, subject, at)
VALUES (:case_id, :version, :person, :step, CAST(:roles AS jsonb), 'somebody', :at)
"""
_APPROVED = """
UPDATE approval_case SET status = 'approved', approved_minor = :minor, approved_at = :at, month = '2026-11',
    policy_version = :policy, order_total_minor = :of_order, customer_total_minor = :of_customer
WHERE case_id = :case_id
"""


class Past:
    """Whoever writes into the tables directly."""

    def __init__(self, desk: Desk) -> None:
        self.approvals = Approvals(desk)
        self.desk = desk

    async def case(self, yuan: int, order: str = "A-1") -> UUID:
        content = self.approvals.content(await self.approvals.order(order), yuan)
        return await self.approvals.open(content, by=somebody("manager", "manager:asks"))

    def approval(self, case_id: UUID, role: str = "agent", **facts: Any) -> dict[str, Any]:
        plain = {"version": 1, "person": f"staff:{new_id()}", "step": 1, "roles": f'["{role}"]'}
        return {"case_id": case_id, "at": self.desk.clock.now(), **plain, **facts}

    def approved(self, case_id: UUID, minor: int, **facts: Any) -> dict[str, Any]:
        sums = {"of_order": minor, "of_customer": minor, "policy": 1}
        return {"case_id": case_id, "minor": minor, "at": self.desk.clock.now(), **sums, **facts}

    async def refuses(self, statement: str, values: dict[str, Any]) -> str:
        return await self.approvals.past_the_api(statement, **values)


@pytest.fixture
def past(desk: Desk) -> Past:
    return Past(desk)


async def test_what_is_right_is_taken(past: Past) -> None:
    case_id = await past.case(50)
    await past.desk.change(_INSERT, **past.approval(case_id))
    await past.desk.change(_APPROVED, **past.approved(case_id, 50_00))
    for minor, complete in ((0, True), (50_00, True), (50_01, False)):
        said = await past.desk.rows("SELECT approval_is_complete(:one, :minor)", one=case_id, minor=minor)
        assert said[0][0] is complete


async def test_nobody_approves_what_they_asked_for(past: Past) -> None:
    case_id = await past.case(50)
    (row,) = await past.desk.rows("SELECT requested_by_person FROM approval_case")
    own = past.approval(case_id, person=row.requested_by_person)
    assert await past.refuses(_INSERT, own) == "approval_by_others"


async def test_one_person_is_one_pair_of_eyes(past: Past) -> None:
    case_id = await past.case(6000)
    first = past.approval(case_id, "manager")
    await past.desk.change(_INSERT, **first)
    assert await past.refuses(_INSERT, {**first, "step": 2}) == "approval_pkey"
    same_step = past.approval(case_id, "finance", step=1)
    assert await past.refuses(_INSERT, same_step) == "approval_case_id_content_version_step_key"
    assert await past.refuses(_APPROVED, past.approved(case_id, 6000_00)) == "approval_by_those_who_may"


async def test_only_what_is_asked_now_is_approved(past: Past) -> None:
    case_id = await past.case(50)
    for of_what in ({"case_id": case_id, "version": 0}, {"case_id": case_id, "version": 2}, {"case_id": new_id()}):
        assert await past.refuses(_INSERT, past.approval(**of_what)) == "approval_of_what_is_asked"


ENOUGH = {50: APPROVERS - {"finance"}, 500: {"supervisor", "manager"}, 5000: {"manager"}, 6000: set[str]()}


async def test_the_matrix_is_asked_whoever_writes(past: Past) -> None:
    for yuan, role in product(ENOUGH, [*sorted(APPROVERS), "auditor"]):
        case_id = await past.case(yuan, f"A-{yuan}-{role}")
        await past.desk.change(_INSERT, **past.approval(case_id, role))
        written = past.approved(case_id, yuan * 100)
        if role in ENOUGH[yuan]:
            await past.desk.change(_APPROVED, **written)
            await past.desk.change("UPDATE approval_case SET status = 'void' WHERE case_id = :one", one=case_id)
        else:
            assert await past.refuses(_APPROVED, written) == "approval_by_those_who_may", (yuan, role)


async def test_nothing_is_approved_by_nobody(past: Past) -> None:
    case_id = await past.case(1)
    assert await past.refuses(_APPROVED, past.approved(case_id, 1_00)) == "approval_by_those_who_may"


TWO = {
    ("manager", "manager"): True, ("manager", "finance"): True, ("finance", "manager"): True,
    ("finance", "finance"): False, ("manager", "supervisor"): False, ("supervisor", "agent"): False,
}  # fmt: skip


async def test_above_five_thousand_two(past: Past) -> None:
    for roles, enough in TWO.items():
        case_id = await past.case(5001, "-".join(roles))
        for step, role in enumerate(roles, 1):
            await past.desk.change(_INSERT, **past.approval(case_id, role, step=step))
        written = past.approved(case_id, 5001_00)
        if enough:
            await past.desk.change(_APPROVED, **written)
            await past.desk.change("UPDATE approval_case SET status = 'void' WHERE case_id = :one", one=case_id)
        else:
            assert await past.refuses(_APPROVED, written) == "approval_by_those_who_may", roles


async def test_the_orders_sum_is_counted_by_the_database(past: Past) -> None:
    first, second = await past.case(40), await past.case(40)
    for case_id in (first, second):
        await past.desk.change(_INSERT, **past.approval(case_id))
    await past.desk.change(_APPROVED, **past.approved(first, 40_00))
    assert await past.refuses(_APPROVED, past.approved(second, 40_00)) == "approval_of_all_sums"
    all_sums = past.approved(second, 40_00, of_order=80_00, of_customer=40_00)
    assert await past.refuses(_APPROVED, all_sums) == "approval_of_all_sums"
    told = past.approved(second, 40_00, of_order=80_00, of_customer=80_00)
    assert await past.refuses(_APPROVED, told) == "approval_by_those_who_may"


async def test_the_policy_in_force_decides(past: Past) -> None:
    case_id = await past.case(40)
    await past.desk.change(_INSERT, **past.approval(case_id))
    assert await past.refuses(_APPROVED, past.approved(case_id, 40_00, policy=2)) == "approval_by_policy_in_force"


async def test_a_teams_budget_is_counted_by_the_database(past: Past) -> None:
    team = new_id()
    await past.approvals.policy("team-budgets", {"currency": "CNY", "teams": {str(team): "50.00"}})
    cases = [await past.case(30, f"A-{n}") for n in range(2)]
    await past.desk.change("UPDATE approval_case SET team_id = :team", team=team)
    for case_id in cases:
        await past.desk.change(_INSERT, **past.approval(case_id))
    await past.desk.change(_APPROVED, **past.approved(cases[0], 30_00))
    second = past.approved(cases[1], 30_00, of_customer=60_00)
    assert await past.refuses(_APPROVED, second) == "approval_by_those_who_may"
    await past.desk.change(_INSERT, **past.approval(cases[1], "finance", step=2))
    await past.desk.change(_APPROVED, **second)


_DECIDED = ("approved_at", "month", "policy_version", "order_total_minor", "customer_total_minor")
CHANGES = {
    "the amount": ("amount_minor = 999", "approval_anew"),
    "the digest": ("content_digest = sha256('other')", "approval_anew"),
    "the currency": ("currency = 'JPY'", "approval_anew"),
    "the reason": ("reason = 'late'", "approval_anew"),
    "the tier": ("tier = 'key'", "approval_anew"),
    "its author": ("written_by_person = 'staff:x'", "approval_anew"),
    "the version, still approved": ("content_version = 2", "approval_anew"),
    "two versions on": (_ANEW := "content_version = 3, status = 'asked', approved_minor = NULL", "approval_anew"),
    "asked again": (_ANEW.replace("content_version = 3, ", ""), "approval_anew"),
    "more": ("approved_minor = 51_00", "approval_covers"),
    "the sums": ("order_total_minor = 1", "approval_covers"),
    "when": ("approved_at = now()", "approval_covers"),
    "who asked": ("requested_by_person = 'staff:x'", "approval_case_stays"),
    "the order's shop": ("shop = 'vip'", "approval_case_stays"),
    "the account": ("account_id = NULL", "approval_case_stays"),
}


async def test_what_is_approved_does_not_change_under_its_approval(past: Past) -> None:
    case_id = await past.case(51)
    await past.desk.change(_INSERT, **past.approval(case_id, "supervisor"))
    await past.desk.change(_APPROVED, **past.approved(case_id, 51_00))
    await past.desk.change("UPDATE approval_case SET approved_minor = 5000")
    for change, (setting, rule) in CHANGES.items():
        undone = [f"{name} = NULL" for name in _DECIDED] if "status" in setting else []
        assert await past.refuses(f"UPDATE approval_case SET {', '.join([setting, *undone])}", {}) == rule, change


@pytest.mark.parametrize("table", ["approval", "approval_case"])
async def test_rows_are_never_deleted_nor_an_approval_changed(past: Past, table: str) -> None:
    case_id = await past.case(50)
    await past.desk.change(_INSERT, **past.approval(case_id))
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE", "UPDATE approval SET person = 'staff:x'"):
        with pytest.raises(Exception, match="never changed or deleted"):
            await past.desk.change(statement)


async def test_a_void_case_stays_void(past: Past) -> None:
    await past.case(50)
    await past.desk.change("UPDATE approval_case SET status = 'void'")
    assert await past.refuses("UPDATE approval_case SET status = 'asked'", {}) == "approval_case_stays"


async def test_a_case_begins_with_being_asked_for(past: Past) -> None:
    await past.case(50)
    copy = """
    INSERT INTO approval_case SELECT (jsonb_populate_record(c, jsonb_build_object('case_id', gen_random_uuid(),
        'content_version', 2))).* FROM approval_case c
    """
    assert await past.refuses(copy, {}) == "approval_asked_first"


async def test_two_who_write_at_once_do_not_pass_the_limit_together(past: Past) -> None:
    cases = [await past.case(30) for _ in range(8)]
    for case_id in cases:
        await past.desk.change(_INSERT, **past.approval(case_id))
    written = [past.desk.change(_APPROVED, **past.approved(case_id, 30_00)) for case_id in cases]
    found = await asyncio.gather(*written, return_exceptions=True)
    assert sum(one is None for one in found) == 1
    assert all(isinstance(one, Problem) for one in found if one is not None)


async def test_the_database_knows_the_decimals_of_every_currency(past: Past) -> None:
    """One rule in two languages (X4): they agree."""
    currencies = [*_EXPONENTS, "CNY", "USD", "EUR"]
    rows = await past.desk.rows("SELECT c, minor_units(c) FROM unnest(CAST(:all AS text[])) c", all=currencies)
    assert dict(map(tuple, rows)) == {currency: 10 ** exponent(currency) for currency in currencies}
