"""Copies of others' things; the newest state only."""

from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class CustomerCopy(NotifyServiceTable, table=True):
    """A customer's file as far as writing to them needs it; a merged one points to the one that speaks for it."""

    __tablename__ = "customer_copy"

    customer_id: UUID = Field(primary_key=True)
    language: str = Field(sa_type=Text)
    merged_into: UUID | None = None
    erased: bool = False


class AccountCopy(NotifyServiceTable, table=True):
    """Whose account it is: what happens to an order names the account that placed it."""

    __tablename__ = "account_copy"

    account_id: UUID = Field(primary_key=True)
    customer_id: UUID


class StaffCopy(NotifyServiceTable, table=True):
    """A member of staff as far as telling them something needs it."""

    __tablename__ = "staff_copy"

    staff_id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)


class UnitCopy(NotifyServiceTable, table=True):
    """A unit's lead, as of the event with that sequence."""

    __tablename__ = "unit_copy"

    unit_id: UUID = Field(primary_key=True)
    lead_staff_id: UUID | None = None
    sequence: int = Field(sa_type=BigInteger)
