"""What other rooms ask the copies, and how they are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.appraisal.staff import StaffEvent, UnitChanged
from contracts.customer.customer import CustomerEvent
from kit.envelope import Delivery
from kit.work import Work
from services.notify.copies import store
from services.notify.template.policy import CHINESE, ENGLISH


@dataclass(frozen=True, slots=True)
class Addressee:
    """A customer to write to: the file to ask for the address, the language of the words, whether it is erased."""

    customer_id: UUID
    language: str
    erased: bool


async def keep_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
    """Keep the newest state of every member of staff told about."""
    newest = {delivery.event.staff.staff_id: delivery.event.staff for delivery in deliveries}
    rows = [{"staff_id": state.staff_id, "role": state.role, "status": state.status} for state in newest.values()]
    await store.keep_staff(work.session, rows)


async def keep_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
    """Keep the newest state of every customer told about, and whose their accounts are."""
    newest = {delivery.event.customer.customer_id: delivery.event.customer for delivery in deliveries}
    kept = {"customer_id", "language", "merged_into", "erased"}
    await store.keep_customers(work.session, [state.model_dump(include=kept) for state in newest.values()])
    holders = {one.account_id: state.customer_id for state in newest.values() for one in state.accounts}
    if holders:
        await store.keep_accounts(work.session, holders)


async def keep_units(work: Work, deliveries: Sequence[Delivery[UnitChanged]]) -> None:
    """Keep who leads which unit (X2). The events may come in any order: the highest sequence counts."""
    newest = {one.event.unit.unit_id: one for one in sorted(deliveries, key=lambda one: one.meta.sequence)}
    rows = [
        {"unit_id": unit_id, "lead_staff_id": one.event.unit.lead_staff_id, "sequence": one.meta.sequence}
        for unit_id, one in newest.items()
    ]
    await store.keep_units(work.session, rows)


async def leads_of(work: Work, units: Collection[UUID]) -> dict[UUID, UUID]:
    """Who leads each of these units, where somebody does."""
    return await store.leads(work.session, units) if units else {}


async def addressee_of(work: Work, customer_id: UUID) -> Addressee:
    """Who is written to when that customer is: the file that speaks for it since a merge (C3), in its language."""
    file = await store.speaking_file(work.session, customer_id)
    if file is None:  # the copy has not arrived
        return Addressee(customer_id, CHINESE, erased=False)
    language = CHINESE if file.language.startswith("zh") else ENGLISH
    return Addressee(file.merged_into or file.customer_id, language, erased=file.erased)


async def holders_of(work: Work, accounts: Collection[UUID]) -> dict[UUID, UUID]:
    """Whose these accounts are, where that is known."""
    return await store.holders(work.session, accounts) if accounts else {}


async def staff_at_work(work: Work, roles: Collection[str]) -> dict[str, list[UUID]]:
    """Who is at work in each of these roles: neither suspended nor gone."""
    found: dict[str, list[UUID]] = {role: [] for role in roles}
    for role, staff_id in await store.at_work(work.session, roles) if roles else ():
        found[role].append(staff_id)
    return found


async def staff_gone(work: Work, staff: Collection[UUID]) -> set[UUID]:
    """Those of these who have left. Somebody whose copy has not arrived is taken to be here."""
    return await store.gone(work.session, staff) if staff else set()
