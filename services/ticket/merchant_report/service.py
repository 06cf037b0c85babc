"""Use cases of reports about sellers: opened and listed here, worked as any ticket of the common life (T1, T2)."""

from collections.abc import Sequence
from typing import Any

from contracts.ticket.ticket import TicketKind
from kit.work import Work
from services.ticket.merchant_report.schemas import MerchantReportFilter, MerchantReportOpen
from services.ticket.ticket import service as tickets
from services.ticket.ticket.kinds import MerchantReportDetails, read_details
from services.ticket.ticket.lifecycle import Opening
from services.ticket.ticket.schemas import TicketFilter
from services.ticket.ticket.service import Listed, Ticket

KIND = TicketKind.MERCHANT_REPORT


async def open_report(work: Work, asked: MerchantReportOpen) -> Ticket:
    """举报受理. Raises Problem what opening any ticket raises."""
    told = asked.model_dump(mode="json", include=set(MerchantReportDetails.model_fields), exclude_none=True)
    opening = Opening(
        kind=KIND,
        shop=asked.shop,
        subject=asked.subject,
        description=asked.description,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        priority=asked.priority,
        channel=asked.channel,
        source=tickets.source_of(work),
        category=asked.category,
        details=read_details(KIND, told),
    )
    return await tickets.open_staged(work, opening)


async def list_reports(work: Work, query: MerchantReportFilter, after: Sequence[Any] | None) -> Listed:
    """Reports in the caller's sight, newest first (X1, X6)."""
    asked = query.model_dump(exclude={"cursor"}, exclude_none=True, exclude_unset=True)
    return await tickets.list_tickets(work, TicketFilter(**asked, kind=KIND), after)
