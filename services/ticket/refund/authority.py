"""审批权限: who may approve how much (T28, T56), and how much goodwill may be offered (T27)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.customer.customer import Tier
from contracts.permissions import AGENT, FINANCE, MANAGER, SUPERVISOR
from contracts.ticket.refund import RefundReason
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

_APPROVERS = frozenset({AGENT, SUPERVISOR, MANAGER, FINANCE})


class Limit(BaseModel):
    """How far a role reaches, in minor units; empty: without end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    up_to: int | None = Field(default=None, ge=0)

    def reaches(self, minor: int) -> bool:
        """Whether that sum is within it."""
        return self.up_to is None or minor <= self.up_to


class AuthorityRule(BaseModel):
    """Limits for requests of these tiers and reasons (empty: all), from customers whose refunds of the last 90 days
    came to more than `total_over`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: frozenset[Tier] = frozenset()
    reasons: frozenset[RefundReason] = frozenset()
    total_over: int | None = Field(default=None, ge=0)
    limits: tuple[Limit, ...] = Field(min_length=1)
    two_above: int = Field(ge=0)
    second: frozenset[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _somebody_may(self) -> Self:
        named = [limit.role for limit in self.limits]
        if len(set(named)) != len(named) or not _APPROVERS.issuperset({*named, *self.second}):
            raise InvalidValue("每个角色一行，且须为审批角色", "each role once, and one that can approve")
        if all(limit.up_to is not None for limit in self.limits):
            raise InvalidValue("至少一个角色不设上限", "somebody has to have no limit")
        return self


@dataclass(frozen=True, slots=True)
class Sum:
    """What is to be approved: the order's refunds with this one, and what the limits depend on. Minor units."""

    of_order: int
    tier: Tier | None
    reason: RefundReason
    of_customer_90_days: int


class RefundAuthority(BaseModel):
    """The matrix of a shop: the first rule that fits decides; the last one fits everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[AuthorityRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _the_last_fits_all(self) -> Self:
        last = self.rules[-1]
        if last.tiers or last.reasons or last.total_over is not None:
            raise InvalidValue("最后一条必须适用于所有情形", "the last rule has to fit everything")
        return self

    def approvals(self, asked: Sum) -> list[frozenset[str]]:
        """Who has to approve, in order: each step is the roles of which one must. One step, or two above the sum
        from which nobody decides alone (T28)."""
        rule = next(rule for rule in self.rules if _fits(rule, asked))
        reaching = frozenset(
            limit.role for limit in rule.limits if limit.up_to is None or asked.of_order <= limit.up_to
        )
        return [reaching, rule.second] if asked.of_order > rule.two_above else [reaching]


def may_approve(roles: Collection[str], step: frozenset[str]) -> bool:
    """Whether somebody with these roles can take that step."""
    return not step.isdisjoint(roles)


def _fits(rule: AuthorityRule, asked: Sum) -> bool:
    return (
        (not rule.tiers or asked.tier in rule.tiers)
        and (not rule.reasons or asked.reason in rule.reasons)
        and (rule.total_over is None or asked.of_customer_90_days > rule.total_over)
    )


class GoodwillRule(BaseModel):
    """小额补偿 (T27): up to which part of the line's price, and to whom never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Decimal = Field(ge=0, le=1, max_digits=5, decimal_places=4)
    never_to: frozenset[Tier]

    def most(self, line_paid_minor: int, tier: Tier | None) -> int:
        """The most that may be offered on a line, in minor units: whole ones, never rounded up over the share."""
        if tier in self.never_to:
            return 0
        exact = Fraction(self.share) * line_paid_minor
        return exact.numerator // exact.denominator


def _limits(*limits: tuple[str, int | None]) -> Sequence[Limit]:
    return [Limit(role=role, up_to=up_to) for role, up_to in limits]


REFUND_AUTHORITY = PolicyKind(
    "refund-authority",
    RefundAuthority,
    RefundAuthority(
        rules=(
            AuthorityRule(
                limits=tuple(_limits((AGENT, 50_00), (SUPERVISOR, 500_00), (MANAGER, None))),
                two_above=5_000_00,
                second=frozenset({MANAGER, FINANCE}),
            ),
        )
    ),
    Title("退款审批权限", "Who may approve refunds"),
)
GOODWILL = PolicyKind(
    "goodwill",
    GoodwillRule,
    GoodwillRule(share=Decimal("0.2"), never_to=frozenset({Tier.BAD})),
    Title("小额补偿", "Goodwill"),
)
