"""Tickets in the words of HTTP."""

import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema, model_validator

from contracts.ticket.clock import ClockKind, ClockParty
from contracts.ticket.ticket import (
    IntakeChannel,
    Priority,
    TicketKind,
    TicketOutcome,
    TicketState,
    TicketStatus,
    WaitingOn,
)  # fmt: skip
from kit.http.faults import InvalidValue
from kit.http.fields import Code, Instant, Line, Text
from kit.http.pages import Page
from services.ticket.clock.schemas import ClockPublic
from services.ticket.clock.state import ClockState
from services.ticket.ticket.kinds import SCHEMA, SolvedAs
from services.ticket.ticket.state import Sorting

_MOST_TAGS = 100
_STAMP = 2**53 - 1  # what JSON carries whole


def _tag(text: str) -> str:
    """One spelling a tag: full width is half width, capitals are small, blanks are one."""
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not plain or len(plain) > 32 or not plain.isprintable():
        raise InvalidValue("须为 1 到 32 个可见字符", "must be 1 to 32 visible characters")
    return plain


def _once_each(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


Tag = Annotated[str, Field(min_length=1, max_length=64, examples=["补发"]), AfterValidator(_tag)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=_MOST_TAGS), AfterValidator(_once_each)]
Details = Annotated[dict[str, JsonValue], WithJsonSchema(SCHEMA)]
Stamp = Annotated[int, Field(strict=True, ge=0, le=_STAMP, description="The marketplace's version of the case.")]


class TicketOpen(BaseModel):
    """A ticket to open. Kinds with stages of their own have their own addresses."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[
        TicketKind, Field(description="`inquiry` (转办工单), `suggestion` (建议) or `fault_report` (障碍申告).")
    ] = TicketKind.INQUIRY
    shop: Code = "main"
    subject: Line
    description: Text | None = None
    details: Details | None = None
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: Annotated[UUID | None, Field(description="Whom it is about, where no order tells.")] = None
    category: Code | None = None
    tags: Tags = ()
    unit_id: Annotated[UUID | None, Field(description="The unit that it is laid at the door of (X2).")] = None
    priority: Priority = Priority.NORMAL
    channel: IntakeChannel = IntakeChannel.CHAT


class TicketEdit(BaseModel):
    """What to change on a ticket: only what is sent. Status and hands change by verbs."""

    model_config = ConfigDict(extra="forbid")

    subject: Line = ""
    description: Text | None = None
    details: Details = Field(default_factory=dict)
    category: Code | None = None
    tags: Tags = ()
    unit_id: UUID | None = None
    priority: Priority = Priority.NORMAL

    @model_validator(mode="after")
    def _says_something(self) -> "TicketEdit":
        if not self.model_fields_set:
            raise InvalidValue("至少修改一项", "must change something")
        return self


class TicketWait(BaseModel):
    """For whom the ticket waits (T2)."""

    model_config = ConfigDict(extra="forbid")

    waiting_on: WaitingOn
    reason: Line


class TicketSolve(BaseModel):
    """What was done."""

    model_config = ConfigDict(extra="forbid")

    solution: Text
    outcome: Annotated[SolvedAs | None, Field(description="What became of a suggestion or a report.")] = None


class TicketReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


class _SomewhereElse(BaseModel):
    model_config = ConfigDict(extra="forbid")

    staff_id: UUID | None = None
    group: Annotated[Code | None, Field(description="A group's code; alone: for whoever of it has a hand free.")] = (
        None
    )

    @model_validator(mode="after")
    def _to_somebody(self) -> "_SomewhereElse":
        if self.staff_id is None and self.group is None:
            raise InvalidValue("staff_id 与 group 至少填一项", "names neither staff_id nor group")
        return self


class TicketAssign(_SomewhereElse):
    """To whom the ticket is given."""

    reason: Line | None = None


class TicketEscalate(_SomewhereElse):
    """To which lead or group the ticket goes, and why."""

    reason: Line


class TicketWatch(BaseModel):
    """Who is to be told what becomes of the ticket."""

    model_config = ConfigDict(extra="forbid")

    staff_id: UUID


class TicketDeadline(BaseModel):
    """平台时限 (T49): `null` when the marketplace has taken it back."""

    model_config = ConfigDict(extra="forbid")

    deadline_at: Instant | None
    version_stamp: Stamp


class ClockShort(BaseModel):
    """A clock of a ticket, in short: which is late, and by whom (T47)."""

    kind: ClockKind
    status: ClockState
    late: bool
    party: Annotated[ClockParty, Field(description="Who has to act; of the desk, `owner_staff_id`.")]
    owner_staff_id: UUID | None
    due_at: datetime | None


class TicketPublic(TicketState):
    """A ticket as an answer shows it. Buyers and storefronts see neither tags, tier, hands nor clocks (T1)."""

    version: int
    subject: str
    description: str | None
    details: dict[str, JsonValue]
    tags: tuple[str, ...]
    solution: str | None
    outcome: TicketOutcome | None
    merged_into: Annotated[UUID | None, Field(description="The ticket that this one has become part of (T3).")]
    deadline_at: Annotated[datetime | None, Field(description="The marketplace's own (T49).")]
    version_stamp: int | None
    due_at: Annotated[
        datetime | None, Field(description="What is due first: a clock, or the marketplace's deadline.")
    ]
    times_reopened: int
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")]
    clocks: tuple[ClockShort, ...]


class TicketFilter(Page):
    """Which tickets to list, and in which order."""

    shop: Code | None = None
    kind: TicketKind | None = None
    status: TicketStatus | None = None
    assignee_staff_id: UUID | None = None
    unassigned: Annotated[bool, Field(description="Only what nobody has yet.")] = False
    group: Code | None = None
    unit_id: UUID | None = None
    category: Code | None = None
    tag: Tag | None = None
    watcher_staff_id: UUID | None = None
    customer_id: Annotated[UUID | None, Field(description="With the files that were merged into that one.")] = None
    account_id: UUID | None = None
    order_no: Code | None = None
    number: Annotated[str | None, Field(pattern=r"^T[0-9]{8}-[0-9]{6,12}$")] = None
    channel: IntakeChannel | None = None
    priority: Priority | None = None
    opened_from: Annotated[Instant | None, Field(description="Opened at or after this instant.")] = None
    opened_to: Annotated[Instant | None, Field(description="Opened before this instant.")] = None
    sort: Annotated[
        Sorting, Field(description="`due`: what is due first leads, what has nothing due is left out (T49).")
    ] = Sorting.NEWEST


class TicketPage(BaseModel):
    """One page of tickets."""

    items: list[TicketPublic]
    next_cursor: str | None = None


class ClockList(BaseModel):
    """The clocks of a ticket."""

    items: list[ClockPublic]


class HistoryRow(BaseModel):
    """One thing that was done. `before` and `after` hold codes and ids; of free text only that it changed."""

    id: int
    at: datetime
    actor: str
    action: str
    noun: str
    before: dict[str, JsonValue]
    after: dict[str, JsonValue]
    reason: str | None


class HistoryPage(BaseModel):
    """One page of what was done to a ticket, newest first."""

    items: list[HistoryRow]
    next_cursor: str | None = None
