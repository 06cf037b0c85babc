"""Tables of payments. A payment's number, case and amount never change; answers are only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Payment(TicketServiceTable, table=True):
    """One payment; `payment_key` is its number for the payment side, fixed before any call. The payee's token lies
    sealed (X6)."""

    __tablename__ = "payment"

    payment_key: UUID = Field(primary_key=True)
    cause: str = Field(sa_type=Text)
    cause_id: UUID
    ticket_id: UUID | None = None
    order_id: UUID
    shop: str = Field(sa_type=Text)
    order_no: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    sealed_payee: bytes | None = None
    status: str = Field(sa_type=Text)
    attempts: int = 0
    asks: int = 0
    ordered_at: datetime
    due_since: datetime
    next_try_at: datetime | None = None
    called_at: datetime | None = None
    reference: str | None = Field(default=None, sa_type=Text)
    failure: str | None = Field(default=None, sa_type=Text)
    retryable: bool | None = None
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class PaymentAnswer(TicketServiceTable, table=True):
    """One answer as it came, and what became of it. The same one coming again is this one; `number` is the payment's
    where we know it, else whatever the answer named."""

    __tablename__ = "payment_answer"

    number: UUID = Field(primary_key=True)
    reference: str = Field(primary_key=True, sa_type=Text)
    result: str = Field(primary_key=True, sa_type=Text)
    told_at: datetime = Field(primary_key=True)
    currency: str = Field(primary_key=True, sa_type=Text)
    amount_minor: int = Field(primary_key=True, sa_type=BigInteger)
    failure: str | None = Field(default=None, sa_type=Text)
    retryable: bool
    way: str = Field(sa_type=Text)
    verdict: str = Field(sa_type=Text)
    received_at: datetime
