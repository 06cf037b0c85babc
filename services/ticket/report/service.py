"""Use cases of the monthly report: worked out from the tally, never from the complaints (T15)."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from contracts.ticket.complaint import ComplaintCategory, Grade, Nature
from kit import audit
from kit.work import Work
from services.ticket.complaint import service as complaints
from services.ticket.complaint.lifecycle import Stage
from services.ticket.complaint.tally import Measure
from services.ticket.copies import service as copies
from services.ticket.report import figures, store
from services.ticket.report.figures import Counted, Tally
from services.ticket.report.models import UnitVolume
from services.ticket.report.schemas import (
    AgentRow,
    CategoryRow,
    ComplaintReport,
    Ends,
    GradeRow,
    NatureRow,
    Promises,
    ReportFilter,
    Times,
    TrendRow,
    UnitRow,
    VolumeSet,
)
from services.ticket.sight import in_sight

TREND_MONTHS = 12
_OF_THE_MONTH = tuple(measure for measure in Measure if measure is not Measure.MINUTES)
_OF_THE_TREND = (Measure.OPENED, Measure.GRADE, Measure.ENDED, Measure.PROMISE)


async def complaint_report(work: Work, query: ReportFilter) -> ComplaintReport:
    """投诉月报 of the shops in the caller's sight (X1). A unit's volume is that of all shops."""
    shops = in_sight(work, query.model_dump(include={"shop"}, exclude_none=True)).get("shop")
    tally = Tally.of(
        Counted(row["measure"], row["key"], row["complaints"])
        for row in await complaints.tally_of(work.session, query.month, _OF_THE_MONTH, shops)
    )
    median, p90 = await complaints.minutes_to_close(work.session, query.month, shops)
    opened = tally.get(Measure.OPENED)
    return ComplaintReport(
        month=query.month,
        shop=query.shop,
        opened=opened,
        without_unit=opened - tally.sum(Measure.UNIT),
        cancelled=tally.get(Measure.CANCELLED),
        ended=Ends(
            closed=tally.get(Measure.ENDED, Stage.CLOSED),
            unreachable=tally.get(Measure.ENDED, Stage.UNREACHABLE),
            withdrawn=tally.get(Measure.ENDED, Stage.WITHDRAWN),
        ),
        times=Times(median_minutes=median, p90_minutes=p90),
        promises=_promises(tally),
        units=await _units(work, tally, query.month),
        categories=[
            CategoryRow(category=one, complaints=count, share=figures.share(count, opened - count))
            for one in ComplaintCategory
            for count in [tally.get(Measure.CATEGORY, one)]
        ],
        grades=[
            GradeRow(grade=one, complaints=count, share=figures.share(count, opened - count))
            for one in Grade
            for count in [tally.get(Measure.GRADE, one)]
        ],
        natures=[NatureRow(nature=one, complaints=tally.get(Measure.NATURE, one)) for one in Nature],
        agents=await _agents(work, tally),
        trend=await _trend(work, query.month, shops),
    )


async def set_volume(work: Work, unit_id: UUID, month: str, asked: VolumeSet) -> UnitVolume:
    """Say how much a unit handled in a month; the same again changes nothing (X2).

    Raises Problem `not-yet-known` for a unit whose copy has not arrived, `invalid-request` for a closed one,
    `stale-version`.
    """
    await copies.expect_unit(work, unit_id)
    await store.lock(work.session, unit_id, month)
    known = await store.get(work.session, unit_id, month)
    work.expect_version(known.version if known else 0)
    before = {"volume": known.volume} if known else None
    if known is None:
        known = UnitVolume(
            unit_id=unit_id, month=month, volume=asked.volume, measure=asked.measure, set_by="", set_at=work.now
        )
        work.session.add(known)
    elif (known.volume, known.measure) == (asked.volume, asked.measure):
        return known
    else:
        known.version += 1
    known.volume, known.measure = asked.volume, asked.measure
    known.set_by, known.set_at = work.actor.subject, work.now
    after = {"month": month, "volume": asked.volume}
    await audit.record(work, "set-volume", "unit_volume", unit_id, before=before, after=after)
    return known


async def volumes_of(work: Work, month: str) -> Sequence[UnitVolume]:
    """The volumes of a month."""
    return await store.of_month(work.session, month)


async def _units(work: Work, tally: Tally, month: str) -> list[UnitRow]:
    volumes = {one.unit_id: one.volume for one in await store.of_month(work.session, month)}
    made = figures.units(tally, volumes)
    named = await copies.units_named(work.session, [one.unit_id for one in made])
    return [
        UnitRow(
            unit_id=one.unit_id,
            code=unit.code if unit else None,
            name=unit.name if unit else None,
            complaints=one.complaints,
            founded=one.founded,
            volume=one.volume,
            per_thousand=figures.per_thousand(one.rate),
            rank=one.rank,
        )
        for one in made
        for unit in [named.get(one.unit_id)]
    ]


async def _agents(work: Work, tally: Tally) -> list[AgentRow]:
    made = figures.agents(tally)
    named = await copies.aliases_of(work.session, [one.staff_id for one in made])
    return [
        AgentRow(**one._asdict(), alias=named.get(one.staff_id), on_promise=figures.share(one.kept, one.broken))
        for one in made
    ]


async def _trend(work: Work, month: str, shops: Sequence[str] | None) -> list[TrendRow]:
    months = figures.months_up_to(month, TREND_MONTHS)
    counted: dict[str, list[Counted]] = defaultdict(list)
    for row in await complaints.trend_of(work.session, months, _OF_THE_TREND, shops):
        counted[row["month"]].append(Counted(row["measure"], row["key"], row["complaints"]))
    tallies = {one: Tally.of(counted[one]) for one in months}
    return [
        TrendRow(
            month=one,
            opened=tally.get(Measure.OPENED),
            ended=tally.sum(Measure.ENDED),
            repeat=tally.get(Measure.GRADE, Grade.REPEAT),
            malignant=tally.get(Measure.GRADE, Grade.MALIGNANT),
            **_promises(tally).model_dump(),
        )
        for one, tally in tallies.items()
    ]


def _promises(tally: Tally) -> Promises:
    kept, broken = tally.get(Measure.PROMISE, "kept"), tally.get(Measure.PROMISE, "broken")
    return Promises(kept=kept, broken=broken, on_promise=figures.share(kept, broken))
