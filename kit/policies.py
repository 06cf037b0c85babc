"""Policies: versioned documents per shop, each in force from an instant on until the next one is (X3).

A version is never changed. One that isn't in force yet can be withdrawn; it stays in the history.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping, Select, bindparam, func, insert, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.ids import derived_id
from kit.policy import EVERYWHERE, InForce, PolicyKind
from kit.problems import Problem, invalid
from kit.session import Session
from kit.tables import policy
from kit.work import Work

D = TypeVar("D", bound=BaseModel)
# Asked several times in most requests: one statement object, so that it is built and compiled once.
_IN_FORCE = (
    select(policy)
    .where(
        policy.c.name == bindparam("name"),
        or_(policy.c.shop == bindparam("shop"), policy.c.shop == bindparam("everywhere")),
        policy.c.effective_from <= bindparam("at"),
        policy.c.withdrawn_at.is_(None),
    )
    .order_by((policy.c.shop == bindparam("shop")).desc(), policy.c.effective_from.desc())
    .limit(1)
)
# All versions that are or will be in force, the latest first; the document as it lies there, to be read once.
_TIMELINES = """
SELECT name, shop, version, effective_from, document::text AS document
FROM unnest($1::text[], $2::text[]) AS wanted (name, shop) JOIN policy USING (name, shop)
WHERE withdrawn_at IS NULL ORDER BY effective_from DESC
"""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 11))")


async def in_force(session: Session, kind: PolicyKind[D], shop: str, at: datetime) -> InForce[D]:
    """The policy of the shop, else of `main`, at the business time of the fact it decides about.

    The same in all of a unit of work; a version saved by another process decides a second later (`kit.memory`).
    Raises LookupError when not even the default of the migrations is there.
    """
    if (kind.name, shop, at) not in session.info:
        await prepare(session, [(kind, shop)], at)
    found: InForce[D] = session.info[kind.name, shop, at]
    return found


async def prepare(session: Session, wanted: Sequence[tuple[PolicyKind[Any], str]], at: datetime) -> None:
    """Look several policies up with one query; the session then knows what is in force at that instant.

    Raises LookupError as `in_force` does.
    """
    places = {_Place(kind.name, one) for kind, shop in wanted for one in (shop, EVERYWHERE)}
    timelines = await session.memory.recall_all(places, partial(_look_up, session))
    for kind, shop in wanted:
        found = _at(timelines[_Place(kind.name, shop)], at) or _at(timelines[_Place(kind.name, EVERYWHERE)], at)
        if found is None:
            raise LookupError(f"no policy {kind.name} is in force")
        document = _read(kind, found.document)
        session.info[kind.name, shop, at] = InForce(kind.name, found.shop, found.version, document)


class _Place(NamedTuple):
    """Where a policy's versions follow each other."""

    name: str
    shop: str


class _Version(NamedTuple):
    """One version, as it lies in the table."""

    shop: str
    version: int
    effective_from: datetime
    document: str


async def _look_up(session: Session, places: Collection[_Place]) -> dict[_Place, list[_Version]]:
    found: dict[_Place, list[_Version]] = {place: [] for place in places}
    rows = await session.fetch(_TIMELINES, [place.name for place in places], [place.shop for place in places])
    for name, shop, version, effective_from, document in rows:
        found[_Place(name, shop)].append(_Version(shop, version, effective_from, document))
    return found


def _at(timeline: Sequence[_Version], at: datetime) -> _Version | None:
    return next((version for version in timeline if version.effective_from <= at), None)


@lru_cache(maxsize=512)
def _read(kind: PolicyKind[Any], document: str) -> Any:
    """A document as its model, made once: versions are never changed and models are frozen."""
    return kind.document.model_validate_json(document)


async def version_at(session: AsyncSession, name: str, shop: str, at: datetime) -> RowMapping | None:
    """The row of the version that is in force for the shop at that instant; None when there is none."""
    asked = {"name": name, "shop": shop, "everywhere": EVERYWHERE, "at": at}
    row: RowMapping | None = (await session.execute(_IN_FORCE, asked)).mappings().one_or_none()
    return row


async def get_version(session: AsyncSession, name: str, shop: str, version: int) -> RowMapping | None:
    """The version that a result names, withdrawn or not; None when there is none."""
    return await _one(session, _exactly(name, shop, version))


