"""Complaints in the words of HTTP: what is asked."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.ticket.complaint import CallManner, ComplaintCallback, ComplaintCategory, Grade, Nature, Solution
from contracts.ticket.ticket import IntakeChannel, Priority
from kit.http.fields import Amount, Code, Currency, Day, Instant, Line, Text
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.complaint.callback import Verification
from services.ticket.complaint.lifecycle import Stage
from services.ticket.complaint.policy import Factor

Flag = Annotated[bool, Field(strict=True)]
MonthOf = Annotated[
    str,
    Field(
        pattern=r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$",
        examples=["2026-11"],
        description="A business month.",
    ),
]


class Asked(BaseModel):
    """What all requests share."""

    model_config = ConfigDict(extra="forbid")


class ComplaintOpen(Asked):
    """投诉受理: what happened, when, by which channel, and what the customer wishes (T11)."""

    shop: Code = "main"
    category: ComplaintCategory
    subtype: Annotated[Code | None, Field(description="One of the shop's `complaint-subtypes`.")] = None
    subject: Line
    description: Annotated[Text, Field(description="What happened.")]
    occurred_at: Annotated[Instant, Field(description="When it happened.")]
    wish: Annotated[Text, Field(description="What the customer wishes.")]
    channel: IntakeChannel = IntakeChannel.PHONE
    order_no: Annotated[Code | None, Field(description="An order of the shop that it is about.")] = None
    customer_id: Annotated[UUID | None, Field(description="Whom it is about, where no order tells.")] = None
    priority: Priority = Priority.NORMAL
    against_staff_id: Annotated[
        UUID | None, Field(description="Whom the customer complains about; they judge nothing of it. Staff only.")
    ] = None


class Loss(Asked):
    """What the customer lost."""

    amount: Amount
    currency: Currency = "CNY"


class CircumstancesTold(Asked):
    """What makes a complaint serious (T13); what isn't named stays as it is."""

    injury_or_safety: Flag | None = None
    media_or_regulator: Flag | None = None
    loss: Loss | None = None


class ComplaintJudge(CircumstancesTold):
    """定性 (T11)."""

    nature: Nature
    severity: Annotated[int, Field(strict=True, ge=1, le=4)]
    reason: Line | None = None


class ComplaintWeigh(CircumstancesTold):
    """Circumstances that came to light later (T13)."""

    reason: Line

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.injury_or_safety, self.media_or_regulator, self.loss) == (None, None, None):
            raise InvalidValue("至少填写一项情形", "names at least one circumstance")
        return self


class ComplaintFix(Asked):
    """定责 (T11, X2)."""

    unit_id: Annotated[UUID | None, Field(description="Required unless the complaint is unfounded.")] = None
    staff_id: Annotated[UUID | None, Field(description="Who is directly responsible.")] = None
    reason: Line | None = None


class ComplaintExplain(Asked):
    """查明原因 (T11)."""

    code: Annotated[Code, Field(examples=["packing"])]
    cause: Text


class ComplaintPropose(Asked):
    """解决方案与承诺 (T11, T16)."""

    solutions: Annotated[list[Solution], Field(min_length=1, max_length=6, description="The main one first.")]
    details: Text
    estimated_for: Annotated[Instant, Field(description="When it will be done, by the unit's own estimate.")]
    buffer: Annotated[
        Factor | None, Field(description="How much longer is promised; the policy's factor when empty.")
    ] = None
    promised_for: Annotated[Instant | None, Field(description="A time to promise, in place of a buffer.")] = None

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if len(set(self.solutions)) != len(self.solutions):
            raise InvalidValue("解决方案不能重复", "names each solution once")
        if self.buffer is not None and self.promised_for is not None:
            raise InvalidValue("缓冲与承诺时间只填一个", "takes a buffer or a time, not both")
        return self


class ComplaintInform(Asked):
    """告知客户: how (T11); by whom is who says so."""

    channel: IntakeChannel
    note: Text | None = None


class ComplaintVerify(Asked):
    """内部核实: what the unit says (T12)."""

    result: Verification
    confirmed_by: Annotated[Line, Field(description="Who at the unit says so.")]
    note: Text | None = None


class ComplaintCallBack(Asked):
    """回访: what the customer says (T12)."""

    result: ComplaintCallback
    manner: CallManner = CallManner.CALL
    note: Text | None = None


class ComplaintLower(Asked):
    """降级 (T13)."""

    grade: Grade
    reason: Line


class ComplaintReason(Asked):
    """Why."""

    reason: Line


class EmergencyContained(Asked):
    """受控: what was done (T42)."""

    measures: Text


class ComplaintDisciplined(Asked):
    """处理意见 for the person directly responsible (T11, A12)."""

    violation_code: Annotated[Code, Field(description="A code of the violation catalogue.")]
    proposal: Text


class ImprovementSet(Asked):
    """改进措施 (T11)."""

    measure: Text
    owner_staff_id: UUID
    due_on: Day


class ImprovementDone(Asked):
    """What came of the measure."""

    result: Text


class ComplaintFilter(Page):
    """Which complaints to list; newest first, by the promise that is due first when asked about promises."""

    shop: Code | None = None
    stage: Stage | None = None
    category: ComplaintCategory | None = None
    grade: Grade | None = None
    unit_id: UUID | None = None
    responsible_staff_id: UUID | None = None
    month: Annotated[MonthOf | None, Field(description="The archive of a business month, by opening.")] = None
    promise_due_before: Annotated[Instant | None, Field(description="Promised by then, not confirmed yet.")] = None
    overdue: Annotated[bool | None, Field(description="Promised by now, not confirmed yet.")] = None


class CallFilter(Page):
    """Callbacks of a month, newest first."""

    month: MonthOf
    shop: Code | None = None


class ImprovementFilter(Page):
    """Which measures to list, by what is due first."""

    shop: Code | None = None
    owner_staff_id: UUID | None = None
    done: bool | None = None
    overdue: Annotated[bool | None, Field(description="Due before today and not done.")] = None
