"""退货成本: what the way back cost us, and what we lost on it (T25, T57)."""

from collections.abc import Iterator, Mapping

from contracts.ticket.refund import CostBearer, CostKind, Fault
from kit.money import Money
from kit.work import Work
from services.ticket.inbound import store
from services.ticket.inbound.lifecycle import LostBy, ParcelStatus
from services.ticket.inbound.models import Parcel
from services.ticket.liability import service as liability
from services.ticket.liability.service import Bearer, Cost
from services.ticket.order import service as orders
from services.ticket.refund.amount import cumulative
from services.ticket.refund.case import Case
from services.ticket.refund.freight import Payer


async def book_costs(work: Work, case: Case) -> None:
    """Book each parcel's costs anew, now that it is known whose fault it was and what was found."""
    parcels = [one for one in await store.parcels_of(work.session, case.refund.refund_id) if _may_cost(one)]
    if not parcels:
        return
    order, _ = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    held, _ = await store.lines_of(work.session, case.refund.refund_id)
    fault = Fault(case.refund.fault)
    for parcel in parcels:
        costs = list(_costs(case, parcel, held.get(parcel.parcel_id, {})))
        await liability.book_costs(work, case.ticket, order, fault, costs, cause_id=parcel.parcel_id)


def _may_cost(parcel: Parcel) -> bool:
    return bool(parcel.freight_minor) or parcel.lost_by is not None


def _costs(case: Case, parcel: Parcel, held: Mapping[int, int]) -> Iterator[Cost]:
    """The way back where the merchant pays it (T25); goods that we lost, borne by who lost them."""
    currency = case.refund.currency
    if parcel.freight_minor and case.refund.back_payer == Payer.MERCHANT:
        yield Cost(CostKind.FREIGHT, Money(parcel.freight_minor, currency))
    if parcel.status == ParcelStatus.LOST and parcel.lost_by and LostBy(parcel.lost_by).credited:
        yield Cost(CostKind.GOODS, Money(_worth(case, held), currency), _loser(case, parcel))


def _worth(case: Case, held: Mapping[int, int]) -> int:
    lines = [line for line in case.lines if line.counted and line.line_no in held]
    return sum(
        cumulative(line.goods_share_minor, line.counted, 0, min(held[line.line_no], line.counted)) for line in lines
    )


def _loser(case: Case, parcel: Parcel) -> Bearer:
    if parcel.lost_by == LostBy.COURIER:
        return Bearer(CostBearer.COURIER, code=parcel.carrier[:64])
    unit_id = case.ticket.unit_id
    return Bearer(CostBearer.UNIT, unit_id=unit_id) if unit_id else Bearer(CostBearer.COMPANY)
