"""The table of personal values: sealed, and beside what is searched a keyed hash. Nothing here can be read (X6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, SmallInteger, Text
from sqlmodel import Field

from services.customer.models import CustomerServiceTable


class PersonalValue(CustomerServiceTable, table=True):
    """One personal value of one person; `place` is its rank among those of its kind, the first from 0.

    A kind and `search_key` stand once: what is somebody's phone is nobody else's (C3).
    """

    __tablename__ = "personal_value"

    value_id: UUID = Field(primary_key=True)
    customer_id: UUID
    kind: str = Field(sa_type=Text)
    place: int = Field(sa_type=SmallInteger)
    sealed: bytes = Field(sa_type=LargeBinary)
    search_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime
