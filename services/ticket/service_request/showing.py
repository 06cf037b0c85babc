"""Service requests as their readers see them: personal values masked (X6), and what is the house's own kept from
customers (T1)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.price import Difference
from kit.money import Money
from kit.work import Work
from services.ticket.service_request import forms, sealing, store
from services.ticket.service_request.case import kind_of
from services.ticket.service_request.form_language import Schema
from services.ticket.service_request.lifecycle import LIFE, OF_CUSTOMERS, RequestStatus, price
from services.ticket.service_request.models import RequestRecord, ServiceRequest
from services.ticket.service_request.over_short import Settlement, decimal
from services.ticket.service_request.policy import RequestStep, RequestType, StepBy
from services.ticket.service_request.progress import Progress
from services.ticket.service_request.schemas import (
    DocumentPublic,
    RecordPublic,
    RequestPublic,
    RequestRevealed,
    RequestShown,
    RequestTypePublic,
    StepPublic,
)
from services.ticket.service_request.service import Seen
from services.ticket.service_request.weighing_schemas import ClaimPublic, OverShortPublic, WeighedPublic
from services.ticket.sight import sees_notes
from services.ticket.ticket import service as tickets

_SOMEBODY = "staff"
Cover = Callable[[Schema, Mapping[str, Any]], dict[str, Any]]


async def show(work: Work, seen: Seen) -> RequestPublic:
    """The request as the caller may see it."""
    request, ticket = seen
    kind = await kind_of(work, request)
    records = await store.records(work.session, request.request_id, request.round)
    following = Progress(kind, records).next()
    return RequestPublic(
        **shown(work, request).model_dump(),
        type_name=kind.name,
        form=await _form(work, request, kind, forms.masked),
        missing=request.missing,
        reason=request.reason,
        documents=await _documents(work, request, kind),
        steps=_steps(work, kind, records, forms.masked),
        next_step=following.code if following and _sees(work, following) else None,
        over_short=await _over_short(work, request),
        allowed=_allowed(work, request, following),
        ticket=await tickets.show(work, ticket),
    )


async def reveal(work: Work, seen: Seen) -> RequestRevealed:
    """The personal values of the request, open."""
    request, _ = seen
    kind = await kind_of(work, request)
    form = await _form(work, request, kind, _open)
    records = await store.records(work.session, request.request_id, request.round)
    return RequestRevealed(form=form, steps=_steps(work, kind, records, _open))


def shown(work: Work, request: ServiceRequest) -> RequestShown:
    """The request as a list shows it."""
    coupon = None
    if request.coupon_minor is not None and request.coupon_currency is not None:
        coupon = price(Money(request.coupon_minor, request.coupon_currency))
    inside = sees_notes(work)
    return RequestShown(
        service_request_id=request.request_id,
        number=request.number,
        type=request.type,
        shop=request.shop,
        status=RequestStatus(request.status),
        round=request.round,
        organisation_id=request.organisation_id,
        order_id=request.order_id,
        unit_id=request.unit_id if inside else None,
        outcome=request.outcome,
        cause=request.cause if inside else None,
        coupon=coupon,
        policy_version=request.policy_version,
        submitted_at=request.submitted_at,
    )


def show_type(work: Work, kind: RequestType) -> RequestTypePublic:
    """The type as the caller may see it."""
    inside = sees_notes(work)
    return RequestTypePublic(
        code=kind.code,
        name=kind.name,
        form=kind.form,
        documents=kind.documents,
        steps=tuple(step for step in kind.steps if _sees(work, step)),
        outcomes=kind.outcomes if inside else (),
        causes=kind.causes if inside else (),
        coupon=kind.coupon.price if kind.coupon else None,
        postage=kind.postage,
        group=kind.group if inside else None,
        unit=kind.unit if inside else None,
    )


def show_settlement(found: Settlement) -> OverShortPublic:
    """What is payable, in the words of HTTP."""
    return OverShortPublic.model_validate(
        {
            "payable_quantity": decimal(found.payable_quantity),
            "payable": _priced(found.payable),
            "excess": decimal(found.excess),
            "excess_price": _priced(found.excess_price),
            "shortage": decimal(found.shortage),
            "shortage_price": _priced(found.shortage_price),
            "difference": _priced(found.difference),
            "within_tolerance": found.within_tolerance,
        }
    )


async def _form(work: Work, request: ServiceRequest, kind: RequestType, cover: Cover) -> dict[str, Any]:
    filled = await store.form_of(work.session, request.request_id, request.round)
    return cover(kind.form, sealing.open_form(work.vault, filled.form_id, filled.sealed_form))


async def _documents(work: Work, request: ServiceRequest, kind: RequestType) -> list[DocumentPublic]:
    there = {one.document: one.attachment_id for one in await store.documents(work.session, request.request_id)}
    return [
        DocumentPublic(document=one.code, name=one.name, required=one.required, attachment_id=there.get(one.code))
        for one in kind.documents
    ]


def _steps(work: Work, kind: RequestType, records: Sequence[RequestRecord], cover: Cover) -> list[StepPublic]:
    return [
        StepPublic(
            step=step.code,
            name=step.name,
            phase=step.phase,
            by=step.by,
            records=[_record(work, step, record, cover) for record in records if record.step == step.code],
        )
        for step in kind.steps
        if _sees(work, step)
    ]


def _record(work: Work, step: RequestStep, record: RequestRecord, cover: Cover) -> RecordPublic:
    facts = None
    if record.sealed_facts is not None and step.form is not None:
        facts = cover(step.form, sealing.open_facts(work.vault, record.step_id, record.sealed_facts))
    own = record.recorded_by == work.actor.subject
    inside = sees_notes(work)
    return RecordPublic(
        step_id=record.step_id,
        facts=facts,
        # What a customer was offered comes from what the house collected, which is its own.
        choice=record.choice if inside or step.by is StepBy.CUSTOMER else None,
        recorded_by=record.recorded_by if inside or own else _SOMEBODY,
        recorded_at=record.recorded_at,
    )


async def _over_short(work: Work, request: ServiceRequest) -> WeighedPublic | None:
    found = await store.over_short(work.session, request.request_id)
    if found is None:
        return None
    weighed, claim = found
    currency = weighed.currency
    said = {
        name: _plain(getattr(weighed, name))
        for name in ("quantity", "tolerance_percent", "unit_price", "loaded", "payable_quantity", "excess")
    }
    reported = None
    if claim is not None:
        reported = ClaimPublic.model_validate(
            {
                "shortage": _plain(claim.shortage),
                "claimed": _priced(Money(claim.claimed_minor, claim.currency)),
                "reported_at": claim.reported_at,
            }
        )
    return WeighedPublic(
        **said,
        unit=weighed.unit,
        reference=weighed.reference,
        consented=weighed.consented,
        payable=price(Money(weighed.payable_minor, currency)),
        difference=Difference.model_validate(_priced(Money(weighed.difference_minor, currency))),
        recorded_at=weighed.recorded_at,
        claim=reported,
    )


def _allowed(work: Work, request: ServiceRequest, following: RequestStep | None) -> Sequence[str]:
    """What is drawn; of that for customers what is theirs to do, and steps only when the next one is."""
    drawn = LIFE.allowed(RequestStatus(request.status))
    if sees_notes(work):
        return drawn
    theirs = following is not None and following.by is StepBy.CUSTOMER
    return [verb for verb in drawn if verb in OF_CUSTOMERS and (theirs or verb != "record")]


def _sees(work: Work, step: RequestStep) -> bool:
    return step.shown or sees_notes(work)


def _open(_: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values)


def _plain(quantity: Decimal) -> str:
    return decimal(Fraction(quantity))


def _priced(money: Money) -> dict[str, str]:
    return {"amount": money.amount, "currency": money.currency}
