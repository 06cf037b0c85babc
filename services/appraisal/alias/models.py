"""The table of aliases."""

from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from services.appraisal.models import AppraisalServiceTable


class StaffAlias(AppraisalServiceTable, table=True):
    """Whose alias it is in a shop; unique there (A1). Those of shop `main` hold wherever a shop has no such alias."""

    __tablename__ = "staff_alias"

    shop: str = Field(sa_type=Text, primary_key=True)
    alias: str = Field(sa_type=Text, primary_key=True)
    staff_id: UUID
