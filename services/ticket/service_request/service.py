"""Use cases of service requests, for the routes and the rooms above: handed in, found, listed (T60). What is done
with them then is split: `review` decides, `steps` records, `weighing` says what was loaded."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.ticket.ticket import TicketKind
from kit import audit, outbox
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import InForce
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.service_request import forms, lifecycle, sealing, store
from services.ticket.service_request.case import audited, there
from services.ticket.service_request.lifecycle import LIFE
from services.ticket.service_request.models import RequestForm, ServiceRequest
from services.ticket.service_request.policy import REQUEST_TYPES, RequestType, RequestTypes
from services.ticket.service_request.schemas import RequestFilter, RequestSubmit
from services.ticket.sight import in_sight, sees_notes
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Opening, Ticket

Seen = tuple[ServiceRequest, Ticket]


async def types_of(work: Work, shop: str) -> InForce[RequestTypes]:
    """The types of requests that a shop takes now; of customers only those that are for them. Raises Problem
    `forbidden` for a shop that the caller doesn't serve."""
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    rules = await in_force(work.session, REQUEST_TYPES, shop, work.now)
    if sees_notes(work):
        return rules
    own = tuple(one for one in rules.document.types if one.from_customers)
    return InForce(rules.name, rules.shop, rules.version, RequestTypes(types=own))


async def submit_request(work: Work, asked: RequestSubmit) -> Seen:
    """提交申请 (T60): its ticket goes to the group of its type, the clocks of its kind run (T43).

    Raises Problem `invalid-request` for a type that the shop doesn't take (from customers), and, naming each place,
    for a form that breaks its schema; and all that opening a ticket raises.
    """
    rules = await types_of(work, asked.shop)
    kind = rules.document.named(asked.type)
    if kind is None:
        raise invalid("/type", "本店不受理该类型", "is no type that this shop takes")
    forms.expect(kind.form, asked.form, "form")
    ticket = await tickets.open_staged(work, _opening(work, asked, kind))
    request = _row(work, asked, ticket, rules.version)
    await outbox.record(work, request, lifecycle.submitted(request, ticket, work.actor, work.now))
    await store.add(work.session, request)
    await keep_form(work, request, asked.form)
    await audit.record(work, "submit", "service_request", request.request_id, after=_audited_new(request))
    return request, ticket


async def keep_form(work: Work, request: ServiceRequest, values: Mapping[str, Any]) -> None:
    """What was filled in for the present round, sealed (X6)."""
    form_id = new_id()
    form = RequestForm(
        form_id=form_id,
        request_id=request.request_id,
        round=request.round,
        sealed_form=sealing.seal_form(work.vault, form_id, dict(values)),
        submitted_by=work.actor.subject,
        submitted_at=work.now,
    )
    await store.add(work.session, form)


async def get_request(work: Work, request_id: UUID) -> Seen:
    """The request with its ticket. Raises Problem `not-found`, also for one out of sight (T40, X1)."""
    ticket = await tickets.get_ticket(work, request_id)
    return there(await store.get(work.session, request_id)), ticket


async def list_requests(
    work: Work, query: RequestFilter, after: UUID | None
) -> tuple[list[ServiceRequest], UUID | None]:
    """Requests in the caller's sight, newest first, and the last one when there are more. Raises Problem `forbidden`
    when a customer asks by what is known inside alone."""
    asked = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    if "unit_id" in asked and not sees_notes(work):
        raise Problem("forbidden")
    found = await store.page(work.session, in_sight(work, asked), after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].request_id if len(found) > query.limit else None


def _opening(work: Work, asked: RequestSubmit, kind: RequestType) -> Opening:
    """Nothing of the form stands on the ticket: its subject is the type's name."""
    return Opening(
        kind=TicketKind.SERVICE_REQUEST,
        shop=asked.shop,
        subject=kind.name.zh,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        priority=asked.priority,
        channel=asked.channel,
        source=tickets.source_of(work),
        category=kind.code,
        group=kind.group,
    )


def _row(work: Work, asked: RequestSubmit, ticket: Ticket, policy_version: int) -> ServiceRequest:
    return ServiceRequest(
        request_id=ticket.ticket_id,
        number=ticket.number,
        type=asked.type,
        shop=ticket.shop,
        account_id=ticket.account_id,
        organisation_id=asked.organisation_id,
        order_id=ticket.order_id,
        status=LIFE.initial,
        missing=[],
        policy_version=policy_version,
        submitted_at=work.now,
    )


def _audited_new(request: ServiceRequest) -> dict[str, Any]:
    organisation = str(request.organisation_id) if request.organisation_id else None
    return {**audited(request), "type": request.type, "organisation_id": organisation}
