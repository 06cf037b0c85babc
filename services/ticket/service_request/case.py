"""One change of a service request: under its ticket's row lock, with its event, its line in the trail, and what it
means for the ticket's status and clocks (I1, T2)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ticket.service_request import ServiceRequestEvent
from contracts.ticket.ticket import TicketKind
from kit import audit, outbox
from kit.policies import in_force
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.service_request import store
from services.ticket.service_request.lifecycle import OUTCOME, RequestStatus, status_of
from services.ticket.service_request.models import ServiceRequest
from services.ticket.service_request.policy import REQUEST_TYPES, RequestType
from services.ticket.service_request.progress import Progress
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

_AUDITED = ("status", "round", "missing", "unit_id", "outcome", "cause", "coupon_minor", "coupon_currency")


@dataclass(frozen=True, slots=True)
class Case:
    """A locked request with its ticket and its type, and what it was before."""

    request: ServiceRequest
    ticket: Ticket
    kind: RequestType
    audited: dict[str, Any]

    async def progress(self, work: Work) -> Progress:
        """How far its steps have come in the present round."""
        records = await store.records(work.session, self.request.request_id, self.request.round)
        return Progress(self.kind, records)


async def begin(work: Work, request_id: UUID, *, decides: bool = False) -> Case:
    """Lock it. `decides`: the verb is asked with what the caller has seen.

    Raises Problem `not-found`, also for one out of sight (T40, X1), `precondition-required` for a decision without
    If-Match, and `stale-version`.
    """
    if decides and work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await tickets.lock(work, request_id, TicketKind.SERVICE_REQUEST)
    work.expect_version(ticket.version)
    request = there(await store.get(work.session, request_id))
    return Case(request, ticket, await kind_of(work, request), audited(request))


async def settle(
    work: Work,
    case: Case,
    verb: str,
    told: ServiceRequestEvent | None = None,
    *,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> Case:
    """Write down what the verb has changed; `after` says what else there is to say of it, in codes."""
    request, state = case.request, RequestStatus(case.request.status)
    if told is not None:
        await outbox.record(work, request, told)
    status, waiting_on = status_of(request, (await case.progress(work)).next())
    await tickets.follow(
        work, case.ticket, status, verb=verb, waiting_on=waiting_on, outcome=OUTCOME.get(state), reason=reason
    )
    now = audited(request)
    changed = [name for name in _AUDITED if case.audited[name] != now[name]]
    await audit.record(
        work,
        verb,
        "service_request",
        request.request_id,
        before={name: case.audited[name] for name in changed},
        after={**{name: now[name] for name in changed}, **(after or {})},
        reason=scrub(reason) if reason else None,
    )
    return case


def there(request: ServiceRequest | None) -> ServiceRequest:
    """Raises Problem `not-found` when there is none."""
    if request is None:
        raise Problem("not-found")
    return request


async def kind_of(work: Work, request: ServiceRequest) -> RequestType:
    """The type as it was in force when the request was handed in (X3)."""
    rules = await in_force(work.session, REQUEST_TYPES, request.shop, request.submitted_at)
    kind = rules.document.named(request.type)
    if kind is None:
        raise LookupError(f"type {request.type} was in force and is gone")
    return kind


def audited(request: ServiceRequest) -> dict[str, Any]:
    """What the trail says of a request: codes and counts, nothing of its form (X6, X7)."""
    values = {name: getattr(request, name) for name in _AUDITED}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}
