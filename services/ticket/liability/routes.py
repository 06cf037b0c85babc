"""What cases cost and who bears it: of a ticket of any kind, under `/v1/refunds` of a refund as well; and by month
(T57)."""

from collections import Counter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from contracts.price import Price
from kit.http.edge import WorkDep, allow, answer
from kit.money import Money
from kit.work import Work
from services.ticket.liability import service
from services.ticket.liability.schemas import (
    BorneRow,
    CostPublic,
    CostRebook,
    CostReport,
    CostReportFilter,
    Costs,
)
from services.ticket.liability.service import Bearer

router = APIRouter(prefix="/v1", tags=["costs"])
TicketId = Annotated[UUID, Path(description="The ticket's id.")]
RefundId = Annotated[UUID, Path(description="The refund's id, which is its ticket's.")]
CostId = Annotated[UUID, Path(description="The cost's id.")]


@router.get("/tickets/{ticket_id}/costs", response_model=Costs, dependencies=[allow("cost:read")])
async def list_costs(ticket_id: TicketId, work: WorkDep) -> Response:
    """What a ticket's case cost, and who bears it."""
    return await _listed(work, ticket_id)


@router.get("/refunds/{refund_id}/costs", response_model=Costs, dependencies=[allow("cost:read")])
async def list_refund_costs(refund_id: RefundId, work: WorkDep) -> Response:
    """What a refund cost, and who bears it."""
    return await _listed(work, refund_id)


@router.post(
    "/tickets/{ticket_id}/costs/{cost_id}/rebook", response_model=CostPublic, dependencies=[allow("cost:rebook")]
)
async def rebook_cost(ticket_id: TicketId, cost_id: CostId, body: CostRebook, work: WorkDep) -> Response:
    """Lay a cost at somebody else's door, with the reason."""
    return await _rebooked(work, ticket_id, cost_id, body)


@router.post(
    "/refunds/{refund_id}/costs/{cost_id}/rebook", response_model=CostPublic, dependencies=[allow("cost:rebook")]
)
async def rebook_refund_cost(refund_id: RefundId, cost_id: CostId, body: CostRebook, work: WorkDep) -> Response:
    """Lay a refund's cost at somebody else's door, with the reason."""
    return await _rebooked(work, refund_id, cost_id, body)


@router.get("/ticket-reports/costs", response_model=CostReport, dependencies=[allow("report:read")])
async def cost_report(work: WorkDep, query: Annotated[CostReportFilter, Query()]) -> Response:
    """Who bears what of a month's costs: company, units, couriers, suppliers, staff."""
    found, units = await service.borne(work, query.month, query.shop)
    totals: Counter[str] = Counter()
    for one in found:
        totals[one.currency] += one.minor
    rows = [
        BorneRow(
            bearer=one.bearer,
            bearer_code=one.bearer_code,
            unit_id=one.unit_id,
            unit_name=units[one.unit_id].name if one.unit_id in units else None,
            staff_id=one.staff_id,
            kind=one.kind,
            amount=_price(one.minor, one.currency),
            cases=one.cases,
        )
        for one in found
    ]
    sums = [_price(minor, currency) for currency, minor in sorted(totals.items())]
    return await answer(work, CostReport(month=query.month, shop=query.shop, totals=sums, items=rows))


async def _listed(work: Work, ticket_id: UUID) -> Response:
    costs = await service.list_costs(work, ticket_id)
    return await answer(work, Costs(items=[_shown(cost) for cost in costs]))


async def _rebooked(work: Work, ticket_id: UUID, cost_id: UUID, body: CostRebook) -> Response:
    bearer = Bearer(body.bearer, body.bearer_code, body.unit_id, body.staff_id)
    cost = await service.rebook(work, ticket_id, cost_id, bearer, body.reason)
    return await answer(work, _shown(cost), version=cost.version)


def _shown(cost: service.BookedCost) -> CostPublic:
    return CostPublic(**cost.model_dump(), amount=_price(cost.amount_minor, cost.currency))


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
