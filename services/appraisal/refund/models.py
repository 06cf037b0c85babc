"""What paid refunds tell, kept for the figures that follow from it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, SmallInteger, Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class RefundFact(AppraisalServiceTable, table=True):
    """What was paid back, as its event of that sequence has it: a refund or goodwill by its id, or by its key a
    payment that had been given up. *Goodwill* and *late* have no reason and nobody at fault. Minor units (X4).

    `order_refunded_minor` is all that was given back of the order up to then, and `order_fully_refunded` whether
    nothing was left. The order itself may not be known here.
    """

    __tablename__ = "refund_fact"

    refund_id: UUID = Field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger)
    order_id: UUID
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    ticket_number: str | None = Field(default=None, sa_type=Text)
    kind: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    fault: str | None = Field(default=None, sa_type=Text)
    assignee_staff_id: UUID | None = None
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    order_refunded_minor: int = Field(sa_type=BigInteger)
    order_fully_refunded: bool
    paid_at: datetime


class RefundCostFact(AppraisalServiceTable, table=True):
    """责任成本: one cost of a paid refund and who bears it in the end (T57), in the order in which they were told."""

    __tablename__ = "refund_cost_fact"

    refund_id: UUID = Field(primary_key=True)
    place: int = Field(primary_key=True, sa_type=SmallInteger)
    kind: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    bearer: str = Field(sa_type=Text)
    bearer_code: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = None
    staff_id: UUID | None = None


class CostRebookingFact(AppraisalServiceTable, table=True):
    """转责: a case's cost was laid at somebody else's door (T57), as its event tells it; the highest sequence of a
    cost says who bears it now. `cause_id` is the refund, goodwill or change that it is of, `month` when it counts."""

    __tablename__ = "cost_rebooking_fact"

    cost_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    cause_id: UUID
    order_id: UUID
    shop: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    bearer: str = Field(sa_type=Text)
    bearer_code: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = None
    staff_id: UUID | None = None
    bearer_before: str = Field(sa_type=Text)
    bearer_code_before: str | None = Field(default=None, sa_type=Text)
    unit_id_before: UUID | None = None
    staff_id_before: UUID | None = None
    rebooked_at: datetime
