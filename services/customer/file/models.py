"""Tables of person files. A platform's own id of a buyer is personal and stands in no table here (X6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.customer.models import CustomerServiceTable


class PersonFile(CustomerServiceTable, table=True):
    """One person's file (C1); a provisional one was made from a first order and nobody has filled it in yet."""

    __tablename__ = "person_file"

    customer_id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=Text)
    provisional: bool
    language: str = Field(default="zh-CN", sa_type=Text)
    owner_staff_id: UUID | None = None
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
