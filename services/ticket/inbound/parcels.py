"""Parcels on their way back: announced, put right, looked for, found, given up (T22)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import WaitingOn
from kit.ids import new_id
from kit.money import Money
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.inbound import counting, goods, sealing, store
from services.ticket.inbound.counting import Pieces
from services.ticket.inbound.lifecycle import LIFE, ParcelStatus
from services.ticket.inbound.models import Parcel
from services.ticket.inbound.schemas import ParcelCorrection, ParcelLost, ShipBack
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case
from services.ticket.refund.lifecycle import Stage
from services.ticket.ticket.service import Leg

_SHIPPED: Leg = (ClockKind.SHIP_BACK, "meet")


async def ship_back(work: Work, refund_id: UUID, asked: ShipBack) -> Case:
    """退货发出: with the last pieces that the customer has to send, that leg is done (T22, T47).

    Raises Problem `not-announced` for goods that weren't asked back or are announced already, `not-found`,
    `stale-version`, `transition-refused` when nothing is waited for.
    """
    case = await goods.begin(work, refund_id, "ship-back")
    stock = await goods.stock_of(work, case)
    lines = goods.by_line(asked.lines) or {no: pieces.to_ship for no, pieces in stock.items() if pieces.to_ship}
    if not lines:
        raise Problem("not-announced", lines=[{"line_no": no, "left": 0} for no in sorted(stock)])
    counting.expect_announced(stock, lines, shipping=True)
    parcel = _announced(work, case, asked)
    await store.add_parcel(work.session, parcel, lines)
    complete = sum(pieces.to_ship for pieces in stock.values()) == sum(lines.values())
    await refunds.move(
        work,
        case,
        "ship-back",
        waiting_on=WaitingOn.COURIER if complete and case.stage is Stage.WAITING_FOR_GOODS else None,
        legs=[_SHIPPED] if complete else [],
        audit=_audited(parcel, lines),
    )
    return case


async def correct(work: Work, refund_id: UUID, parcel_id: UUID, asked: ParcelCorrection) -> Case:
    """更正单号. Raises Problem `not-found`, `transition-refused` for a parcel that has come or was given up."""
    case, parcel = await _begin(work, refund_id, parcel_id, "correct")
    parcel.carrier = asked.carrier
    parcel.sealed_tracking = sealing.seal(work.vault, parcel_id, asked.tracking_number)
    parcel.tracking_hash = sealing.hashed(work.vault, asked.tracking_number)
    return await _moved(work, case, parcel, "correct")


async def search(work: Work, refund_id: UUID, parcel_id: UUID, reason: str) -> Case:
    """找件: it was delivered and isn't found; the warehouse looks for it (T22)."""
    case, parcel = await _begin(work, refund_id, parcel_id, "search")
    parcel.searched_at = work.now
    return await _moved(work, case, parcel, "search", reason=reason)


async def find(work: Work, refund_id: UUID, parcel_id: UUID, reason: str) -> Case:
    """找到: it is in the warehouse and waits to be opened."""
    case, parcel = await _begin(work, refund_id, parcel_id, "find")
    return await _moved(work, case, parcel, "find", reason=reason)


async def write_off(work: Work, refund_id: UUID, parcel_id: UUID, asked: ParcelLost) -> Case:
    """认定丢失: what our courier or our warehouse lost counts as come back; anything else the customer still has to
    send, or claims from a courier of their own."""
    case, parcel = await _begin(work, refund_id, parcel_id, "write-off")
    parcel.lost_at, parcel.lost_by = work.now, asked.lost_by.value
    legs: list[Leg] = [] if asked.lost_by.credited else [(ClockKind.SHIP_BACK, "start")]
    return await _moved(work, case, parcel, "write-off", reason=asked.reason, legs=legs)


async def _begin(work: Work, refund_id: UUID, parcel_id: UUID, verb: str) -> tuple[Case, Parcel]:
    case = await goods.begin(work, refund_id, verb)
    parcel = await goods.parcel_of(work, case, parcel_id)
    LIFE.move(parcel, verb)
    return case, parcel


async def _moved(
    work: Work, case: Case, parcel: Parcel, verb: str, *, reason: str | None = None, legs: Sequence[Leg] = ()
) -> Case:
    await work.session.flush()
    stock = await goods.stock_of(work, case)
    waiting_on = await _waited_for(work, case, stock)
    told = _audited(parcel)
    await refunds.move(work, case, verb, reason=reason, legs=legs, waiting_on=waiting_on, audit=told)
    return case


async def _waited_for(work: Work, case: Case, stock: Mapping[int, Pieces]) -> WaitingOn | None:
    """The warehouse while a parcel is looked for or lies there unopened, the courier while all is under way, the
    customer for anything that is still to be sent; once something was received, whoever the stage says."""
    if case.stage is not Stage.WAITING_FOR_GOODS:
        return None
    parcels = {ParcelStatus(one.status) for one in await store.parcels_of(work.session, case.refund.refund_id)}
    if parcels & {ParcelStatus.SEARCHED, ParcelStatus.FOUND}:
        return WaitingOn.WAREHOUSE
    if not counting.all_announced(stock):
        return WaitingOn.CUSTOMER
    return WaitingOn.COURIER if ParcelStatus.ON_THE_WAY in parcels else WaitingOn.WAREHOUSE


def _announced(work: Work, case: Case, asked: ShipBack) -> Parcel:
    parcel_id = new_id()
    return Parcel(
        parcel_id=parcel_id,
        refund_id=case.refund.refund_id,
        shop=case.refund.shop,
        account_id=case.refund.account_id,
        status=LIFE.initial,
        carrier=asked.carrier,
        sealed_tracking=sealing.seal(work.vault, parcel_id, asked.tracking_number),
        tracking_hash=sealing.hashed(work.vault, asked.tracking_number),
        slip=asked.slip,
        freight_minor=_minor(asked.freight, case.refund.currency),
        announced_at=work.now,
        announced_by=work.actor.subject,
    )


def _minor(amount: str | None, currency: str) -> int | None:
    if amount is None:
        return None
    try:
        return Money.parse(amount, currency).minor
    except ValueError as error:
        raise invalid("/freight", "小数位数超过该币种", "has more decimals than its currency") from error


def _audited(parcel: Parcel, lines: Mapping[int, int] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"parcel": str(parcel.parcel_id), "parcel_status": parcel.status}
    if parcel.lost_by is not None:
        told["lost_by"] = parcel.lost_by
    return {**told, "pieces": {str(no): pieces for no, pieces in lines.items()}} if lines else told
