"""Use cases of penalty lists: made of what stood at the month's end, signed, published (T14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ticket.complaint import Grade
from kit import audit, outbox
from kit.http.edge import see_all
from kit.ids import derived_id, new_id
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.complaint import service as complaints
from services.ticket.copies import service as copies
from services.ticket.copies.service import UnitNamed
from services.ticket.penalty import lifecycle, store
from services.ticket.penalty.lifecycle import LIFE, Line, ListStatus, Period, Standing
from services.ticket.penalty.models import PenaltyList, PenaltyListLine, SensitivePeriod
from services.ticket.penalty.policy import COMPLAINT_PENALTIES
from services.ticket.penalty.schemas import PeriodDeclare


@dataclass(frozen=True, slots=True)
class Penalties:
    """A list with its lines, and what its units are called."""

    row: PenaltyList
    lines: Sequence[Line]
    units: dict[UUID, UnitNamed]


async def draft(work: Work, month: str) -> Penalties:
    """Make the list of a month that is over (T14).

    Raises Problem `forbidden` for somebody who doesn't serve all shops, `invalid-request` for a month that isn't
    over, `already-exists`, and `conflict` where a later month has its list or an earlier one is not published yet:
    what it charges is the difference to those before.
    """
    see_all(work)
    if lifecycle.month_end(month) > work.now:
        raise invalid("/month", "该月尚未结束", "is not over yet")
    await store.lock(work.session)
    last = await store.last(work.session)
    if last is not None and last.month == month:
        raise Problem("already-exists", penalty_list_id=str(last.penalty_list_id))
    if last is not None and (last.month > month or last.status != ListStatus.PUBLISHED):
        raise Problem("conflict", noun="penalty_list", month=last.month, state=last.status)
    row = PenaltyList(
        penalty_list_id=derived_id("penalty-list", month),
        month=month,
        status=LIFE.initial,
        currency="",
        policy_version=0,
        applied=True,
        drafted_by=work.actor.subject,
        drafted_at=work.now,
    )
    lines = await _made(work, row)
    await store.add(work.session, row)
    await _keep(work, row, lines)
    await _write_down(work, row, "draft", lines)
    return await _named(work, row, lines)


async def get_penalties(work: Work, penalty_list_id: UUID) -> Penalties:
    """A list. Raises Problem `not-found`, `forbidden` for somebody who doesn't serve all shops."""
    see_all(work)
    row = await store.get(work.session, penalty_list_id)
    if row is None:
        raise Problem("not-found")
    return await _named(work, row, await _lines(work, row))


async def list_penalties(work: Work, after: str | None, limit: int) -> tuple[list[PenaltyList], str | None]:
    """Lists, the latest month first, and the last month shown when there are more."""
    see_all(work)
    found = await store.page(work.session, after, limit + 1)
    return found[:limit], found[limit - 1].month if len(found) > limit else None


async def recompute(work: Work, penalty_list_id: UUID) -> Penalties:
    """Make a draft anew: of what stood at the month's end, and what is declared and led now."""
    row = await _locked(work, penalty_list_id)
    LIFE.move(row, "recompute")
    lines = await _made(work, row)
    row.version += 1
    row.drafted_by, row.drafted_at = work.actor.subject, work.now
    await _keep(work, row, lines)
    await _write_down(work, row, "recompute", lines)
    return await _named(work, row, lines)


async def sign(work: Work, penalty_list_id: UUID) -> Penalties:
    """签发. Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `not-found`."""
    row = await _locked(work, penalty_list_id, decides=True)
    lifecycle.sign(row, work.actor, work.now)
    return await _moved(work, row, "sign")


async def take_back(work: Work, penalty_list_id: UUID) -> Penalties:
    """退回: it is a draft again. Raises as `sign`."""
    row = await _locked(work, penalty_list_id, decides=True)
    lifecycle.take_back(row)
    return await _moved(work, row, "return")


async def publish(work: Work, penalty_list_id: UUID) -> Penalties:
    """通报. Raises as `sign`."""
    row = await _locked(work, penalty_list_id, decides=True)
    event = lifecycle.publish(row, await _lines(work, row), work.now)
    await outbox.record(work, row, event)
    return await _moved(work, row, "publish")


