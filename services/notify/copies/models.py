"""Copies of others' things; the newest state only."""

from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class StaffCopy(NotifyServiceTable, table=True):
    """A member of staff as far as telling them something needs it."""

    __tablename__ = "staff_copy"

    staff_id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
