"""店铺账号: the accounts by which a shop speaks to its buyers (T35)."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Shop


class ShopAccountFoundUnattended(Event):
    """无人在线: nobody was signed in to a shop's account when it was looked, in hours in which somebody has to be
    (T35). Told once, until somebody has been there again. ``since`` is when the last one left or fell silent."""

    SUBJECT = "shop_account.found_unattended"
    OWNER = "ticket"
    AGGREGATE = "alarm_id"

    alarm_id: UUID
    shop_account_id: UUID
    shop: Shop
    assigned_staff_id: UUID
    delegate_staff_id: UUID | None = None
    since: AwareDatetime
    found_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (ShopAccountFoundUnattended,)
