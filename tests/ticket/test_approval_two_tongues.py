"""The matrix is read twice, by the service and by the database (T56): whatever matrix a shop has and whoever has
approved, both come to the same."""

import random
from typing import Any
from uuid import UUID

import orjson
import pytest
from approval_desk import BUYER, Approvals
from ticket_desk import Desk

from contracts.customer.customer import Tier
from contracts.ticket.refund import RefundReason
from kit.ids import new_id
from kit.problems import Problem
from services.ticket.approval.policy import APPROVERS, RefundAuthority, Sum, TeamBudgets, open_steps

ROUNDS = 25
YUAN = [1, 20, 50, 51, 100, 400]
_WRITTEN = """
UPDATE approval_case SET status = 'approved', approved_minor = amount_minor, approved_at = :at, month = '2026-11',
    policy_version = 2, order_total_minor = :of_order, customer_total_minor = :of_customer, team_id = :team
WHERE case_id = :case_id
"""
_APPROVAL = """
INSERT INTO approval (case_id, content_version, person, step, roles, subject, at)
VALUES (:case_id, 1, :person, :step, CAST(:roles AS jsonb), 'somebody', :at)
"""


class Dice:
    """Any matrix, any case, any people."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def amount(self) -> str:
        return f"{self.dice.choice(YUAN)}.00"

    def some(self, among: list[str], *, least: int = 0) -> list[str]:
        return sorted(self.dice.sample(among, self.dice.randint(least, min(2, len(among)))))

    def rule(self, *, last: bool) -> dict[str, Any]:
        roles = self.dice.sample(sorted(APPROVERS), self.dice.randint(1, 3))
        return {
            "tiers": [] if last else self.some(["bad", "key"]),
            "reasons": [] if last else self.some(["quality", "late"]),
            "total_over": None if last or self.dice.random() < 0.5 else self.amount(),
            "limits": [{"role": role, "up_to": self.amount() if place else None} for place, role in enumerate(roles)],
            "two_above": self.amount(),
            "second": self.some(sorted(APPROVERS), least=1),
        }

    def matrix(self) -> dict[str, Any]:
        rules = [*(self.rule(last=False) for _ in range(self.dice.randint(0, 2))), self.rule(last=True)]
        return {"currency": self.dice.choice(["CNY"] * 5 + ["JPY"]), "days": 90, "rules": self.whole(rules)}

    @staticmethod
    def whole(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Amounts without decimals, which every currency has."""
        return list(orjson.loads(orjson.dumps(rules).replace(b'.00"', b'"')))

    def people(self) -> list[list[str]]:
        return [self.some(sorted(APPROVERS), least=1) for _ in range(self.dice.randint(1, 3))]


@pytest.mark.parametrize("seed", range(2))
async def test_both_come_to_the_same(desk: Desk, seed: int) -> None:
    approvals, dice = Approvals(desk), Dice(seed)
    agreed = []
    for round_ in range(ROUNDS):
        shop, team = f"shop-{round_}", new_id() if dice.dice.random() < 0.4 else None
        matrix, people = dice.matrix(), dice.people()
        await approvals.policy("refund-authority", matrix, shop=shop)
        content = approvals.content(
            await approvals.order(f"A-{round_}", shop=shop), dice.dice.choice(YUAN), buyer=None, shop=shop,
            tier=dice.dice.choice([None, Tier.BAD, Tier.KEY]), reason=dice.dice.choice([None, *RefundReason][:6]),
        )  # fmt: skip
        of_customer = content.amount_minor + dice.dice.choice([0, 100_00])
        asked = Sum(content.amount_minor, content.tier, content.reason, of_customer, content.currency)
        demand = RefundAuthority.model_validate(matrix).demand(asked)
        if await _over_budget(approvals, dice, round_, team, content.amount_minor):
            demand = demand.with_two()
        case_id = await approvals.open(content, by=BUYER)
        for step, roles in enumerate(people, 1):
            await desk.change(
                _APPROVAL, case_id=case_id, person=f"staff:{new_id()}", step=step, roles=orjson.dumps(roles).decode(),
                at=desk.clock.now(),
            )  # fmt: skip
        values = {"of_order": content.amount_minor, "of_customer": of_customer, "team": team}
        taken = await _taken(approvals, case_id, values)
        assert taken is (open_steps(demand.steps, people) == ()), (matrix, content, people)
        agreed.append(taken)
    assert len(set(agreed)) == 2  # some are enough, some are not


async def _over_budget(approvals: Approvals, dice: Dice, round_: int, team: UUID | None, minor: int) -> bool:
    if team is None:
        return False
    document = {"currency": "CNY", "teams": {str(team): dice.amount()}}
    await approvals.desk.change(
        "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES ('team-budgets', 'main',"
        " CAST(:version AS int), timestamptz '2026-01-01' + CAST(:version AS int) * interval '1 second',"
        " CAST(:document AS jsonb), 'test')",
        version=round_ + 2, document=orjson.dumps(document).decode(),
    )  # fmt: skip
    budget = TeamBudgets.model_validate(document).of(team, "CNY")
    assert budget is not None
    return minor > budget


async def _taken(approvals: Approvals, case_id: UUID, values: dict[str, Any]) -> bool:
    try:
        await approvals.desk.change(_WRITTEN, case_id=case_id, at=approvals.desk.clock.now(), **values)
    except Problem as problem:
        assert "approval_by_those_who_may" in str(problem.__cause__)
        return False
    return True
