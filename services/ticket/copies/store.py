"""Every query of the copies; writing takes any number of states at once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.appraisal.staff import StaffStatus
from kit.policy import EVERYWHERE
from services.ticket.copies.models import AccountCopy, AliasCopy, StaffCopy, TeamCopy, UnitCopy

_CUSTOMERS = text("""
INSERT INTO customer_copy SELECT * FROM jsonb_populate_recordset(NULL::customer_copy, :rows) ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    merged_into = excluded.merged_into, language = excluded.language, tiers = excluded.tiers
""")
_ACCOUNTS = text("""
INSERT INTO account_copy SELECT * FROM jsonb_populate_recordset(NULL::account_copy, :rows) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET customer_id = excluded.customer_id
""")
_STAFF = text("""
INSERT INTO staff_copy SELECT * FROM jsonb_populate_recordset(NULL::staff_copy, :rows) ORDER BY staff_id
ON CONFLICT (staff_id) DO UPDATE SET
    role = excluded.role, status = excluded.status, team_id = excluded.team_id, unit_id = excluded.unit_id
""")
_ALIASES = text("""
INSERT INTO alias_copy SELECT * FROM jsonb_populate_recordset(NULL::alias_copy, :rows) ORDER BY shop, alias
ON CONFLICT (shop, alias) DO UPDATE SET staff_id = excluded.staff_id
""")
_UNITS = text("""
INSERT INTO unit_copy SELECT * FROM jsonb_populate_recordset(NULL::unit_copy, :rows) ORDER BY unit_id
ON CONFLICT (unit_id) DO UPDATE SET code = excluded.code, name = excluded.name, kind = excluded.kind,
    lead_staff_id = excluded.lead_staff_id, active = excluded.active
""")
_TEAMS = text("""
INSERT INTO team_copy SELECT * FROM jsonb_populate_recordset(NULL::team_copy, :rows) ORDER BY team_id
ON CONFLICT (team_id) DO UPDATE SET code = excluded.code, unit_id = excluded.unit_id,
    lead_staff_id = excluded.lead_staff_id, shops = excluded.shops, active = excluded.active
