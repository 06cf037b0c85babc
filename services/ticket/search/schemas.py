"""Searching in the words of HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import Priority, TicketKind, TicketStatus
from kit.http.fields import Code, Instant, Line
from kit.http.pages import Page

MAX_QUERY = 100


class TicketSearch(Page):
    """Which words, in which tickets."""

    model_config = ConfigDict(serialize_by_alias=True)

    q: Annotated[
        Line,
        Field(
            max_length=MAX_QUERY,
            examples=["退款 顺丰"],
            description="Words that must all be there. Chinese ones are found anywhere, one character and up; others"
            " only as whole words. Full width, case and punctuation make no difference.",
        ),
    ]
    shop: Code | None = None
    kind: TicketKind | None = None
    status: TicketStatus | None = None
    assignee_staff_id: UUID | None = None
    group: Code | None = None
    category: Code | None = None
    account_id: UUID | None = None
    customer_id: Annotated[UUID | None, Field(description="With the files that were merged into that one.")] = None
    opened_from: Annotated[Instant | None, Field(description="Opened at or after this instant.")] = None
    opened_to: Annotated[Instant | None, Field(description="Opened before this instant.")] = None
    count: Annotated[bool, Field(description="Also count what is found, up to 1,000 tickets.", examples=[False])] = (
        False
    )


class Highlight(BaseModel):
    """A piece of a text that was found. Plain text: whoever shows it marks the hits and escapes the rest."""

    text: str
    hits: Annotated[
        list[tuple[int, int]],
        Field(description="Begin and end (exclusive) of each hit in `text`, in Unicode characters."),
    ]
    internal: Annotated[bool, Field(description="Whether it is from an internal note.")]


class TicketHit(BaseModel):
    """A ticket that was found. Buyers and storefronts see neither its category nor its hands (T1)."""

    model_config = ConfigDict(from_attributes=True)

    ticket_id: UUID
    number: str
    kind: TicketKind
    shop: str
    status: TicketStatus
    subject: str
    priority: Priority
    category: str | None
    customer_id: UUID | None
    assignee_staff_id: UUID | None
    group: str | None
    opened_at: datetime
    highlights: list[Highlight]


class SearchPage(BaseModel):
    """One page of what was found, newest first. It may hold less than `limit` and still have a next page."""

    items: list[TicketHit]
    next_cursor: str | None = None
    count: Annotated[int | None, Field(description="How many tickets were found, when asked for.")] = None
    count_is_capped: Annotated[bool | None, Field(description="Whether there are, or may be, more than that.")] = None
