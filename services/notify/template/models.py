"""The table of templates."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notify.models import NotifyServiceTable


class Template(NotifyServiceTable, table=True):
    """One version of a template in one language; never changed once used. `variables` are those it may use."""

    __tablename__ = "template"

    name: str = Field(sa_type=Text, primary_key=True)
    version: int = Field(primary_key=True)
    language: str = Field(sa_type=Text, primary_key=True)
    subject: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    variables: list[str] = Field(sa_column=Column(JSONB, nullable=False))
