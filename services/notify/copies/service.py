"""What other rooms ask the copies, and how they are kept."""

from collections.abc import Collection, Sequence
from uuid import UUID

from contracts.appraisal.staff import StaffEvent
from kit.envelope import Delivery
from kit.work import Work
from services.notify.copies import store


async def keep_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
    """Keep the newest state of every member of staff told about."""
    newest = {delivery.event.staff.staff_id: delivery.event.staff for delivery in deliveries}
    rows = [{"staff_id": state.staff_id, "role": state.role, "status": state.status} for state in newest.values()]
    await store.keep_staff(work.session, rows)


async def staff_at_work(work: Work, roles: Collection[str]) -> dict[str, list[UUID]]:
    """Who is at work in each of these roles: neither suspended nor gone."""
    found: dict[str, list[UUID]] = {role: [] for role in roles}
    for role, staff_id in await store.at_work(work.session, roles) if roles else ():
        found[role].append(staff_id)
    return found


async def staff_gone(work: Work, staff: Collection[UUID]) -> set[UUID]:
    """Those of these who have left. Somebody whose copy has not arrived is taken to be here."""
    return await store.gone(work.session, staff) if staff else set()
