"""Returns as answers show them: to staff all of it, to the buyer what concerns the buyer (X6)."""

from collections.abc import Collection, Mapping, Sequence

from contracts.price import Price
from contracts.ticket.refund import Fault
from kit.money import Money
from kit.privacy import mask_code
from kit.work import Work
from services.ticket.inbound import goods, sealing, store
from services.ticket.inbound.lifecycle import LIFE, LostBy, ParcelStatus
from services.ticket.inbound.models import Inspection, InspectionLine, Parcel, Receipt
from services.ticket.inbound.schemas import (
    FindingPublic,
    InspectionPublic,
    LinePublic,
    ParcelLinePublic,
    ParcelPublic,
    ReceiptPublic,
    ReturnPublic,
)
from services.ticket.order import service as orders
from services.ticket.refund import lifecycle
from services.ticket.refund.case import Case
from services.ticket.sight import sees_notes

_CUSTOMERS = frozenset({"ship-back", "correct"})
_OURS = _CUSTOMERS | {"search", "find", "write-off", "receive-goods", "inspect"}


async def show(work: Work, case: Case) -> ReturnPublic:
    """A return with its parcels, what was counted and what was found."""
    refund = case.refund
    held, counted = await store.lines_of(work.session, refund.refund_id)
    parcels = await store.parcels_of(work.session, refund.refund_id)
    receipts = await store.receipts_of(work.session, refund.refund_id)
    inspected = await store.last_inspection(work.session, refund.refund_id)
    inside = sees_notes(work)
    ours = _OURS if inside else _CUSTOMERS
    return ReturnPublic(
        refund_id=refund.refund_id,
        number=refund.number,
        status=case.stage,
        amount=_price(refund.amount_minor, refund.currency),
        lines=await _lines(work, case),
        parcels=[_parcel(work, one, held.get(one.parcel_id, {}), refund.currency, ours) for one in parcels],
        receipts=[_receipt(one, counted.get(one.receipt_id, {}), inside=inside) for one in receipts],
        inspection=_inspection(*inspected, refund.currency, inside=inside) if inspected else None,
        allowed=[verb for verb in lifecycle.allowed(refund) if verb in ours],
    )


async def _lines(work: Work, case: Case) -> list[LinePublic]:
    order, _ = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    skus = {line["line_no"]: line["sku"] for line in order.lines}
    stock = await goods.stock_of(work, case)
    return [
        LinePublic(
            line_no=line_no,
            sku=skus.get(line_no, ""),  # a correction may have taken the line out of the order
            asked=pieces.asked,
            under_way=pieces.under_way,
            received=pieces.received,
            lost=pieces.lost,
            to_ship=pieces.to_ship,
        )
        for line_no, pieces in stock.items()
    ]


def _parcel(
    work: Work, parcel: Parcel, held: Mapping[int, int], currency: str, ours: Collection[str]
) -> ParcelPublic:
    return ParcelPublic(
        parcel_id=parcel.parcel_id,
        status=ParcelStatus(parcel.status),
        carrier=parcel.carrier,
        tracking_number=mask_code(sealing.opened(work.vault, parcel.parcel_id, parcel.sealed_tracking)),
        slip=parcel.slip,
        lines=_pieces(held),
        freight=None if parcel.freight_minor is None else _price(parcel.freight_minor, currency),
        announced_at=parcel.announced_at,
        searched_at=parcel.searched_at,
        arrived_at=parcel.arrived_at,
        lost_at=parcel.lost_at,
        lost_by=LostBy(parcel.lost_by) if parcel.lost_by else None,
        allowed=[verb for verb in LIFE.allowed(ParcelStatus(parcel.status)) if verb in ours],
    )


def _receipt(receipt: Receipt, counted: Mapping[int, int], *, inside: bool) -> ReceiptPublic:
    return ReceiptPublic(
        receipt_id=receipt.receipt_id,
        parcel_id=receipt.parcel_id,
        lines=_pieces(counted),
        surplus=receipt.surplus,
        slip_found=receipt.slip_found,
        note=receipt.note if inside else None,
        received_at=receipt.received_at,
    )


def _inspection(
    inspection: Inspection, lines: Sequence[InspectionLine], currency: str, *, inside: bool
) -> InspectionPublic:
    before = inspection.fault_before
    return InspectionPublic(
        round=inspection.round,
        passed=inspection.passed,
        fault=Fault(inspection.fault) if inside else None,
        fault_before=Fault(before) if before and inside else None,
        fault_reason=inspection.fault_reason if inside else None,
        note=inspection.note if inside else None,
        lines=[_finding(line, currency) for line in lines],
        inspected_at=inspection.inspected_at,
    )


def _finding(line: InspectionLine, currency: str) -> FindingPublic:
    return FindingPublic(
        line_no=line.line_no,
        sound=line.sound,
        damaged=line.damaged,
        missing=line.missing,
        not_ours=line.not_ours,
        lost=line.lost,
        deducted=_price(line.deducted_minor, currency) if line.deducted_minor else None,
    )


def _pieces(lines: Mapping[int, int]) -> list[ParcelLinePublic]:
    return [ParcelLinePublic(line_no=no, quantity=pieces) for no, pieces in lines.items()]


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
