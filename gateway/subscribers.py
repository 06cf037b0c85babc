"""What the gateway does with others' events: a leaver's login ends, a suspended person's rests."""

from collections.abc import Sequence

from contracts.appraisal.staff import StaffChanged, StaffEvent, StaffHired, StaffLeft, StaffSuspended
from gateway.identity import service
from kit.envelope import Delivery
from kit.subscriber import Subscription, subscription
from kit.work import Work


async def follow_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
    """Every staff event carries the full state, so the last of each person is all that counts."""
    await service.follow_staff(
        work, {delivery.event.staff.staff_id: delivery.event.staff.status for delivery in deliveries}
    )


def subscriptions() -> list[Subscription]:
    """The gateway's durables and their handlers."""
    events = (StaffHired, StaffChanged, StaffSuspended, StaffLeft)
    return [subscription("gateway-staff", dict.fromkeys(events, follow_staff))]
