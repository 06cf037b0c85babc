"""The table of public holidays."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class HolidayYear(TicketServiceTable, table=True):
    """One year of a region's public holidays with their make-up workdays, as it was announced."""

    __tablename__ = "holiday_year"

    region: str = Field(primary_key=True, sa_type=Text)
    year: int = Field(primary_key=True)
    days: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = 1
    saved_by: str = Field(sa_type=Text)
    saved_at: datetime
