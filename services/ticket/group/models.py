"""The tables of groups."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


def _codes() -> Column[list[str]]:
    return Column(JSONB, nullable=False)


class Group(TicketServiceTable, table=True):
    """A group. Empty lists of shops, kinds and categories say: all of them. `skills` is what all its members need."""

    __tablename__ = "service_group"

    group_id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    shops: list[str] = Field(sa_column=_codes())
    kinds: list[str] = Field(sa_column=_codes())
    categories: list[str] = Field(sa_column=_codes())
    skills: list[str] = Field(sa_column=_codes())
    status: str = Field(sa_type=Text)
    created_by: str = Field(sa_type=Text)
    created_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)


class Member(TicketServiceTable, table=True):
    """Somebody in a group, with what they are good at there."""

    __tablename__ = "group_member"

    group_id: UUID = Field(primary_key=True)
    staff_id: UUID = Field(primary_key=True)
    skills: list[str] = Field(sa_column=_codes())
    added_by: str = Field(sa_type=Text)
    added_at: datetime
