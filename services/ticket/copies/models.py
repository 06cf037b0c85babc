"""Copies of others' things; the newest state only."""

from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class CustomerCopy(TicketServiceTable, table=True):
    """A customer's file as far as tickets need it. A merged file points to the one that speaks for it."""

    __tablename__ = "customer_copy"

    customer_id: UUID = Field(primary_key=True)
    merged_into: UUID | None = None
    language: str = Field(sa_type=Text)


class AccountCopy(TicketServiceTable, table=True):
    """Whose account it is."""

    __tablename__ = "account_copy"

    account_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    customer_id: UUID


class StaffCopy(TicketServiceTable, table=True):
    """A member of staff."""

    __tablename__ = "staff_copy"

    staff_id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)


class AliasCopy(TicketServiceTable, table=True):
    """花名: the name a member of staff has on a shop's chats (A1)."""

    __tablename__ = "alias_copy"

    shop: str = Field(primary_key=True, sa_type=Text)
    alias: str = Field(primary_key=True, sa_type=Text)
    staff_id: UUID
