"""Every query of service requests."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.models import TicketServiceTable
from services.ticket.service_request.models import (
    OverShort,
    RequestDocument,
    RequestForm,
    RequestRecord,
    ServiceRequest,
    ShortageClaim,
)
from services.ticket.sight import Wanted


async def add(session: AsyncSession, row: TicketServiceTable) -> None:
    """Insert a new row of any of the tables."""
    await session.execute(insert(type(row)).values(row.model_dump()))


async def get(session: AsyncSession, request_id: UUID) -> ServiceRequest | None:
    """One request; whoever changes it holds its ticket's row lock, which is the request's as well."""
    return await session.get(ServiceRequest, request_id, populate_existing=True)


async def page(session: AsyncSession, wanted: Wanted, after: UUID | None, limit: int) -> list[ServiceRequest]:
    """Requests with these values in their columns, newest first, after the given one."""
    statement = select(ServiceRequest)
    for name, values in wanted.items():
        statement = statement.where(getattr(ServiceRequest, name).in_(values))
    if after is not None:
        statement = statement.where(col(ServiceRequest.request_id) < after)
    ordered = statement.order_by(col(ServiceRequest.request_id).desc()).limit(limit)
    return list((await session.execute(ordered)).scalars())


async def form_of(session: AsyncSession, request_id: UUID, round_: int) -> RequestForm:
    """What was filled in for that round."""
    of_the_round = (col(RequestForm.request_id) == request_id, col(RequestForm.round) == round_)
    return (await session.execute(select(RequestForm).where(*of_the_round))).scalar_one()


async def records(session: AsyncSession, request_id: UUID, round_: int) -> list[RequestRecord]:
    """The steps recorded in that round, in the order of their recording."""
    of_the_round = (col(RequestRecord.request_id) == request_id, col(RequestRecord.round) == round_)
    statement = select(RequestRecord).where(*of_the_round).order_by(col(RequestRecord.step_id))
    return list((await session.execute(statement)).scalars())


async def documents(session: AsyncSession, request_id: UUID) -> list[RequestDocument]:
    """The documents of a request."""
    statement = select(RequestDocument).where(col(RequestDocument.request_id) == request_id)
    fresh = statement.order_by(col(RequestDocument.document)).execution_options(populate_existing=True)
    return list((await session.execute(fresh)).scalars())


async def keep_document(session: AsyncSession, document: RequestDocument) -> None:
    """The file is that document of the request from now on."""
    values = document.model_dump()
    put = upsert(RequestDocument).values(values)
    await session.execute(put.on_conflict_do_update(index_elements=["request_id", "document"], set_=values))


async def over_short(session: AsyncSession, request_id: UUID) -> tuple[OverShort, ShortageClaim | None] | None:
    """What was loaded by the latest word on it, with the claim that was reported with it; None when nothing was."""
    joined = select(OverShort, ShortageClaim).outerjoin(
        ShortageClaim, col(ShortageClaim.over_short_id) == col(OverShort.over_short_id)
    )
    of_request = joined.where(col(OverShort.request_id) == request_id)
    found = (await session.execute(of_request.order_by(col(OverShort.over_short_id).desc()).limit(1))).one_or_none()
    return None if found is None else (found[0], found[1])


async def forms_after(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[RequestForm]:
    """Forms in the order of their ids, locked, for renewing their seals."""
    statement = select(RequestForm).order_by(col(RequestForm.form_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(RequestForm.form_id) > after)
    return (await session.execute(statement)).scalars().all()


async def records_after(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[RequestRecord]:
    """Recorded steps in the order of their ids, locked, for renewing their seals."""
    statement = select(RequestRecord).order_by(col(RequestRecord.step_id)).limit(limit).with_for_update()
    if after is not None:
        statement = statement.where(col(RequestRecord.step_id) > after)
    return (await session.execute(statement)).scalars().all()
