"""What tickets ask their copies, and how the copies are kept."""

from collections.abc import Sequence
from uuid import UUID

from contracts.appraisal.staff import StaffEvent, StaffStatus
from contracts.customer.customer import CustomerEvent
from kit.envelope import Delivery
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import store
from services.ticket.copies.store import customer_of_account, staff_by_alias

__all__ = ["customer_of_account", "expect_customer", "expect_staff", "keep_customers", "keep_staff", "staff_by_alias"]


async def keep_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
    """Keep the newest state of every file told about."""
    newest = {delivery.event.customer.customer_id: delivery.event.customer for delivery in deliveries}
    customers = [
        {"customer_id": state.customer_id, "merged_into": state.merged_into, "language": state.language}
        for state in newest.values()
    ]
    accounts = {
        account.account_id: {
            "account_id": account.account_id, "shop": account.shop, "customer_id": state.customer_id,
        }
        for state in newest.values()
        for account in state.accounts
    }  # fmt: skip
    await store.keep_customers(work.session, customers, list(accounts.values()))


async def keep_staff(work: Work, deliveries: Sequence[Delivery[StaffEvent]]) -> None:
    """Keep the newest state of every member of staff told about; who left has no alias any more."""
    newest = {delivery.event.staff.staff_id: delivery.event.staff for delivery in deliveries}
    staff = [{"staff_id": state.staff_id, "role": state.role, "status": state.status} for state in newest.values()]
    aliases = {
        (alias.shop, alias.alias): {"shop": alias.shop, "alias": alias.alias, "staff_id": state.staff_id}
        for state in newest.values()
        if state.status is not StaffStatus.LEFT
        for alias in state.aliases
    }
    await store.keep_staff(work.session, staff, list(aliases.values()))


async def expect_customer(work: Work, customer_id: UUID) -> None:
    """Raises Problem `not-yet-known` when that file's copy has not arrived here."""
    if not await store.knows_customer(work.session, customer_id):
        raise Problem("not-yet-known", noun="customer", headers={"Retry-After": "1"})


async def expect_staff(work: Work, staff_id: UUID) -> None:
    """Raises Problem `not-yet-known` for somebody unknown here, `invalid-request` for who has left."""
    status = await store.staff_status(work.session, staff_id)
    if status is None:
        raise Problem("not-yet-known", noun="staff", headers={"Retry-After": "1"})
    if status == StaffStatus.LEFT:
        raise invalid("/staff_id", "该员工已离职", "this member of staff has left")