""")
# From a file along the merges to the one that speaks for it; where that one's copy is still on its way, to its id.
_FILE = text("""
WITH RECURSIVE merged AS (
    SELECT customer_id, merged_into, 1 AS step FROM customer_copy WHERE customer_id = :customer_id
    UNION ALL
    SELECT next.customer_id, next.merged_into, step + 1
    FROM merged JOIN customer_copy next ON next.customer_id = merged.merged_into
    WHERE step < 100
)
SELECT coalesce(merged_into, customer_id) FROM merged ORDER BY step DESC LIMIT 1
""")
# The other way round: a file and all that it speaks for.
_FILES = text("""
WITH RECURSIVE spoken_for AS (
    SELECT CAST(:customer_id AS uuid) AS customer_id
    UNION
    SELECT absorbed.customer_id FROM spoken_for JOIN customer_copy absorbed
        ON absorbed.merged_into = spoken_for.customer_id
)
SELECT customer_id FROM spoken_for LIMIT 1000
""")
# From an account up to the file that speaks for its own, and down again to the accounts of all that are spoken for.
_BESIDE = text("""
WITH RECURSIVE merged AS (
    SELECT customer_id, merged_into, 1 AS step FROM customer_copy
    WHERE customer_id = (SELECT customer_id FROM account_copy WHERE account_id = :account_id)
    UNION ALL
    SELECT next.customer_id, next.merged_into, step + 1
    FROM merged JOIN customer_copy next ON next.customer_id = merged.merged_into
    WHERE step < 100
), spoken_for AS (
    (SELECT coalesce(merged_into, customer_id) AS customer_id FROM merged ORDER BY step DESC LIMIT 1)
    UNION
    SELECT absorbed.customer_id FROM spoken_for JOIN customer_copy absorbed
        ON absorbed.merged_into = spoken_for.customer_id
)
SELECT account_id FROM account_copy WHERE customer_id IN (SELECT customer_id FROM spoken_for) LIMIT 1000
""")
# The same way, with what a new ticket takes from the file, in one look.
_PARTY = text("""
WITH RECURSIVE merged AS (
    SELECT customer_id, merged_into, language, tiers, 1 AS step FROM customer_copy
    WHERE customer_id = coalesce(
        CAST(:customer_id AS uuid), (SELECT customer_id FROM account_copy WHERE account_id = :account_id)
    )
    UNION ALL
    SELECT next.customer_id, next.merged_into, next.language, next.tiers, step + 1
    FROM merged JOIN customer_copy next ON next.customer_id = merged.merged_into
    WHERE step < 100
)
SELECT coalesce(merged_into, customer_id), tiers ->> CAST(:shop AS text), language
FROM merged ORDER BY step DESC LIMIT 1
""")
Rows = Sequence[Mapping[str, Any]]


class Party(NamedTuple):
    """A customer as a new ticket takes notice of one: `tier` in its shop, None where that has none (T58)."""

    customer_id: UUID | None
    tier: str | None
    language: str


NOBODY = Party(None, None, "zh-CN")


class UnitNamed(NamedTuple):
    """What a unit is called, and who leads it (X2)."""

    code: str
    name: str
    lead_staff_id: UUID | None


class Places(NamedTuple):
    """Where somebody works."""

    team_id: UUID | None
    unit_id: UUID | None


async def keep_customers(session: AsyncSession, customers: Rows, accounts: Rows) -> None:
    """Keep these files, with exactly these accounts."""
    await session.execute(_CUSTOMERS, {"rows": _json(customers)})
    ids = [row["customer_id"] for row in customers]
    await session.execute(delete(AccountCopy).where(col(AccountCopy.customer_id).in_(ids)))
    await session.execute(_ACCOUNTS, {"rows": _json(accounts)})


async def keep_staff(session: AsyncSession, staff: Rows, aliases: Rows) -> None:
    """Keep these members of staff, with exactly these aliases."""
    await session.execute(_STAFF, {"rows": _json(staff)})
    ids = [row["staff_id"] for row in staff]
    await session.execute(delete(AliasCopy).where(col(AliasCopy.staff_id).in_(ids)))
    await session.execute(_ALIASES, {"rows": _json(aliases)})


async def keep_units(session: AsyncSession, units: Rows) -> None:
    """Keep these units."""
    await session.execute(_UNITS, {"rows": _json(units)})


async def keep_teams(session: AsyncSession, teams: Rows) -> None:
    """Keep these teams."""
    await session.execute(_TEAMS, {"rows": _json(teams)})


async def customer_of_account(session: AsyncSession, account_id: UUID) -> UUID | None:
    """The customer whose account it is; of a merged file, the one that speaks for it."""
    statement = select(col(AccountCopy.customer_id)).where(col(AccountCopy.account_id) == account_id)
    customer_id = (await session.execute(statement)).scalar_one_or_none()
    return None if customer_id is None else await file_of(session, customer_id)


async def file_of(session: AsyncSession, customer_id: UUID) -> UUID | None:
    """The file that speaks for that one since their merge (C3), itself where there was none; None for one that is
    unknown here."""
    return (await session.execute(_FILE, {"customer_id": customer_id})).scalar_one_or_none()


async def party(session: AsyncSession, shop: str, customer_id: UUID | None, account_id: UUID | None) -> Party | None:
    """The customer, or whoever has that account, as that shop sees them; None for one that is unknown here."""
    asked = {"shop": shop, "customer_id": customer_id, "account_id": account_id}
    found = (await session.execute(_PARTY, asked)).one_or_none()
    return None if found is None else Party(*found)


async def staff_by_alias(session: AsyncSession, shop: str, alias: str) -> UUID | None:
    """Whose alias it is in that shop, else in the company at large (shop `main`)."""
    statement = (
        select(col(AliasCopy.staff_id))
        .where(col(AliasCopy.alias) == alias, col(AliasCopy.shop).in_({shop, EVERYWHERE}))
        .order_by((col(AliasCopy.shop) == shop).desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def alias_of_staff(session: AsyncSession, shop: str, staff_id: UUID) -> str | None:
    """The name that somebody has on the shop's chats, else in the company at large; None without one (A1)."""
    statement = (
        select(col(AliasCopy.alias))
        .where(col(AliasCopy.staff_id) == staff_id, col(AliasCopy.shop).in_({shop, EVERYWHERE}))
        .order_by((col(AliasCopy.shop) == shop).desc(), col(AliasCopy.alias))
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def aliases_of(session: AsyncSession, staff_ids: Sequence[UUID]) -> dict[UUID, str]:
    """A name for each of these that has one, whatever the shop: for lists that people read (A1)."""
    query = select(col(AliasCopy.staff_id), func.min(col(AliasCopy.alias))).group_by(col(AliasCopy.staff_id))
    found = await session.execute(query.where(col(AliasCopy.staff_id).in_(staff_ids)))
    return {row[0]: row[1] for row in found}


async def working(session: AsyncSession, staff_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these may be given work: neither suspended nor gone (A1, A10)."""
    statement = select(col(StaffCopy.staff_id)).where(
        col(StaffCopy.staff_id).in_(staff_ids),
        col(StaffCopy.status).in_((StaffStatus.PROBATION, StaffStatus.ACTIVE)),
    )
    return list((await session.execute(statement)).scalars())


async def staff_status(session: AsyncSession, staff_id: UUID) -> str | None:
    """The status of a member of staff; None for somebody unknown here."""
    return (
        await session.execute(select(col(StaffCopy.status)).where(col(StaffCopy.staff_id) == staff_id))
    ).scalar_one_or_none()


async def staff_role(session: AsyncSession, staff_id: UUID) -> str | None:
    """The role of a member of staff; None for somebody unknown here."""
    return (
        await session.execute(select(col(StaffCopy.role)).where(col(StaffCopy.staff_id) == staff_id))
    ).scalar_one_or_none()


async def files_of(session: AsyncSession, customer_id: UUID) -> list[UUID]:
    """That file, and all that were merged into it (C3): things told before the merge still name those."""
    return list((await session.execute(_FILES, {"customer_id": customer_id})).scalars())


async def accounts_beside(session: AsyncSession, account_id: UUID) -> list[UUID]:
    """That account and all others of the same customer, their merged files' among them (C3)."""
    found = (await session.execute(_BESIDE, {"account_id": account_id})).scalars()
    return sorted({account_id, *found})


async def unit_active(session: AsyncSession, unit_id: UUID) -> bool | None:
    """Whether the unit is open; None for one that is unknown here."""
    return (
        await session.execute(select(col(UnitCopy.active)).where(col(UnitCopy.unit_id) == unit_id))
    ).scalar_one_or_none()


async def unit_of_code(session: AsyncSession, code: str) -> UUID | None:
    """The open unit of that code; None when none is known here (X2)."""
    open_ones = (col(UnitCopy.code) == code, col(UnitCopy.active))
    return (await session.execute(select(col(UnitCopy.unit_id)).where(*open_ones).limit(1))).scalar_one_or_none()


async def unit_lead(session: AsyncSession, unit_id: UUID) -> UUID | None:
    """Who leads the unit (X2); None for one without a lead and for one that is unknown here."""
    return (
        await session.execute(select(col(UnitCopy.lead_staff_id)).where(col(UnitCopy.unit_id) == unit_id))
    ).scalar_one_or_none()


async def units_named(session: AsyncSession, unit_ids: Sequence[UUID]) -> dict[UUID, UnitNamed]:
    """What these units are called and who leads them; one that is unknown here is left out (X2)."""
    query = select(col(UnitCopy.unit_id), col(UnitCopy.code), col(UnitCopy.name), col(UnitCopy.lead_staff_id))
    found = await session.execute(query.where(col(UnitCopy.unit_id).in_(unit_ids)))
    return {row[0]: UnitNamed(*row[1:]) for row in found}


async def places_of_staff(session: AsyncSession, staff_id: UUID) -> Places:
    """The team and the unit that a member of staff is in (A1)."""
    query = select(col(StaffCopy.team_id), col(StaffCopy.unit_id)).where(col(StaffCopy.staff_id) == staff_id)
    found = (await session.execute(query)).one_or_none()
    return Places(*found) if found is not None else Places(None, None)


async def team_lead(session: AsyncSession, team_id: UUID) -> UUID | None:
    """Who leads the team; None for one without a lead and for one that is unknown here."""
    return (
        await session.execute(select(col(TeamCopy.lead_staff_id)).where(col(TeamCopy.team_id) == team_id))
    ).scalar_one_or_none()


def _json(rows: Rows) -> str:
    return orjson.dumps(list(rows), default=str).decode()
