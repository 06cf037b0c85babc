"""Every query of goods that come back. Whoever changes something holds the row lock of the ticket."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.inbound.lifecycle import UNDER_WAY, LostBy, ParcelStatus
from services.ticket.inbound.models import Inspection, InspectionLine, Parcel, ParcelLine, Receipt, ReceiptLine
from services.ticket.sight import Wanted

Pieces = Mapping[int, int]


async def add_parcel(session: AsyncSession, parcel: Parcel, lines: Pieces) -> None:
    """Insert a parcel with what it is said to hold."""
    await session.execute(insert(Parcel).values(parcel.model_dump()))
    held = [{"parcel_id": parcel.parcel_id, "line_no": no, "quantity": pieces} for no, pieces in lines.items()]
    await session.execute(insert(ParcelLine), held)


async def add_receipt(session: AsyncSession, receipt: Receipt, lines: Pieces) -> None:
    """Insert a receipt with what was counted."""
    await session.execute(insert(Receipt).values(receipt.model_dump()))
    if lines:
        held = [{"receipt_id": receipt.receipt_id, "line_no": no, "quantity": pieces} for no, pieces in lines.items()]
        await session.execute(insert(ReceiptLine), held)


async def add_inspection(session: AsyncSession, inspection: Inspection, lines: Sequence[InspectionLine]) -> None:
    """Insert an inspection with what was found of each line."""
    await session.execute(insert(Inspection).values(inspection.model_dump()))
    await session.execute(insert(InspectionLine), [line.model_dump() for line in lines])


async def parcel_of(session: AsyncSession, refund_id: UUID, parcel_id: UUID) -> Parcel | None:
    """One parcel of a request."""
    statement = select(Parcel).where(col(Parcel.parcel_id) == parcel_id, col(Parcel.refund_id) == refund_id)
    found: Parcel | None = (
        await session.execute(statement.execution_options(populate_existing=True))
    ).scalar_one_or_none()
    return found


async def parcels_of(session: AsyncSession, refund_id: UUID) -> list[Parcel]:
    """The parcels of a request, in the order of their announcing."""
    statement = select(Parcel).where(col(Parcel.refund_id) == refund_id).order_by(col(Parcel.parcel_id))
    return list((await session.execute(statement)).scalars())


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[Parcel]:
    """Parcels with these values in their columns, newest first, after the given one."""
    statement = select(Parcel)
    for name, values in wanted.items():
        statement = statement.where(getattr(Parcel, name).in_(values))
    if after is not None:
        statement = statement.where(col(Parcel.parcel_id) < after)
    statement = statement.order_by(col(Parcel.parcel_id).desc()).limit(limit)
    return list((await session.execute(statement)).scalars())


async def receipts_of(session: AsyncSession, refund_id: UUID) -> list[Receipt]:
    """The receipts of a request, the first one first."""
    statement = select(Receipt).where(col(Receipt.refund_id) == refund_id).order_by(col(Receipt.receipt_id))
    return list((await session.execute(statement)).scalars())


async def lines_of(session: AsyncSession, refund_id: UUID) -> tuple[dict[UUID, Pieces], dict[UUID, Pieces]]:
    """What each parcel of a request is said to hold, and what each receipt counted."""
    held = (
        select(col(ParcelLine.parcel_id), col(ParcelLine.line_no), col(ParcelLine.quantity))
        .join(Parcel, col(Parcel.parcel_id) == col(ParcelLine.parcel_id))
        .where(col(Parcel.refund_id) == refund_id)
        .order_by(col(ParcelLine.line_no))
    )
    counted = (
        select(col(ReceiptLine.receipt_id), col(ReceiptLine.line_no), col(ReceiptLine.quantity))
        .join(Receipt, col(Receipt.receipt_id) == col(ReceiptLine.receipt_id))
        .where(col(Receipt.refund_id) == refund_id)
        .order_by(col(ReceiptLine.line_no))
    )
    return _grouped(await session.execute(held)), _grouped(await session.execute(counted))


async def received(session: AsyncSession, refund_id: UUID) -> Pieces:
    """How many pieces of each line have been counted out of parcels."""
    statement = (
        select(col(ReceiptLine.line_no), func.sum(col(ReceiptLine.quantity)))
        .join(Receipt, col(Receipt.receipt_id) == col(ReceiptLine.receipt_id))
        .where(col(Receipt.refund_id) == refund_id)
        .group_by(col(ReceiptLine.line_no))
    )
    return {line_no: int(pieces) for line_no, pieces in await session.execute(statement)}


async def under_way(session: AsyncSession, refund_id: UUID) -> Pieces:
    """How many pieces of each line are in parcels that have not been unpacked."""
    return await _announced(session, refund_id, col(Parcel.status).in_(UNDER_WAY))


async def lost(session: AsyncSession, refund_id: UUID, *, but: UUID | None = None) -> Pieces:
    """How many pieces of each line we lost, in parcels other than `but`: they count as come back."""
    by_us = [who.value for who in LostBy if who.credited]
    whose = (col(Parcel.status) == ParcelStatus.LOST, col(Parcel.lost_by).in_(by_us))
    return await _announced(session, refund_id, *whose, *([col(Parcel.parcel_id) != but] if but else []))


async def last_inspection(session: AsyncSession, refund_id: UUID) -> tuple[Inspection, list[InspectionLine]] | None:
    """The inspection of a request that counts, with what was found of each line."""
    newest = (
        select(Inspection)
        .where(col(Inspection.refund_id) == refund_id)
        .order_by(col(Inspection.round).desc())
        .limit(1)
    )
    inspection: Inspection | None = (await session.execute(newest)).scalar_one_or_none()
    if inspection is None:
        return None
    its_lines = (
        select(InspectionLine)
        .where(col(InspectionLine.inspection_id) == inspection.inspection_id)
        .order_by(col(InspectionLine.line_no))
    )
    return inspection, list((await session.execute(its_lines)).scalars())


async def rounds(session: AsyncSession, refund_id: UUID) -> int:
    """How often a request was inspected."""
    statement = select(func.coalesce(func.max(col(Inspection.round)), 0)).where(
        col(Inspection.refund_id) == refund_id
    )
    return int((await session.execute(statement)).scalar_one())


async def parcels_after(session: AsyncSession, after: UUID | None, limit: int) -> list[Parcel]:
    """Parcels by id, whatever their request, locked: for new seals."""
    statement = select(Parcel).order_by(col(Parcel.parcel_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(Parcel.parcel_id) > after)
    return list((await session.execute(statement)).scalars())


async def _announced(session: AsyncSession, refund_id: UUID, *which: Any) -> Pieces:
    statement = (
        select(col(ParcelLine.line_no), func.sum(col(ParcelLine.quantity)))
        .join(Parcel, col(Parcel.parcel_id) == col(ParcelLine.parcel_id))
        .where(col(Parcel.refund_id) == refund_id, *which)
        .group_by(col(ParcelLine.line_no))
    )
    return {line_no: int(pieces) for line_no, pieces in await session.execute(statement)}


def _grouped(rows: Any) -> dict[UUID, Pieces]:
    found: dict[UUID, dict[int, int]] = {}
    for owner, line_no, pieces in rows:
        found.setdefault(owner, {})[line_no] = pieces
    return dict(found)
