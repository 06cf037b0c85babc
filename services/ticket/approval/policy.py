"""审批权限: who may approve how much (T28), and what a team may give in a month (T56)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, permutations
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.customer.customer import Tier
from contracts.permissions import AGENT, FINANCE, MANAGER, SUPERVISOR
from contracts.price import Amount, Currency
from contracts.ticket.refund import RefundReason
from kit.money import Money
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

APPROVERS = frozenset({AGENT, SUPERVISOR, MANAGER, FINANCE})
Step = frozenset[str]


class Limit(BaseModel):
    """How far a role reaches; empty: without end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    up_to: Amount | None = None


class AuthorityRule(BaseModel):
    """Limits for requests of these tiers and reasons (empty: all), from customers whose refunds of the last days come
    to more than `total_over`, this one among them. Above `two_above` two people decide, one of them a `second`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: frozenset[Tier] = frozenset()
    reasons: frozenset[RefundReason] = frozenset()
    total_over: Amount | None = None
    limits: tuple[Limit, ...] = Field(min_length=1)
    two_above: Amount
    second: frozenset[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _somebody_may(self) -> Self:
        named = [limit.role for limit in self.limits]
        if len(set(named)) != len(named) or not APPROVERS.issuperset({*named, *self.second}):
            raise InvalidValue("每个角色一行，且须为审批角色", "each role once, and one that can approve")
        if not self.unlimited:
            raise InvalidValue("至少一个角色不设上限", "somebody has to have no limit")
        return self

    @property
    def unlimited(self) -> Step:
        """Who reaches without end."""
        return frozenset(limit.role for limit in self.limits if limit.up_to is None)

    @property
    def amounts(self) -> list[str]:
        """Every amount that it names."""
        named = (self.total_over, self.two_above, *(limit.up_to for limit in self.limits))
        return [amount for amount in named if amount is not None]


@dataclass(frozen=True, slots=True)
class Sum:
    """What is to be approved: the order's refunds and the customer's, both with this one, and what the limits depend
    on. Minor units of one currency."""

    of_order: int
    tier: Tier | None
    reason: RefundReason | None
    of_customer: int
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Demand:
    """What the matrix wants: each step is the roles of which one must approve."""

    steps: tuple[Step, ...]
    second: Step

    def with_two(self) -> "Demand":
        """The same, but by two people at least (T56)."""
        return self if len(self.steps) > 1 else Demand((*self.steps, self.second), self.second)


class RefundAuthority(BaseModel):
    """The matrix of a shop: the first rule that fits decides; the last one fits everything. `days` is how far back a
    customer's refunds are counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Currency
    days: int = Field(ge=1, le=3650)
    rules: tuple[AuthorityRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _the_last_fits_all(self) -> Self:
        last = self.rules[-1]
        if last.tiers or last.reasons or last.total_over is not None:
            raise InvalidValue("最后一条必须适用于所有情形", "the last rule has to fit everything")
        expect_amounts([amount for rule in self.rules for amount in rule.amounts], self.currency)
        return self

    def since(self, now: datetime) -> datetime:
        """From when on a customer's refunds are counted."""
        return now - timedelta(days=self.days)

    def demand(self, asked: Sum) -> Demand:
        """Who has to approve: one person, or two above the sum from which nobody decides alone (T28). Of a sum in
        another currency the limits say nothing: two decide, one of them without any limit."""
        rule = next(rule for rule in self.rules if self._fits(rule, asked))
        if asked.currency != self.currency:
            return Demand((rule.unlimited,), rule.second).with_two()
        reaching = frozenset(
            limit.role for limit in rule.limits if limit.up_to is None or asked.of_order <= self._minor(limit.up_to)
        )
        alone = Demand((reaching,), rule.second)
        return alone.with_two() if asked.of_order > self._minor(rule.two_above) else alone

    def _fits(self, rule: AuthorityRule, asked: Sum) -> bool:
        return (
            (not rule.tiers or asked.tier in rule.tiers)
            and (not rule.reasons or asked.reason in rule.reasons)
            and (rule.total_over is None or asked.of_customer > self._minor(rule.total_over))
        )

    def _minor(self, amount: str) -> int:
        return Money.parse(amount, self.currency).minor


class TeamBudgets(BaseModel):
    """What each team may give in a business month; a team that isn't named has no budget to keep (T56)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Currency
    teams: dict[UUID, Amount] = Field(default_factory=dict, max_length=1000)

    @model_validator(mode="after")
    def _in_its_currency(self) -> Self:
        expect_amounts(self.teams.values(), self.currency)
        return self

    def of(self, team_id: UUID | None, currency: str) -> int | None:
        """A team's budget in minor units; None where there is none, or money of another currency is spoken of."""
        named = self.teams.get(team_id) if team_id is not None and currency == self.currency else None
        return None if named is None else Money.parse(named, currency).minor


def expect_amounts(amounts: Collection[str], currency: str) -> None:
    """Raises InvalidValue for an amount with more decimals than the currency has."""
    try:
        for amount in amounts:
            Money.parse(amount, currency)
    except ValueError as error:
        raise InvalidValue("金额的小数位多于该货币", "an amount has no more decimals than its currency") from error


def open_steps(steps: Sequence[Step], given: Sequence[Collection[str]]) -> tuple[Step, ...]:
    """The steps that are left when each of the given approvals, a person's roles, takes one as best it can: somebody
    who could take either never stands in the way of whoever could take one only, and what is left is what the most
    could take."""
    for left in range(len(steps) + 1):
        ways = [
            tuple(steps[place] for place in places)
            for places in combinations(range(len(steps)), left)
            if _all_taken([step for place, step in enumerate(steps) if place not in places], given)
        ]
        if ways:
            return max(ways, key=lambda way: sum(map(len, way)))
    raise AssertionError("no step at all is always taken")


def _all_taken(steps: Sequence[Step], given: Sequence[Collection[str]]) -> bool:
    """Whether each of these steps finds a person of its own."""
    return any(
        all(not step.isdisjoint(roles) for step, roles in zip(steps, people, strict=True))
        for people in permutations(given, len(steps))
    )


REFUND_AUTHORITY = PolicyKind(
    "refund-authority",
    RefundAuthority,
    RefundAuthority(
        currency="CNY",
        days=90,
        rules=(
            AuthorityRule(
                limits=(
                    Limit(role=AGENT, up_to="50.00"),
                    Limit(role=SUPERVISOR, up_to="500.00"),
                    Limit(role=MANAGER),
                ),
                two_above="5000.00",
                second=frozenset({MANAGER, FINANCE}),
            ),
        ),
    ),
    Title("退款审批权限", "Who may approve refunds"),
)
TEAM_BUDGETS = PolicyKind(
    "team-budgets", TeamBudgets, TeamBudgets(currency="CNY"), Title("小组月预算", "Budgets of teams")
)
