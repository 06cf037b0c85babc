"""考核与台账: the monthly run (A17) and the ledger of earned and lost amounts (A19)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Count, Month, Part, Positive, Score, Subject
from contracts.price import Difference, Price


class Band(StrEnum):
    """考核档次 (A5)."""

    OUTSTANDING = "outstanding"
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    FAIL = "fail"


class LedgerKind(StrEnum):
    """What an entry is for (A6 to A12)."""

    BASE_PAY = "base_pay"
    COMMISSION = "commission"
    AWARD = "award"
    FINE = "fine"
    PENALTY = "penalty"
    CHARGE = "charge"
    CLAWBACK = "clawback"
    ADJUSTMENT = "adjustment"


class AppraisalResult(Part):
    """One person's score and band; amounts are on the pay slip, not in the event."""

    staff_id: UUID
    score: Score
    band: Band


class AppraisalEvent(Event):
    """What all events of a month's run share; ``run`` counts how often it was computed."""

    OWNER = "appraisal"
    AGGREGATE = "appraisal_id"

    appraisal_id: UUID
    month: Month
    team_id: UUID | None = None
    run: Positive = 1
    policy_version: Positive


class AppraisalDrafted(AppraisalEvent):
    """考核草稿: computed, not signed; ``changed`` people have another result than in the run before (A17)."""

    SUBJECT = "appraisal.drafted"

    people: Count
    changed: Count = 0
    drafted_at: AwareDatetime


class AppraisalPublished(AppraisalEvent):
    """考核发布: signed and locked; later corrections are adjustments of the next month (A17)."""

    SUBJECT = "appraisal.published"

    pool: Price
    paid_from_pool: Price
    results: tuple[AppraisalResult, ...]
    signed_by: Subject
    published_at: AwareDatetime


class LedgerPosted(Event):
    """入账: one append-only entry with its cause, rule and policy version (A19). ``cause_subject`` and
    ``cause_id`` name the event that made it; ``reverses`` is the entry it takes back."""

    SUBJECT = "ledger.posted"
    OWNER = "appraisal"
    AGGREGATE = "entry_id"

    entry_id: UUID
    staff_id: UUID
    month: Month
    kind: LedgerKind
    amount: Difference
    rule: Code
    policy_version: Positive
    cause_subject: Code | None = None
    cause_id: UUID | None = None
    reverses: UUID | None = None
    posted_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (AppraisalDrafted, AppraisalPublished, LedgerPosted)
