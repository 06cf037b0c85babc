"""The table of what was compared with the payment side's lists."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Reconciliation(TicketServiceTable, table=True):
    """One list, compared. Of the payments `listed`, so many were known as they stand there, `settled` by it, or not
    to be believed (`drifted`); of ours so many were `missing` in it."""

    __tablename__ = "payment_reconciliation"

    reconciliation_id: UUID = Field(primary_key=True)
    starts_at: datetime
    ends_at: datetime
    nightly: bool
    listed: int
    matched: int
    settled: int
    drifted: int
    missing: int
    ran_by: str = Field(sa_type=Text)
    ran_at: datetime
