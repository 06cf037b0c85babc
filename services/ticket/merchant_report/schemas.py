"""Reports about sellers in the words of HTTP; a report is a ticket."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.ticket.ticket import IntakeChannel, Priority, TicketStatus
from kit.http.fields import Code, Line, Text
from kit.http.pages import Page
from services.ticket.ticket.kinds import MerchantReportDetails


class MerchantReportOpen(MerchantReportDetails):
    """A seller to report."""

    shop: Code = "main"
    subject: Line
    description: Text | None = None
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: Annotated[UUID | None, Field(description="Who reports, where no order tells.")] = None
    category: Code | None = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.OUTSIDE_PLATFORM


class MerchantReportFilter(Page):
    """Which reports to list, newest first."""

    shop: Code | None = None
    status: TicketStatus | None = None
    category: Code | None = None
    assignee_staff_id: UUID | None = None
