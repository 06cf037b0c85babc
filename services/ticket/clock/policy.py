"""What has to happen within which time (T41, T42, T43, T58, X3)."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from contracts.customer.customer import Tier
from contracts.fields import Score
from contracts.ticket.aftercare import Lateness
from contracts.ticket.clock import ClockKind, ClockParty
from contracts.ticket.ticket import TicketKind
from kit.money import round_half_up
from kit.policy import PolicyKind, Title
from kit.problems import Fault

HOUR = 3600
# Nobody waits for a customer who has not been answered yet, whatever the status says (T48), nor while it burns (T42).
NEVER_PAUSED = (ClockKind.FIRST_REPLY, ClockKind.CONTAINMENT)
# Whose legs aren't the desk's (T47): the customer sends the goods, the warehouse looks at them and sends others.
_PARTIES = {
    ClockKind.SHIP_BACK: ClockParty.CUSTOMER,
    ClockKind.INSPECT: ClockParty.WAREHOUSE,
    ClockKind.RESEND: ClockParty.WAREHOUSE,
    ClockKind.PAY_OUT: ClockParty.PAYMENT,
}
Target = Annotated[int, Field(strict=True, ge=1, le=1000 * HOUR)]


def party_of(kind: ClockKind) -> ClockParty:
    """Who has to act, so that a clock is met (T47)."""
    return _PARTIES.get(kind, ClockParty.DESK)


class SlaCase(StrEnum):
    """A line of the table of targets: a kind of ticket, or one of the several courses that a refund may take."""

    COMPLAINT = "complaint"
    REFUND_UNSHIPPED = "refund_unshipped"
    RETURN = "return"
    EXCHANGE = "exchange"
    RESEND = "resend"
    BAD_REVIEW = "bad_review"
    MERCHANT_REPORT = "merchant_report"
    INQUIRY = "inquiry"
    SUGGESTION = "suggestion"
    FAULT_REPORT = "fault_report"
    EMERGENCY = "emergency"
    SERVICE_REQUEST = "service_request"


def case_of(kind: TicketKind) -> SlaCase:
    """The line that holds for a kind where its room names no other: a refund counts as unshipped until it says so."""
    return SlaCase.REFUND_UNSHIPPED if kind is TicketKind.REFUND else SlaCase(kind.value)


class SlaTargets(BaseModel):
    """承诺时限 (T43): business seconds per line and clock, the factor of each tier (T58), when to warn, and which
    clocks stand still while a ticket waits for the customer. What a line doesn't name has no clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: dict[SlaCase, dict[ClockKind, Target]]
    tier_factors: dict[Tier, Score] = Field(description="What a target is multiplied by; 1.00 for a tier not named.")
    warn_percent: int = Field(strict=True, ge=1, le=99)
    paused_in_waiting: frozenset[ClockKind]

    def seconds(self, case: SlaCase, kind: ClockKind, tier: Tier | None) -> int | None:
        """The target of a clock; None where there is none."""
        target = self.targets.get(case, {}).get(kind)
        return None if target is None else self.for_tier(target, tier)

    def for_tier(self, seconds: int, tier: Tier | None) -> int:
        """A target for a customer of that tier, to the second (T41, T58)."""
        factor = self.tier_factors.get(tier) if tier else None
        return seconds if factor is None else max(round_half_up(seconds * Fraction(factor)), 1)


def check_targets(policy: SlaTargets) -> Iterator[Fault]:
    """Clocks that are never paused, and factors of nothing."""
    for kind in sorted(policy.paused_in_waiting.intersection(NEVER_PAUSED)):
        yield Fault("/paused_in_waiting", f"{kind} 不会因等待客户而暂停", f"{kind} never stands still while waiting")
    for case, targets in policy.targets.items():
        if ClockKind.CONTAINMENT in targets:
            at = f"/targets/{case}/{ClockKind.CONTAINMENT}"
            yield Fault(at, "由 emergency-containment 规定", "is the policy emergency-containment's to say")
    for tier, factor in policy.tier_factors.items():
        if Fraction(factor) <= 0:
            yield Fault(f"/tier_factors/{tier}", "必须大于 0", "must be greater than 0")


class LoadStep(BaseModel):
    """Up to so many open chats, so many seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: int = Field(strict=True, ge=1, le=1000)
    seconds: Target


class LoadTarget(NamedTuple):
    """Within how many seconds a chat is answered, and whether the agent has more of them than can be answered: then
    an auto-reply goes out at once and others help."""

    seconds: int
    overflow: bool


class FirstReplyLoad(BaseModel):
    """首次回复 by the agent's open chats when the new one arrives, it included (T41). Beyond the last step an
    auto-reply goes out, which stops no clock; the chat keeps the target of `overflow_seconds`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[LoadStep, ...] = Field(min_length=1, max_length=20)
    overflow_seconds: Target

    def target(self, open_chats: int) -> LoadTarget:
        """The target of a chat that makes so many open ones."""
        for step in self.steps:
            if open_chats <= step.up_to:
                return LoadTarget(step.seconds, overflow=False)
        return LoadTarget(self.overflow_seconds, overflow=True)


