"""The root of this service's tables: one database, one metadata."""

from sqlmodel import SQLModel

from kit.tables import own_registry


class CustomerServiceTable(SQLModel, registry=own_registry()):
    """What all tables of this service inherit."""
