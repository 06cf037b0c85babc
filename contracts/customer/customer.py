"""客户: the file of one person. Every event carries the file's whole public state, because readers keep a copy."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Count, Language, Part, Positive, Shop, Subject


class Tier(StrEnum):
    """客户分级 (C16); a prospect has none."""

    KEY = "key"
    ORDINARY = "ordinary"
    SMALL = "small"
    BAD = "bad"


class Stage(StrEnum):
    """生命周期 (C14)."""

    PROSPECT = "prospect"
    NEW = "new"
    ACTIVE = "active"
    DORMANT = "dormant"
    LOST = "lost"


class OwnerCause(StrEnum):
    """Why a customer has another account manager (C7)."""

    CLAIMED = "claimed"
    TRANSFERRED = "transferred"
    HANDED_OVER = "handed_over"
    RELEASED = "released"


class Account(Part):
    """A buyer's account in a shop; ``account_id`` is a keyed hash, the platform's own id stays in the file (C1)."""

    shop: Shop
    account_id: UUID


class ShopTier(Part):
    """A customer's tier in one shop (C16)."""

    shop: Shop
    tier: Tier
    upgradable: bool = False


class ShopStage(Part):
    """A customer's life stage in one shop (C14)."""

    shop: Shop
    stage: Stage


class CustomerState(Part):
    """All that others may know of a file: ids, language, owner, tiers and stages.

    ``provisional``: made from a first order, nobody has filled it in yet. ``merged_into``: the file that
    speaks for this one since a merge (C3); undoing the merge clears it.
    """

    customer_id: UUID
    accounts: tuple[Account, ...] = ()
    language: Language = "zh-CN"
    owner_staff_id: UUID | None = None
    tiers: tuple[ShopTier, ...] = ()
    stages: tuple[ShopStage, ...] = ()
    provisional: bool = False
    merged_into: UUID | None = None
    erased: bool = False


class CustomerEvent(Event):
    """What all events of a file share."""

    OWNER = "customer"
    AGGREGATE = "customer.customer_id"

    customer: CustomerState


class CustomerCreated(CustomerEvent):
    """建档: a new file, also a provisional one made from the first order of an unknown account (C1)."""

    SUBJECT = "customer.created"

    created_at: AwareDatetime


class CustomerChanged(CustomerEvent):
    """档案变更: something others may know of has changed (C1)."""

    SUBJECT = "customer.changed"

    changed_at: AwareDatetime


class CustomerMerged(CustomerEvent):
    """并档: the *absorbed* file now points to its survivor (C3). The event belongs to the absorbed file;
    ``accounts`` are those that come along."""

    SUBJECT = "customer.merged"

    survivor: UUID
    absorbed: UUID
    accounts: tuple[Account, ...]
    merged_by: Subject
    merged_at: AwareDatetime


class CustomerUnmerged(CustomerEvent):
    """撤销并档: a merge was undone within 30 days; the absorbed file stands for itself again (C3)."""

    SUBJECT = "customer.unmerged"

    survivor: UUID
    absorbed: UUID
    accounts: tuple[Account, ...]
    unmerged_by: Subject
    unmerged_at: AwareDatetime


class CustomerErased(CustomerEvent):
    """抹除: the personal data of this file is gone; whoever holds some erases it too (X6)."""

    SUBJECT = "customer.erased"

    erased_at: AwareDatetime


class CustomerTierChanged(CustomerEvent):
    """分级变更: another tier in one shop (C16). ``tier`` is empty when the customer dropped out of the ranking;
    ``manual`` when a person decided it."""

    SUBJECT = "customer.tier_changed"

    shop: Shop
    tier_before: Tier | None = None
    tier: Tier | None = None
    upgradable: bool = False
    manual: bool = False
    policy_version: Positive
    changed_at: AwareDatetime


class CustomerStageChanged(CustomerEvent):
    """阶段变更: another life stage in one shop, after so many silent days (C14)."""

    SUBJECT = "customer.stage_changed"

    shop: Shop
    stage_before: Stage
    stage: Stage
    silent_days: Count | None = None
    policy_version: Positive
    changed_at: AwareDatetime


class CustomerOwnerChanged(CustomerEvent):
    """客户经理变更: claimed, transferred or handed over; the new owner is in the state (C7)."""

    SUBJECT = "customer.owner_changed"

    owner_before: UUID | None = None
    cause: OwnerCause
    changed_by: Subject
    changed_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    CustomerCreated,
    CustomerChanged,
    CustomerMerged,
    CustomerUnmerged,
    CustomerErased,
    CustomerTierChanged,
    CustomerStageChanged,
    CustomerOwnerChanged,
)
