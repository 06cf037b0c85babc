"""Approvals in whatever order they are asked for, held against a model of a few lines (T28, T56)."""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from approval_desk import Approvals, somebody
from ticket_desk import Desk

from kit.principals import Principal
from kit.problems import Problem
from services.ticket.approval.service import Content

WALKS, STEPS = 3, 40
PEOPLE = [somebody(role) for role in ("agent", "agent", "supervisor", "manager", "manager", "finance")]
REACH = {"agent": 50, "supervisor": 500, "manager": 10**9, "finance": 0}


@dataclass
class Model:
    """A case as the rules have it."""

    content: Content
    yuan: int
    asked_by: Principal
    written_by: Principal
    given: list[Principal] = field(default_factory=list)
    status: str = "asked"
    counts: int = 0


@dataclass
class Walk:
    """One order, its cases, and somebody who does anything."""

    approvals: Approvals
    dice: random.Random
    order_id: UUID
    cases: dict[UUID, Model] = field(default_factory=dict)
    serial: int = 0
    last: int = 0

    async def step(self) -> None:
        verbs = (
            [self.open] if not self.cases else [self.open, self.revise, self.void, self.lower, *[self.approve] * 6]
        )
        await self.dice.choice(verbs)()
        assert await self.approvals.sum_of(self.order_id) == sum(one.counts for one in self.cases.values()) * 100

    async def open(self) -> None:
        content, yuan, who = self.content(), self.last, self.dice.choice(PEOPLE)
        self.cases[await self.approvals.open(content, by=who)] = Model(content, yuan, who, who)

    async def revise(self) -> None:
        case_id, case = self.any()
        content, yuan, who = self.content(), self.last, self.dice.choice(PEOPLE)
        told = await self.tried(self.approvals.revise(case_id, content, who))
        assert told == ("transition-refused" if case.status == "void" else None)
        if told is None:
            self.cases[case_id] = Model(content, yuan, case.asked_by, who)

    async def void(self) -> None:
        case_id, case = self.any()
        await self.approvals.void(case_id)
        case.status, case.counts = "void", 0

    async def lower(self) -> None:
        case_id, case = self.any()
        if case.status == "approved":
            case.counts = self.dice.randint(0, case.counts)
            await self.approvals.lower(case_id, case.counts * 100)

    async def approve(self) -> None:
        case_id, case = self.any()
        who = self.dice.choice(PEOPLE)
        stale = self.dice.random() < 0.1
        seen = self.content() if stale else case.content
        told = await self.tried(self.approvals.approve(case_id, seen, who))
        assert told == self.expected(case, who, stale=stale)
        if told is None:
            case.given.append(who)
            if self.enough(case, case.given):
                case.status, case.counts = "approved", case.yuan

    def expected(self, case: Model, who: Principal, *, stale: bool) -> str | None:
        if stale:
            return "stale-version"
        if case.status != "asked":
            return "transition-refused"
        if who in (case.asked_by, case.written_by, *case.given):
            return "own-request"
        helps = self.steps_left(case, [*case.given, who]) < self.steps_left(case, case.given)
        return None if helps or not self.steps_left(case, case.given) else "beyond-authority"

    def enough(self, case: Model, given: list[Principal]) -> bool:
        return self.steps_left(case, given) == 0

    def steps_left(self, case: Model, given: list[Principal]) -> int:
        """By the default matrix: one whose role reaches the order's sum; above 5,000 a second, manager or finance."""
        total = case.yuan + sum(one.counts for one in self.cases.values() if one is not case)
        first = [who for who in given if REACH[role(who)] >= total]
        if total <= 5000:
            return 0 if first else 1
        seconds = [who for who in given if role(who) in ("manager", "finance")]
        if first and any(other is not one for one in first for other in seconds):
            return 0
        return 1 if seconds else 2

    async def tried(self, doing: Any) -> str | None:
        try:
            await doing
        except Problem as problem:
            return problem.slug
        return None

    def any(self) -> tuple[UUID, Model]:
        return self.dice.choice(list(self.cases.items()))

    def content(self) -> Content:
        self.serial += 1
        self.last = self.dice.choice([1, 10, 40, 50, 60, 300, 500, 2000, 4990, 6000])
        return self.approvals.content(self.order_id, self.last, serial=self.serial)


def role(who: Principal) -> str:
    (one,) = who.roles
    return one


async def test_whatever_is_asked_the_rules_hold(desk: Desk) -> None:
    approvals = Approvals(desk)
    for seed in range(WALKS):
        walk = Walk(approvals, random.Random(seed), await approvals.order(f"A-{seed}"))
        for _ in range(STEPS):
            await walk.step()
