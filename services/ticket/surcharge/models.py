"""The table of noted surcharges."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class OrderSurcharge(TicketServiceTable, table=True):
    """The courier that the buyer of an order wants, and what it costs beyond the included ones (T36)."""

    __tablename__ = "order_surcharge"

    order_id: UUID = Field(primary_key=True)
    courier: str = Field(sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    fee_minor: int = Field(sa_type=BigInteger)
    included_minor: int = Field(sa_type=BigInteger)
    surcharge_minor: int = Field(sa_type=BigInteger)
    policy_version: int
    noted_by: str = Field(sa_type=Text)
    noted_by_staff_id: UUID | None = None
    noted_at: datetime
