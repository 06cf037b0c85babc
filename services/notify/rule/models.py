"""The table of rules."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class Rule(NotifyServiceTable, table=True):
    """On events of `subject` whose facts are as in `condition`, `template` goes to the `recipients`.

    Each recipient is a list of alternatives, the first of which that finds somebody is told.
    """

    __tablename__ = "notification_rule"

    name: str = Field(sa_type=Text, primary_key=True)
    subject: str = Field(sa_type=Text)
    condition: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    template: str = Field(sa_type=Text)
    recipients: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    channel: str = Field(sa_type=Text)
    active: bool