async def history(
    session: AsyncSession, name: str, shops: Sequence[str] | None, after: Sequence[Any] | None, limit: int
) -> list[RowMapping]:
    """All versions of these shops (None: of all), shop by shop and newest first, after the place (shop, version)."""
    statement = select(policy).where(policy.c.name == name)
    if shops is not None:
        statement = statement.where(policy.c.shop.in_(shops))
    place = tuple_(policy.c.shop, policy.c.version)
    if after is not None:
        statement = statement.where(place < tuple(after))
    ordered = statement.order_by(policy.c.shop.desc(), policy.c.version.desc()).limit(limit)
    return list((await session.execute(ordered)).mappings())


async def schedule(
    work: Work, kind: PolicyKind[D], shop: str, effective_from: datetime | None, document: D, reason: str
) -> RowMapping:
    """Put a new version in force from that instant on, or at once (X3).

    Raises Problem `invalid-request` for an instant that has passed, `already-exists` when another version comes into
    force at the same one.
    """
    begins = effective_from or work.now
    if begins < work.now:
        raise invalid("/effective_from", "不能早于现在", "must not have passed")
    await work.session.execute(_LOCK, {"place": f"{kind.name}\n{shop}"})
    of_the_shop = (policy.c.name == kind.name, policy.c.shop == shop)
    rivals = (*of_the_shop, policy.c.effective_from == begins, policy.c.withdrawn_at.is_(None))
    rival = (await work.session.execute(select(policy.c.version).where(*rivals))).scalar_one_or_none()
    if rival is not None:
        raise Problem("already-exists", policy=kind.name, shop=shop, version=rival)
    newest = select(func.coalesce(func.max(policy.c.version), 0)).where(*of_the_shop)
    version = (await work.session.execute(newest)).scalar_one() + 1
    values = {
        "name": kind.name,
        "shop": shop,
        "version": version,
        "effective_from": begins,
        "document": document.model_dump(mode="json"),
        "saved_by": work.actor.subject,
        "saved_at": work.now,
        "reason": reason,
    }
    saved = insert(policy).values(values).returning(policy)
    row: RowMapping = (await work.session.execute(saved)).mappings().one()
    work.outdate()
    after = {"name": kind.name, "shop": shop, "version": version, "effective_from": begins.isoformat()}
    await audit.record(work, "schedule", "policy", identity(kind.name, shop), after=after, reason=reason)
    return row


async def withdraw(work: Work, kind: PolicyKind[D], shop: str, version: int, reason: str) -> RowMapping:
    """Take back a version that isn't in force yet; it stays in the history (X3).

    Raises Problem `not-found`, or `transition-refused` for one that is or was in force or is withdrawn already.
    """
    statement = _exactly(kind.name, shop, version).with_for_update()
    row = await _one(work.session, statement)
    if row is None:
        raise Problem("not-found")
    state = state_of(row, work.now)
    if state != "scheduled":
        facts: dict[str, Any] = {"noun": "policy", "from": state, "verb": "withdraw", "allowed": []}
        raise Problem("transition-refused", **facts)
    withdrawn = {"withdrawn_at": work.now, "withdrawn_by": work.actor.subject, "withdrawn_reason": reason}
    change = update(policy).where(*_is(kind.name, shop, version)).values(withdrawn).returning(policy)
    changed: RowMapping = (await work.session.execute(change)).mappings().one()
    work.outdate()
    named = {"name": kind.name, "shop": shop, "version": version}
    before, after = {**named, "state": "scheduled"}, {**named, "state": "withdrawn"}
    await audit.record(
        work, "withdraw", "policy", identity(kind.name, shop), before=before, after=after, reason=reason
    )
    return changed


def state_of(row: RowMapping, now: datetime) -> str:
    """`withdrawn`, `scheduled` as long as its instant is to come, then `effective`, also after the next one is."""
    if row["withdrawn_at"] is not None:
        return "withdrawn"
    return "scheduled" if row["effective_from"] > now else "effective"


def identity(name: str, shop: str) -> UUID:
    """The id under which the audit trail knows a shop's policy."""
    return derived_id("policy", name, shop)


def _is(name: str, shop: str, version: int) -> tuple[Any, ...]:
    return policy.c.name == name, policy.c.shop == shop, policy.c.version == version


def _exactly(name: str, shop: str, version: int) -> Select[Any]:
    return select(policy).where(*_is(name, shop, version))


async def _one(session: AsyncSession, statement: Select[Any]) -> RowMapping | None:
    row: RowMapping | None = (await session.execute(statement)).mappings().one_or_none()
    return row
