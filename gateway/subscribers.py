"""What the gateway does with others' events: a leaver's login ends, a suspended person's rests; their tokens go."""

from collections.abc import Sequence

from contracts.appraisal.staff import StaffChanged, StaffEvent, StaffHired, StaffLeft, StaffSuspended
from gateway.identity import service
from gateway.identity.revocation import Revocations
from kit.envelope import Delivery
from kit.subscriber import Subscription, subscription
from kit.work import Work


def subscriptions(revocations: Revocations) -> list[Subscription]:
    """The gateway's durables and their handlers."""

    async def follow_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
        """Every staff event carries the full state, so the last of each person is all that counts."""
        latest = {delivery.event.staff.staff_id: delivery.event.staff.status for delivery in deliveries}
        await service.follow_staff(work, latest, revocations)

    events = (StaffHired, StaffChanged, StaffSuspended, StaffLeft)
    return [subscription("gateway-staff", dict.fromkeys(events, follow_staff))]
