"""Unpacking: what was counted, several times if the goods come in several parcels (T22)."""

from collections.abc import Mapping
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import RefundGoodsReceived, RefundLine
from kit.ids import new_id
from kit.work import Work
from services.ticket.inbound import counting, goods, store
from services.ticket.inbound.lifecycle import LIFE
from services.ticket.inbound.models import Parcel, Receipt
from services.ticket.inbound.schemas import ReceiptCreate
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case
from services.ticket.ticket.service import Leg


async def receive(work: Work, refund_id: UUID, asked: ReceiptCreate) -> Case:
    """收货: the inspection is due from the first receipt on; one after it makes it be done anew (T22, T47).

    Raises Problem `not-announced` for goods that nobody asked to give back, `not-found` for a parcel that isn't the
    request's, `stale-version`, `transition-refused`; nothing is changed then.
    """
    case = await goods.begin(work, refund_id, "receive-goods")
    parcel = await goods.parcel_of(work, case, asked.parcel_id) if asked.parcel_id else None
    stock = await goods.stock_of(work, case, opening=asked.parcel_id)
    lines = goods.by_line(asked.lines)
    counting.expect_announced(stock, lines, shipping=False)
    if parcel is not None:
        LIFE.move(parcel, "unpack")
        parcel.arrived_at = parcel.arrived_at or work.now
        await work.session.flush()
    receipt = _counted(work, case, parcel, asked)
    await store.add_receipt(work.session, receipt, lines)
    legs: list[Leg] = [(ClockKind.INSPECT, "start")]
    if counting.all_announced(await goods.stock_of(work, case)):
        legs.append((ClockKind.SHIP_BACK, "meet"))
    await refunds.move(
        work,
        case,
        "receive-goods",
        event=_told(work, case, lines) if lines else None,
        legs=legs,
        audit={
            "receipt": str(receipt.receipt_id),
            "pieces": {str(no): pieces for no, pieces in lines.items()},
            "surplus": asked.surplus,
        },
    )
    return case


def _counted(work: Work, case: Case, parcel: Parcel | None, asked: ReceiptCreate) -> Receipt:
    return Receipt(
        receipt_id=new_id(),
        refund_id=case.refund.refund_id,
        parcel_id=parcel.parcel_id if parcel else None,
        slip_found=asked.slip_found,
        surplus=asked.surplus,
        note=asked.note,
        received_at=work.now,
        received_by=work.actor.subject,
    )


def _told(work: Work, case: Case, lines: Mapping[int, int]) -> RefundGoodsReceived:
    """What this receipt held, and nothing of what came before it."""
    shared = {**refunds.told_of(case), "lines": tuple(RefundLine(line_no=no, quantity=lines[no]) for no in lines)}
    return RefundGoodsReceived(**shared, received_at=work.now)
