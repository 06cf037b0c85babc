"""Copies of others' things; the newest state only."""

from uuid import UUID

from sqlalchemy import ARRAY, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class CustomerCopy(TicketServiceTable, table=True):
    """A customer's file as far as tickets need it: its tier in each shop that has ranked it (C16). A merged file
    points to the one that speaks for it."""

    __tablename__ = "customer_copy"

    customer_id: UUID = Field(primary_key=True)
    merged_into: UUID | None = None
    language: str = Field(sa_type=Text)
    tiers: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


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
    team_id: UUID | None = None
    unit_id: UUID | None = None


class AliasCopy(TicketServiceTable, table=True):
    """花名: the name a member of staff has on a shop's chats (A1)."""

    __tablename__ = "alias_copy"

    shop: str = Field(primary_key=True, sa_type=Text)
    alias: str = Field(primary_key=True, sa_type=Text)
    staff_id: UUID


class UnitCopy(TicketServiceTable, table=True):
    """责任单位: at whose door a complaint can be laid, and its lead (X2)."""

    __tablename__ = "unit_copy"

    unit_id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    lead_staff_id: UUID | None = None
    active: bool


class TeamCopy(TicketServiceTable, table=True):
    """小组 (A1)."""

    __tablename__ = "team_copy"

    team_id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    unit_id: UUID | None = None
    lead_staff_id: UUID | None = None
    shops: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    active: bool
