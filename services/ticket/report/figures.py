"""The arithmetic of the monthly report: exact until the figure is written (T15, X4). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from kit.money import round_half_up
from services.ticket.complaint.tally import Measure


class Counted(NamedTuple):
    """One number of the tally."""

    measure: str
    key: str
    complaints: int


class UnitFigure(NamedTuple):
    """A unit's complaints against its volume; no rate and no rank without one."""

    unit_id: UUID
    complaints: int
    founded: int
    volume: int | None
    rate: Fraction | None
    rank: int | None


class AgentFigure(NamedTuple):
    """What an agent brought to an end, on promise or not, and what was laid at their door."""

    staff_id: UUID
    handled: int
    kept: int
    broken: int
    responsible: int


@dataclass
class Tally:
    """The numbers of one month, by measure and key."""

    numbers: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def of(cls, counted: Iterable[Counted]) -> "Tally":
        """From the rows of the tally."""
        tally = cls()
        for one in counted:
            tally.numbers[one.measure][one.key] = one.complaints
        return tally

    def get(self, measure: Measure, key: str = "") -> int:
        """One number; nothing counted is 0."""
        return self.numbers.get(measure, {}).get(key, 0)

    def all_of(self, measure: Measure) -> Mapping[str, int]:
        """The numbers of a measure, by key."""
        return self.numbers.get(measure, {})

    def sum(self, measure: Measure) -> int:
        """What a measure comes to over its keys."""
        return sum(self.all_of(measure).values())


def units(tally: Tally, volumes: Mapping[UUID, int]) -> list[UnitFigure]:
    """Every unit with complaints or a volume: fewest complaints for its volume first; equal rates share a rank, and
    the next one counts all before it (1, 2, 2, 4). A unit without a volume comes last, unranked."""
    known = {UUID(key) for key in tally.all_of(Measure.UNIT)} | set(volumes)
    rates = {one: _rate(tally.get(Measure.UNIT, str(one)), volumes.get(one)) for one in known}
    order = sorted(rate for rate in rates.values() if rate is not None)
    figures = [
        UnitFigure(
            one,
            tally.get(Measure.UNIT, str(one)),
            tally.get(Measure.UNIT_FOUNDED, str(one)),
            volumes.get(one),
            rate,
            None if rate is None else order.index(rate) + 1,
        )
        for one, rate in rates.items()
    ]
    return sorted(figures, key=lambda it: (it.rank is None, it.rank or 0, -it.complaints, str(it.unit_id)))


def agents(tally: Tally) -> list[AgentFigure]:
    """Everybody who ended a complaint or is responsible for one: who ended most comes first."""
    keys = set(tally.all_of(Measure.HANDLED)) | set(tally.all_of(Measure.RESPONSIBLE))
    figures = [
        AgentFigure(
            UUID(key),
            tally.get(Measure.HANDLED, key),
            tally.get(Measure.HANDLED_KEPT, key),
            tally.get(Measure.HANDLED_BROKEN, key),
            tally.get(Measure.RESPONSIBLE, key),
        )
        for key in keys
    ]
    return sorted(figures, key=lambda it: (-it.handled, str(it.staff_id)))


def share(part: int, rest: int) -> str | None:
    """The part of both in per cent, two decimals, half up; None of nothing."""
    return two_decimals(Fraction(100 * part, part + rest)) if part + rest else None


def per_thousand(rate: Fraction | None) -> str | None:
    """A rate as complaints per thousand of the volume, two decimals, half up."""
    return None if rate is None else two_decimals(rate * 1000)


def two_decimals(value: Fraction) -> str:
    """A figure that is at least zero, as it is written."""
    hundredths = round_half_up(value * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def months_up_to(month: str, count: int) -> list[str]:
    """That month and those before it, oldest first."""
    year, number = (int(part) for part in month.split("-"))
    last = year * 12 + number - 1
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in range(last - count + 1, last + 1)]


def _rate(complaints: int, volume: int | None) -> Fraction | None:
    return Fraction(complaints, volume) if volume else None
