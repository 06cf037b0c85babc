"""审批的生命: asked, approved, void; bound to the content that was seen, and to people rather than logins (T28, T56).
Pure."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.refund import RefundReason
from kit.lifecycle import Lifecycle
from kit.principals import Principal
from services.ticket.approval.policy import APPROVERS


class CaseStatus(StrEnum):
    """Where a case stands with those who have to approve it."""

    ASKED = "asked"
    APPROVED = "approved"
    VOID = "void"


_S = CaseStatus
LIFE = Lifecycle(
    noun="approval",
    states=CaseStatus,
    initial=_S.ASKED,
    table={
        "approve": {_S.ASKED: _S.APPROVED},
        "revise": {_S.ASKED: _S.ASKED, _S.APPROVED: _S.ASKED},
        "lower": {_S.APPROVED: _S.APPROVED},
        "void": {_S.ASKED: _S.VOID, _S.APPROVED: _S.VOID},
    },
)


@dataclass(frozen=True, slots=True)
class Content:
    """What is put before those who approve. `digest` stands for all that they see: `digest_of` kind, reason, fault,
    lines, amount, freight, deductions, payee."""

    noun: str
    shop: str
    order_id: UUID
    account_id: UUID | None
    reason: RefundReason | None
    tier: Tier | None
    currency: str
    amount_minor: int
    digest: bytes


class CaseLike(Protocol):
    """A case as the table holds it."""

    status: str
    requested_by_person: str
    written_by_person: str
    content_version: int
    content_digest: bytes
    reason: str | None
    tier: str | None
    currency: str
    amount_minor: int
    approved_minor: int | None
    approved_at: datetime | None
    month: str | None
    policy_version: int | None
    order_total_minor: int | None
    customer_total_minor: int | None


def digest_of(facts: Mapping[str, Any]) -> bytes:
    """What stands for these facts: equal facts have equal digests, whatever their order."""
    said = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
    return hashlib.sha256(said.encode()).digest()


def person_of(who: Principal) -> str:
    """Who acts: a member of staff is one person, whatever they are signed in with (T56)."""
    return f"staff:{who.staff_id}" if who.staff_id is not None else who.subject


def approving_roles(who: Principal) -> list[str]:
    """In which roles somebody approves."""
    return sorted(APPROVERS & who.roles)


def is_own(case: CaseLike, person: str, approved_already: Collection[str]) -> bool:
    """Whether it is not theirs to approve: they asked for it, wrote what it says now, or have approved it (T28)."""
    return person in {case.requested_by_person, case.written_by_person, *approved_already}


def says(case: CaseLike, content: Content) -> bool:
    """Whether the case's present content is that one."""
    asked = (content.digest, content.currency, content.amount_minor, content.reason, content.tier)
    return asked == (case.content_digest, case.currency, case.amount_minor, case.reason, case.tier)


def stands(case: CaseLike, content: Content) -> bool:
    """Whether nothing has to be asked anew for that content: the case says so already, and where it is approved, for
    no less than all of it."""
    return says(case, content) and case.approved_minor in (None, case.amount_minor)


def revise(case: CaseLike, content: Content, by: Principal) -> None:
    """A new content; what was approved of the old one is void. Raises Problem `transition-refused`."""
    LIFE.move(case, "revise")
    case.content_version += 1
    case.content_digest, case.written_by_person = content.digest, person_of(by)
    case.currency, case.amount_minor = content.currency, content.amount_minor
    case.reason, case.tier = content.reason, content.tier
    case.approved_minor = case.approved_at = case.month = case.policy_version = None
    case.order_total_minor = case.customer_total_minor = None


def lower(case: CaseLike, amount_minor: int) -> int:
    """An approval covers up to its sum: less is given, and the rest counts no more. Returns the rest; raises
    ValueError for more than was approved, Problem `transition-refused` where nothing is."""
    LIFE.move(case, "lower")
    approved = case.approved_minor or 0
    if not 0 <= amount_minor <= approved:
        raise ValueError("an approval is never lowered to more than it covers")
    case.approved_minor = amount_minor
    return approved - amount_minor


def names(steps: Sequence[frozenset[str]]) -> list[str]:
    """The roles of which somebody may take one of these steps."""
    return sorted(frozenset().union(*steps))
