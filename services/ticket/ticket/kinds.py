"""What tickets of the kinds opened here tell besides what all tickets share (T1): inquiry, suggestion, fault report.

The fields stand in `details` of the ticket; free text, so it stays in this service (X6).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.ticket.ticket import TicketKind
from kit.http.faults import faults_of
from kit.http.fields import Code, Instant, Line, Text
from kit.problems import Fault, Problem


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


class SuggestionOutcome(StrEnum):
    """What became of a suggestion; said when it is solved."""

    ADOPTED = "adopted"
    TRIALLED = "trialled"
    DECLINED = "declined"


# Kinds that are opened at `/v1/tickets`; the others have addresses of their own.
OPENED_HERE: Mapping[TicketKind, type[Details]] = {
    TicketKind.INQUIRY: InquiryDetails,
    TicketKind.SUGGESTION: SuggestionDetails,
    TicketKind.FAULT_REPORT: FaultDetails,
}
SCHEMA = {"type": "object", "description": "The fields of the ticket's kind.", "anyOf": [
    {**model.model_json_schema(), "title": kind.value} for kind, model in OPENED_HERE.items()
]}  # fmt: skip


def read_details(kind: TicketKind, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The details of such a ticket, as its row holds them. Raises Problem `invalid-request` for a kind that isn't
    opened here and for fields that aren't the kind's."""
    model = OPENED_HERE.get(kind)
    if model is None:
        raise _fault("/kind", "该种类的工单不在此处受理", "tickets of this kind are not opened here")
    try:
        return model.model_validate(given or {}).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        told = [{**one, "loc": ("body", "details", *one["loc"])} for one in error.errors(include_url=False)]
        raise Problem("invalid-request", faults=faults_of(told)) from error


def with_outcome(kind: TicketKind, details: Mapping[str, Any], outcome: SuggestionOutcome | None) -> dict[str, Any]:
    """The details of a solved ticket: a suggestion says what became of it, nothing else does. Raises Problem
    `invalid-request` when it is the other way round."""
    if (kind is TicketKind.SUGGESTION) is (outcome is None):
        if outcome is None:
            raise _fault("/outcome", "建议办结时必填：采纳、试行或不采纳", "is required when a suggestion is solved")
        raise _fault("/outcome", "仅适用于建议", "is for suggestions only")
    return dict(details) if outcome is None else {**details, "outcome": outcome.value}


def _fault(pointer: str, zh: str, en: str) -> Problem:
    return Problem("invalid-request", faults=[Fault(pointer, zh, en)])
