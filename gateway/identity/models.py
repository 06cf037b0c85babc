"""The gateway's own tables: clients and their keys, staff logins and their sessions, and what it knows of staff.

Secrets are kept as digests only; refresh tokens, client secrets and API keys are random and long, so SHA-256 will do.
"""

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


class Session(IdentityTable, table=True):
    """A login that goes on: the family of refresh tokens that follow one another from one password on."""

    __tablename__ = "login_session"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(index=True)
    client_id: str | None = Field(default=None, sa_type=Text)
    opened_at: datetime
    used_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_reason: str | None = Field(default=None, sa_type=Text)


class RefreshToken(IdentityTable, table=True):
    """One token of a session. Spent ones are kept as long as the session, to know them again when they come back."""

    __tablename__ = "refresh_token"

    digest: bytes = Field(primary_key=True)
    session_id: UUID = Field(index=True, foreign_key="login_session.id", ondelete="CASCADE")
    spent_at: datetime | None = None


class LoginFailures(IdentityTable, table=True):
    """Wrong passwords for one name. The name is kept as a keyed hash: people type passwords into the wrong field."""

    __tablename__ = "login_failures"

    name_hash: bytes = Field(primary_key=True)
    count: int = 0
    since: datetime
    last_at: datetime = Field(index=True)
    locks: int = 0
    locked_until: datetime | None = None


class ApiKey(IdentityTable, table=True):
    """A key of a client, with some of the client's roles, for a time."""

    __tablename__ = "api_key"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key_id: str = Field(sa_type=Text, unique=True)
    client_id: str = Field(sa_type=Text, index=True, foreign_key="client.client_id")
    digest: bytes
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class Revocation(IdentityTable, table=True):
    """Tokens of the subject issued before the instant are refused. Rows go when those tokens have run out anyway."""

    __tablename__ = "revocation"

    subject: str = Field(sa_type=Text, primary_key=True)
    not_before: datetime
