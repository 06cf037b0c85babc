"""快递费表: what each courier takes to each region, and what a dearer one costs the buyer (T36, X3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Amount, Currency
from kit.money import Money
from kit.policy import PolicyKind, Title
from kit.problems import InvalidValue

Name = Annotated[str, Field(min_length=1, max_length=64)]
Fees = Annotated[dict[Name, Amount], Field(min_length=1, max_length=100)]


class Zone(BaseModel):
    """Regions to which the couriers take the same fees; a courier that isn't named doesn't go there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    regions: tuple[Name, ...] = Field(min_length=1, max_length=100)
    fees: Fees


@dataclass(frozen=True, slots=True)
class Surcharge:
    """What the chosen courier takes, what the cheapest included one does, and what the buyer pays of it; minor
    units."""

    courier: str
    zone: str | None
    fee_minor: int
    included: str
    included_minor: int
    currency: str

    @property
    def surcharge_minor(self) -> int:
        """fee(chosen) − lowest fee(included); a cheaper courier costs nothing more."""
        return max(self.fee_minor - self.included_minor, 0)


@dataclass(frozen=True, slots=True)
class TopUp:
    """补差价: what one top-up order brought in, and what of it went back or is on its way back; minor units."""

    paid_minor: int
    given_back_minor: int


class CourierFreight(BaseModel):
    """A shop's table. `included` couriers are in the price; what no zone holds is `elsewhere`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Currency
    included: tuple[Name, ...] = Field(min_length=1, max_length=20)
    zones: tuple[Zone, ...] = Field(default=(), max_length=100)
    elsewhere: Fees

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        regions = [region for zone in self.zones for region in zone.regions]
        if len(set(regions)) != len(regions):
            raise InvalidValue("一个地区只能在一个分区里", "a region is in one zone only")
        for fees in self._tables():
            if not set(self.included) & set(fees):
                raise InvalidValue("每个分区至少有一家包邮快递", "every zone is reached by an included courier")
            try:
                _minor(fees, self.currency)
            except ValueError as error:
                raise InvalidValue(
                    "金额的小数位多于该货币", "an amount has no more decimals than its currency"
                ) from error
        return self

    def couriers(self, region: str | None) -> list[str]:
        """Who goes there, in the order of the table."""
        return list(self._fees(region)[1])

    def quote(self, region: str | None, courier: str) -> Surcharge | None:
        """What that courier costs there beyond the included ones; None where it doesn't go."""
        zone, named = self._fees(region)
        fees = _minor(named, self.currency)
        if courier not in fees:
            return None
        lowest = min((name for name in self.included if name in fees), key=lambda name: (fees[name], name))
        return Surcharge(courier, zone, fees[courier], lowest, fees[lowest], self.currency)

    def _fees(self, region: str | None) -> tuple[str | None, Mapping[str, str]]:
        """The zone of a region, whose name may go on: 江苏省 is 江苏."""
        for zone in self.zones:
            if region is not None and any(region.startswith(name) for name in zone.regions):
                return zone.name, zone.fees
        return None, self.elsewhere

    def _tables(self) -> Iterator[Mapping[str, str]]:
        yield self.elsewhere
        yield from (zone.fees for zone in self.zones)


def _minor(fees: Mapping[str, str], currency: str) -> dict[str, int]:
    return {courier: Money.parse(amount, currency).minor for courier, amount in fees.items()}


_NEAR = {"中通": "8.00", "圆通": "8.00", "韵达": "8.00", "EMS": "15.00", "京东": "14.00", "顺丰": "16.00"}
_FAR = {"中通": "12.00", "圆通": "12.00", "韵达": "12.00", "EMS": "20.00", "京东": "20.00", "顺丰": "23.00"}
_REMOTE = {"中通": "20.00", "圆通": "20.00", "EMS": "25.00", "顺丰": "30.00"}
COURIER_FREIGHT = PolicyKind(
    "courier-freight",
    CourierFreight,
    CourierFreight(
        currency="CNY",
        included=("中通", "圆通", "韵达"),
        zones=(
            Zone(name="江浙沪", regions=("江苏", "浙江", "上海"), fees=_NEAR),
            Zone(name="偏远地区", regions=("西藏", "新疆", "青海", "内蒙古"), fees=_REMOTE),
        ),
        elsewhere=_FAR,
    ),
    Title("快递费表", "Courier freight"),
)
