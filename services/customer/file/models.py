"""Tables of person files. A platform's own id of a buyer is personal and stands here sealed or not at all (X6)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customer.models import CustomerServiceTable


class PersonFile(CustomerServiceTable, table=True):
    """One person's file (C1); a provisional one was made from a first order and nobody has filled it in yet.

    Name, contacts and remarks are the personal room's. What stands here is what analyses and segments read.
    """

    __tablename__ = "person_file"

    customer_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    provisional: bool
    language: str = Field(default="zh-CN", sa_type=Text)
    owner_staff_id: UUID | None = None
    gender: str | None = Field(default=None, sa_type=Text)
    birthday: date | None = None
    occupation: str | None = Field(default=None, sa_type=Text)
    risk: str | None = Field(default=None, sa_type=Text)
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    hobbies: list[str] = Field(default_factory=list, sa_column=Column(JSONB, nullable=False))
    created_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)
    event_seq: int = Field(default=0, sa_type=BigInteger)


class Account(CustomerServiceTable, table=True):
    """A buyer's account in one shop and the file it belongs to; an account belongs to one file (C3)."""

    __tablename__ = "account"

    account_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    customer_id: UUID
    created_at: datetime
    sealed_ref: bytes | None = Field(default=None, sa_type=LargeBinary)