async def declare(work: Work, asked: PeriodDeclare) -> SensitivePeriod:
    """敏感时期: lists of the months it touches are made and not applied, as far as they are not signed yet (T14)."""
    see_all(work)
    period = SensitivePeriod(
        period_id=new_id(),
        first_day=asked.first_day,
        last_day=asked.last_day,
        reason=asked.reason,
        declared_by=work.actor.subject,
        declared_at=work.now,
    )
    await store.add_period(work.session, period)
    days = {"first_day": f"{asked.first_day}", "last_day": f"{asked.last_day}"}
    await audit.record(work, "declare", "sensitive_period", period.period_id, after=days, reason=scrub(asked.reason))
    return period


async def end_period(work: Work, period_id: UUID) -> SensitivePeriod:
    """Take a period back; signed lists stay as they are. Raises Problem `not-found`, `transition-refused`."""
    see_all(work)
    period = await store.period(work.session, period_id)
    if period is None:
        raise Problem("not-found")
    if period.ended_at is not None:
        facts: dict[str, Any] = {"noun": "sensitive_period", "from": "ended", "verb": "end", "allowed": []}
        raise Problem("transition-refused", **facts)
    period.ended_by, period.ended_at = work.actor.subject, work.now
    await audit.record(work, "end", "sensitive_period", period_id)
    return period


async def list_periods(work: Work) -> list[SensitivePeriod]:
    """The declared periods that hold."""
    see_all(work)
    return await store.periods(work.session)


async def _made(work: Work, row: PenaltyList) -> list[Line]:
    """The lines of the list as they come to now; the row notes by which policy and whether they apply."""
    until = lifecycle.month_end(row.month)
    rules = await in_force(work.session, COMPLAINT_PENALTIES, EVERYWHERE, until)
    standing = [
        Standing(one["complaint_id"], one["number"], one["shop"], one["unit_id"], Grade(one["grade"]))
        for one in await complaints.standing_at(work.session, until)
    ]
    charged = await store.charged_before(work.session, row.month)
    units = await copies.units_named(work.session, sorted({one.unit_id for one in standing}))
    periods = [Period(one.first_day, one.last_day) for one in await store.periods(work.session)]
    row.policy_version, row.currency = rules.version, rules.document.currency
    row.applied = not lifecycle.is_sensitive(row.month, periods)
    leads = {unit_id: unit.lead_staff_id for unit_id, unit in units.items()}
    return lifecycle.lines(standing, charged, leads, rules.document)


async def _locked(work: Work, penalty_list_id: UUID, *, decides: bool = False) -> PenaltyList:
    see_all(work)
    if decides and work.expected_version is None:
        raise Problem("precondition-required")
    row = await store.get_for_update(work.session, penalty_list_id)
    if row is None:
        raise Problem("not-found")
    work.expect_version(row.version)
    return row


async def _moved(work: Work, row: PenaltyList, verb: str) -> Penalties:
    row.version += 1
    lines = await _lines(work, row)
    await _write_down(work, row, verb, lines)
    return await _named(work, row, lines)


async def _keep(work: Work, row: PenaltyList, lines: Sequence[Line]) -> None:
    kept = [
        PenaltyListLine(penalty_list_id=row.penalty_list_id, place=place, **line._asdict())
        for place, line in enumerate(lines)
    ]
    await store.replace_lines(work.session, row.penalty_list_id, kept)


async def _lines(work: Work, row: PenaltyList) -> list[Line]:
    return [
        Line(
            one.ticket_id, one.ticket_number, one.shop, one.unit_id, one.lead_staff_id, Grade(one.grade),
            one.penalty_minor, one.charged_minor,
        )
        for one in await store.lines(work.session, row.penalty_list_id)
    ]  # fmt: skip


async def _named(work: Work, row: PenaltyList, lines: Sequence[Line]) -> Penalties:
    return Penalties(row, lines, await copies.units_named(work.session, sorted({line.unit_id for line in lines})))


async def _write_down(work: Work, row: PenaltyList, verb: str, lines: Sequence[Line]) -> None:
    after = {
        "month": row.month, "status": row.status, "applied": row.applied, "lines": len(lines),
        "total": lifecycle.total(lines, row.currency).amount, "policy_version": row.policy_version,
    }  # fmt: skip
    await audit.record(work, verb, "penalty_list", row.penalty_list_id, after=after)
