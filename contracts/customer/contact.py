"""咨询与回访: consultations (C20) and callbacks (C21, C22), from which conversion and personal scores are made."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.fields import Code, Part, Seconds, Shop

Rating = Annotated[int, Field(ge=1, le=5)]


class ConsultationChannel(StrEnum):
    """咨询渠道 (C20)."""

    PHONE = "phone"
    VISIT = "visit"
    QQ = "qq"
    WECHAT = "wechat"
    MARKETPLACE_CHAT = "marketplace_chat"
    EMAIL = "email"
    WEB = "web"


class CallbackCause(StrEnum):
    """Why someone is on the month's call list (C21)."""

    PURCHASE_1_MONTH = "purchase_1_month"
    PURCHASE_6_MONTHS = "purchase_6_months"
    PURCHASE_12_MONTHS = "purchase_12_months"
    PURCHASE_24_MONTHS = "purchase_24_months"
    PURCHASE_36_MONTHS = "purchase_36_months"
    OLD_CUSTOMER = "old_customer"
    AT_RISK = "at_risk"
    ORDER_COMPLETED = "order_completed"
    COMPLAINT = "complaint"


class CallbackManner(StrEnum):
    """How the customer is called on (C21)."""

    CALL = "call"
    MESSAGE = "message"
    HOME_VISIT = "home_visit"
    FIELD_CHECK = "field_check"


class CallbackResult(StrEnum):
    """How a callback ended."""

    REACHED = "reached"
    MISSED = "missed"
    DECLINED = "declined"


class PersonRole(StrEnum):
    """Whose work a question is about (C22)."""

    SALESPERSON = "salesperson"
    SURVEYOR = "surveyor"
    REGISTRATION_CLERK = "registration_clerk"
    COMPANY = "company"


class Answer(Part):
    """One answered question: about whom, and the rating or the yes or no (C22, A23). Texts stay in the file."""

    question: Code
    about: PersonRole
    staff_id: UUID | None = None
    rating: Rating | None = None
    yes: bool | None = None


class ConsultationLogged(Event):
    """咨询登记: someone asked something (C20). ``order_id`` is the order it turned into, ``answered`` says whether
    the knowledge base had an answer."""

    SUBJECT = "consultation.logged"
    OWNER = "customer"
    AGGREGATE = "consultation_id"

    consultation_id: UUID
    shop: Shop
    channel: ConsultationChannel
    category: Code
    customer_id: UUID | None = None
    account_id: UUID | None = None
    staff_id: UUID | None = None
    first_reply_seconds: Seconds | None = None
    answered: bool
    converted: bool = False
    order_id: UUID | None = None
    satisfied: bool | None = None
    asked_at: AwareDatetime


class CallbackEvent(Event):
    """What all events of a callback share."""

    OWNER = "customer"
    AGGREGATE = "callback_id"

    callback_id: UUID
    customer_id: UUID
    shop: Shop
    cause: CallbackCause
    staff_id: UUID | None = None
    order_id: UUID | None = None
    ticket_id: UUID | None = None


class CallbackPlanned(CallbackEvent):
    """回访计划: a customer is on the call list, at most once a month (C21)."""

    SUBJECT = "callback.planned"

    planned_for: AwareDatetime
    due_on: date | None = None


class CallbackCompleted(CallbackEvent):
    """回访完成: how it went and what was answered (C22); ``converted`` when it led to an order (A4)."""

    SUBJECT = "callback.completed"

    manner: CallbackManner
    result: CallbackResult
    rating: Rating | None = None
    answers: tuple[Answer, ...] = ()
    converted: bool = False
    completed_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (ConsultationLogged, CallbackPlanned, CallbackCompleted)