def check_load(policy: FirstReplyLoad) -> Iterator[Fault]:
    """Steps that don't rise."""
    for place in range(1, len(policy.steps)):
        if policy.steps[place].up_to <= policy.steps[place - 1].up_to:
            yield Fault(f"/steps/{place}/up_to", "必须大于上一档", "must be greater than the step before")


class EmergencyContainment(BaseModel):
    """突发事件 (T42): until when it counts as contained in time, and until when as moderately late."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    in_time_seconds: Target
    moderate_seconds: Target

    def lateness(self, elapsed: timedelta) -> Lateness:
        """How late it was contained: 10:00.000 is in time, anything later moderate, beyond 30:00 severe (T42)."""
        if elapsed <= timedelta(seconds=self.in_time_seconds):
            return Lateness.IN_TIME
        return Lateness.MODERATE if elapsed <= timedelta(seconds=self.moderate_seconds) else Lateness.SEVERE


def check_containment(policy: EmergencyContainment) -> Iterator[Fault]:
    """Severe before moderate."""
    if policy.moderate_seconds <= policy.in_time_seconds:
        yield Fault("/moderate_seconds", "必须大于 in_time_seconds", "must be greater than in_time_seconds")


_C = ClockKind
_REPLIES_AND_SOLUTION = (_C.FIRST_REPLY, _C.NEXT_REPLY, _C.SOLUTION)


def _hours(first: int, following: int | None, solution: int) -> dict[ClockKind, int]:
    hours = zip(_REPLIES_AND_SOLUTION, (first, following, solution), strict=True)
    return {kind: one * HOUR for kind, one in hours if one is not None}


# T47 gives sending the goods back a clock, T43 no number for it: seven workdays of eight hours are ours.
_RETURN = {_C.AGREE: 24 * HOUR, _C.SHIP_BACK: 56 * HOUR, _C.INSPECT: 24 * HOUR, _C.PAY_OUT: 8 * HOUR,
           _C.CALL_BACK: 48 * HOUR}  # fmt: skip
DEFAULT_TARGETS = SlaTargets(
    targets={
        SlaCase.COMPLAINT: _hours(1, 4, 24),
        SlaCase.REFUND_UNSHIPPED: _hours(1, 4, 8),
        SlaCase.RETURN: _RETURN,
        SlaCase.EXCHANGE: {**_RETURN, _C.RESEND: 24 * HOUR},
        SlaCase.RESEND: {_C.RESEND: 24 * HOUR},
        SlaCase.BAD_REVIEW: _hours(4, None, 24),
        SlaCase.MERCHANT_REPORT: _hours(4, 24, 72),
        SlaCase.INQUIRY: _hours(2, 8, 24),
        SlaCase.SUGGESTION: {_C.SOLUTION: 120 * HOUR},
        SlaCase.FAULT_REPORT: _hours(2, 8, 24),
        SlaCase.EMERGENCY: {},
        SlaCase.SERVICE_REQUEST: _hours(4, 8, 48),
    },
    tier_factors={Tier.KEY: "0.50", Tier.ORDINARY: "1.00", Tier.SMALL: "1.00", Tier.BAD: "1.00"},
    warn_percent=80,
    # Sending the goods back is the customer's own leg: that is what is waited for, so it runs on.
    paused_in_waiting=frozenset(ClockKind) - {*NEVER_PAUSED, _C.SHIP_BACK},
)
SLA_TARGETS = PolicyKind(
    "sla-targets", SlaTargets, DEFAULT_TARGETS, Title("承诺时限", "Service level targets"), check_targets
)
_STEPS = (LoadStep(up_to=5, seconds=60), LoadStep(up_to=10, seconds=300), LoadStep(up_to=20, seconds=600))
FIRST_REPLY_LOAD = PolicyKind(
    "first-reply-load", FirstReplyLoad, FirstReplyLoad(steps=_STEPS, overflow_seconds=600),
    Title("首次回复时限（按在线会话数）", "First reply by open chats"), check_load,
)  # fmt: skip
EMERGENCY_CONTAINMENT = PolicyKind(
    "emergency-containment", EmergencyContainment,
    EmergencyContainment(in_time_seconds=600, moderate_seconds=1800),
    Title("突发事件控制时限", "Containing an emergency"), check_containment,
)  # fmt: skip
