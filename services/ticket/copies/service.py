"""What tickets ask their copies, and how the copies are kept."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.appraisal.staff import StaffEvent, StaffStatus, TeamChanged, UnitChanged
from contracts.customer.customer import CustomerEvent
from kit.db import Database
from kit.envelope import Delivery
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.copies import store
from services.ticket.copies.store import (
    NOBODY,
    Party,
    UnitNamed,
    accounts_beside,
    alias_of_staff,
    aliases_of,
    customer_of_account,
    files_of,
    places_of_staff,
    staff_by_alias,
    staff_role,
    staff_status,
    team_lead,
    unit_lead,
    unit_of_code,
    units_named,
    working,
)

__all__ = [
    "NOBODY", "Party", "UnitNamed", "accounts_beside", "alias_of_staff", "aliases_of", "await_customer",
    "await_staff", "await_unit", "customer_of_account", "expect_customer", "expect_staff", "expect_unit",
    "files_of", "keep_customers", "keep_staff", "keep_teams", "keep_units", "places_of_staff", "staff_by_alias",
    "staff_role", "staff_status", "team_lead", "unit_lead", "unit_of_code", "units_named", "whom", "working",
]  # fmt: skip

# A thing referred to has 300 ms to arrive here; the pauses between looks, in seconds.
PAUSES = (0.02, 0.04, 0.08, 0.16)
T = TypeVar("T")


async def keep_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
    """Keep the newest state of every file told about, and exactly its accounts."""
    newest = _newest((delivery.event.customer.customer_id, delivery.event.customer) for delivery in deliveries)
    customers = [
        {
            "customer_id": state.customer_id, "merged_into": state.merged_into, "language": state.language,
            "tiers": {ranked.shop: ranked.tier for ranked in state.tiers},
        }
        for state in newest.values()
    ]  # fmt: skip
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
    newest = _newest((delivery.event.staff.staff_id, delivery.event.staff) for delivery in deliveries)
    staff = [
        state.model_dump(include={"staff_id", "role", "status", "team_id", "unit_id"}) for state in newest.values()
    ]
    aliases = {
        (alias.shop, alias.alias): {"shop": alias.shop, "alias": alias.alias, "staff_id": state.staff_id}
        for state in newest.values()
        if state.status is not StaffStatus.LEFT
        for alias in state.aliases
    }
    await store.keep_staff(work.session, staff, list(aliases.values()))


async def keep_units(work: Work, deliveries: Sequence[Delivery[UnitChanged]]) -> None:
    """Keep the newest state of every unit told about (X2)."""
    newest = _newest((delivery.event.unit.unit_id, delivery.event.unit) for delivery in deliveries)
    await store.keep_units(work.session, [state.model_dump() for state in newest.values()])


async def keep_teams(work: Work, deliveries: Sequence[Delivery[TeamChanged]]) -> None:
    """Keep the newest state of every team told about (A1)."""
    newest = _newest((delivery.event.team.team_id, delivery.event.team) for delivery in deliveries)
    await store.keep_teams(work.session, [state.model_dump(exclude={"name"}) for state in newest.values()])


async def await_customer(database: Database, customer_id: UUID) -> None:
    """Give that file's copy up to 300 ms to arrive."""
    await _await(database, lambda session: store.file_of(session, customer_id))


async def await_staff(database: Database, staff_id: UUID) -> None:
    """Give that member of staff's copy up to 300 ms to arrive."""
    await _await(database, lambda session: store.staff_status(session, staff_id))


async def await_unit(database: Database, unit_id: UUID) -> None:
    """Give that unit's copy up to 300 ms to arrive."""
    await _await(database, lambda session: store.unit_active(session, unit_id))


async def expect_customer(work: Work, customer_id: UUID) -> UUID:
    """The file that speaks for that one. Raises Problem `not-yet-known` when its copy has not arrived here."""
    file = await store.file_of(work.session, customer_id)
    if file is None:
        raise Problem("not-yet-known", noun="customer", headers={"Retry-After": "1"})
    return file


async def whom(work: Work, shop: str, customer_id: UUID | None, account_id: UUID | None) -> Party:
    """Whom something in that shop is about: the customer asked for, else whoever has the account, with the tier of
    this moment (T58). Raises Problem `not-yet-known` when the copy of the one asked for has not arrived here."""
    party = await store.party(work.session, shop, customer_id, account_id)
    if party is None and customer_id is not None:
        raise Problem("not-yet-known", noun="customer", headers={"Retry-After": "1"})
    return party or NOBODY


async def expect_staff(work: Work, staff_id: UUID) -> None:
    """Raises Problem `not-yet-known` for somebody unknown here, `invalid-request` for who has left or is
    suspended."""
    status = await store.staff_status(work.session, staff_id)
    if status is None:
        raise Problem("not-yet-known", noun="staff", headers={"Retry-After": "1"})
    if status == StaffStatus.LEFT:
        raise invalid("/staff_id", "该员工已离职", "this member of staff has left")
    if status == StaffStatus.SUSPENDED:
        raise invalid("/staff_id", "该员工已停职", "this member of staff is suspended")


async def expect_unit(work: Work, unit_id: UUID) -> None:
    """Raises Problem `not-yet-known` for a unit unknown here, `invalid-request` for a closed one (X2)."""
    active = await store.unit_active(work.session, unit_id)
    if active is None:
        raise Problem("not-yet-known", noun="unit", headers={"Retry-After": "1"})
    if not active:
        raise invalid("/unit_id", "该责任单位已撤销", "this unit is closed")


def _newest(told: Iterable[tuple[UUID, T]]) -> dict[UUID, T]:
    """The last state of each, in the order of its telling: what moved from one to another is with the later one."""
    newest: dict[UUID, T] = {}
    for key, state in told:
        newest.pop(key, None)
        newest[key] = state
    return newest


async def _await(database: Database, look: Callable[[AsyncSession], Awaitable[object]]) -> None:
    """Look until there is something to see. Between looks no connection is held and no transaction open (I11)."""
    for pause in (*PAUSES, None):
        async with database.reading() as session:
            if await look(session) is not None or pause is None:
                return
        await asyncio.sleep(pause)
