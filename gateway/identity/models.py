"""The gateway's own tables: clients, staff logins, and what it knows of staff from their events."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from kit.ids import new_id
from kit.tables import own_registry


class IdentityTable(SQLModel, registry=own_registry()):
    """What all tables of the gateway inherit."""


class Client(IdentityTable, table=True):
    """A program that calls the API: a storefront backend or another service."""

    __tablename__ = "client"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    client_id: str = Field(sa_type=Text, unique=True)
    name: str = Field(sa_type=Text)
    secret_digest: bytes
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    shops: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime
    disabled_at: datetime | None = None


class Account(IdentityTable, table=True):
    """A login of a member of staff. `staff_id` ties it to the person, whose leaving ends it."""

    __tablename__ = "account"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    username: str = Field(sa_type=Text, unique=True)
    password_hash: str = Field(sa_type=Text)
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    shops: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    staff_id: UUID | None = Field(default=None, index=True)
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_reason: str | None = Field(default=None, sa_type=Text)


class StaffCopy(IdentityTable, table=True):
    """The status of a member of staff as their last event told it."""

    __tablename__ = "staff_copy"

    staff_id: UUID = Field(primary_key=True)
    status: str = Field(sa_type=Text)
