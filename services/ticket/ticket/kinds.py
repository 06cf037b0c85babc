"""What tickets of the common life tell besides what all tickets share (T1): inquiry, suggestion, fault report, and
the report about a seller.

The fields stand in `details` of the ticket; free text, so it stays in this service (X6).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from contracts.ticket.ticket import TicketKind
from kit.http.faults import faults_of
from kit.http.fields import Code, Instant, Line, Text
from kit.problems import Fault, Problem
from services.ticket.clock.policy import SlaCase


class Details(BaseModel):
    """What the details of every kind share: nothing but their strictness."""

    model_config = ConfigDict(extra="forbid")


class InquiryDetails(Details):
    """转办工单: something that another post must handle."""

    post: Annotated[Code | None, Field(description="Which post must handle it.", examples=["warehouse"])] = None
    question: Text | None = None


class SuggestionDetails(Details):
    """建议."""

    proposal: Text
    expected_benefit: Text | None = None


class FaultDetails(Details):
    """障碍申告."""

    broken: Annotated[Line, Field(description="What is broken.", examples=["支付页面"])]
    effect: Annotated[Text, Field(description="What can't be done because of it.")]
    since: Instant | None = None
    place: Annotated[Line | None, Field(description="Where: a page, a floor, a station.")] = None


class MerchantReportDetails(Details):
    """举报商家: who is reported, and for what."""

    seller: Annotated[Line, Field(description="The seller's name or number.", examples=["福记食品专营店"])]
    breach: Annotated[Text, Field(description="What the seller did.")]
    wish: Text | None = None


class AfterSalesDetails(Details):
    """售后: the course that a refund or an exchange takes, which its targets of time go by (T43)."""

    course: Annotated[SlaCase, WithJsonSchema({"type": "string", "enum": [*SlaCase]})]


class SolvedAs(StrEnum):
    """What became of a suggestion (采纳, 试行, 不采纳) or of a report (属实, 不属实, 移交), once it is solved."""

    ADOPTED = "adopted"
    TRIALLED = "trialled"
    DECLINED = "declined"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    PASSED_ON = "passed_on"


DETAILS: Mapping[TicketKind, type[Details]] = {
    TicketKind.INQUIRY: InquiryDetails,
    TicketKind.SUGGESTION: SuggestionDetails,
    TicketKind.FAULT_REPORT: FaultDetails,
    TicketKind.MERCHANT_REPORT: MerchantReportDetails,
    TicketKind.REFUND: AfterSalesDetails,
    TicketKind.EXCHANGE: AfterSalesDetails,
}
# Kinds that are opened at `/v1/tickets`; the others have addresses of their own.
OPENED_HERE = frozenset({TicketKind.INQUIRY, TicketKind.SUGGESTION, TicketKind.FAULT_REPORT})
SCHEMA = {"type": "object", "description": "The fields of the ticket's kind.", "anyOf": [
    {**model.model_json_schema(), "title": kind.value} for kind, model in DETAILS.items()
]}  # fmt: skip
_OUTCOMES: Mapping[TicketKind, Sequence[SolvedAs]] = {
    TicketKind.SUGGESTION: (SolvedAs.ADOPTED, SolvedAs.TRIALLED, SolvedAs.DECLINED),
    TicketKind.MERCHANT_REPORT: (SolvedAs.UPHELD, SolvedAs.DISMISSED, SolvedAs.PASSED_ON),
}


def expect_opened_here(kind: TicketKind) -> None:
    """Raises Problem `invalid-request` for a kind that has an address of its own."""
    if kind not in OPENED_HERE:
        raise _fault("/kind", "该种类的工单不在此处受理", "tickets of this kind are not opened here")


def read_details(kind: TicketKind, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The details of such a ticket, as its row holds them. Raises Problem `invalid-request` for fields that aren't
    the kind's, and for a kind that has none."""
    model = DETAILS.get(kind)
    if model is None:
        raise _fault("/details", "该种类的工单没有专用字段", "tickets of this kind have none")
    try:
        return model.model_validate(given or {}).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        told = [{**one, "loc": ("body", "details", *one["loc"])} for one in error.errors(include_url=False)]
        raise Problem("invalid-request", faults=faults_of(told)) from error


def with_outcome(kind: TicketKind, details: Mapping[str, Any], outcome: SolvedAs | None) -> dict[str, Any]:
    """The details of a solved ticket: of a suggestion or a report they say what became of it, of nothing else. Raises
    Problem `invalid-request` when it is the other way round."""
    possible = _OUTCOMES.get(kind, ())
    if outcome is None:
        if possible:
            raise _fault("/outcome", f"办结时必填：{_listed(possible)}", f"is required here: {_listed(possible)}")
        return dict(details)
    if not possible:
        raise _fault("/outcome", "仅适用于建议和举报", "is for suggestions and reports only")
    if outcome not in possible:
        raise _fault("/outcome", f"只能是：{_listed(possible)}", f"must be one of {_listed(possible)}")
    return {**details, "outcome": outcome.value}


def _listed(outcomes: Sequence[SolvedAs]) -> str:
    return ", ".join(outcomes)


def _fault(pointer: str, zh: str, en: str) -> Problem:
    return Problem("invalid-request", faults=[Fault(pointer, zh, en)])
