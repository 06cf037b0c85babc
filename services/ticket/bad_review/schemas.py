"""Bad reviews in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.price import Price
from contracts.ticket.aftercare import ReviewCause, ReviewManner, ReviewResult
from contracts.ticket.ticket import IntakeChannel, Priority
from kit.http.fields import Code, Instant, Line, Text
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.bad_review.lifecycle import ReviewStatus
from services.ticket.ticket.schemas import TicketPublic


class BadReviewOpen(BaseModel):
    """A bad or middling review to work on."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    subject: Line
    description: Annotated[Text | None, Field(description="What the buyer wrote.")] = None
    stars: Annotated[int, Field(strict=True, ge=1, le=3, description="差评 1, 中评 2 or 3.")]
    order_no: Annotated[Code | None, Field(description="The order that it is about.")] = None
    customer_id: UUID | None = None
    reviewed_at: Instant | None = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.OUTSIDE_PLATFORM


class BadReviewCause(BaseModel):
    """Why the review is bad."""

    model_config = ConfigDict(extra="forbid")

    cause: ReviewCause


class BadReviewContact(BaseModel):
    """One time that the buyer was spoken to. `message` goes to the buyer on the ticket; a text is nothing else."""

    model_config = ConfigDict(extra="forbid")

    manner: ReviewManner
    reached: bool = True
    message: Text | None = None
    note: Annotated[Text | None, Field(description="For the shop alone.")] = None
    offered: Annotated[Price | None, Field(description="What was offered; the last offer stands.")] = None

    @model_validator(mode="after")
    def _a_text_has_words(self) -> Self:
        if self.manner is ReviewManner.TEXT and self.message is None:
            raise InvalidValue("文字联系须填写 message", "a text has a message")
        return self


class BadReviewSettle(BaseModel):
    """What became of the review."""

    model_config = ConfigDict(extra="forbid")

    result: ReviewResult


class BadReviewReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class ContactPublic(BaseModel):
    """One contact as an answer shows it."""

    contact_id: UUID
    manner: ReviewManner
    reached: bool
    outside_hours: bool
    offered: Price | None
    note: str | None
    staff_id: UUID | None
    contacted_at: datetime


class BadReviewShown(BaseModel):
    """A bad review as a list shows it."""

    review_id: UUID
    number: str
    shop: str
    status: ReviewStatus
    stars: int
    cause: ReviewCause | None
    manner: ReviewManner | None
    result: ReviewResult | None
    offered: Price | None
    reviewed_at: datetime | None
    settled_at: datetime | None


class BadReviewPublic(BadReviewShown):
    """A bad review with its contacts and its ticket. The ETag is the ticket's."""

    allowed: list[str]
    workable_at: Annotated[datetime, Field(description="Now, or when buyers are spoken to next.")]
    contacts: list[ContactPublic]
    ticket: TicketPublic


class BadReviewFilter(Page):
    """Which bad reviews to list, newest first."""

    shop: Code | None = None
    status: ReviewStatus | None = None
    cause: ReviewCause | None = None
    result: ReviewResult | None = None


class BadReviewPage(BaseModel):
    """One page of bad reviews."""

    items: list[BadReviewShown]
    next_cursor: str | None = None
