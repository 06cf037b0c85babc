"""The tables of shops' accounts and of the alarms about them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class ShopAccount(TicketServiceTable, table=True):
    """One account of a shop, with its agent and the delegate. `since` is when its status began, `seen_at` the last
    sign of life of whoever is or was signed in."""

    __tablename__ = "shop_account"

    shop_account_id: UUID = Field(primary_key=True)
    shop: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    assigned_staff_id: UUID
    delegate_staff_id: UUID | None = None
    signed_in_staff_id: UUID | None = None
    since: datetime
    seen_at: datetime | None = None
    made_by: str = Field(sa_type=Text)
    made_at: datetime
    version: int = Field(default=1, sa_type=BigInteger)


class ShopAccountAlarm(TicketServiceTable, table=True):
    """Nobody was signed in when it was looked, so many times until somebody was."""

    __tablename__ = "shop_account_alarm"

    alarm_id: UUID = Field(primary_key=True)
    shop_account_id: UUID
    shop: str = Field(sa_type=Text)
    unattended_since: datetime
    raised_at: datetime
    last_seen_at: datetime
    times: int = 1
    ended_at: datetime | None = None
    ended_by_staff_id: UUID | None = None


class SignInCheck(TicketServiceTable, table=True):
    """One look, so that each is done once, whoever leads."""

    __tablename__ = "sign_in_check"

    slot: datetime = Field(primary_key=True)
    found: int
    checked_at: datetime
