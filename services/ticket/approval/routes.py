"""`/v1/ticket-reports/budgets` (T56). Approvals themselves are given where the money is asked for."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts.price import Price
from kit.http.edge import WorkDep, allow, answer
from kit.money import Money
from services.ticket.approval import service
from services.ticket.approval.schemas import BudgetFilter, BudgetReport, BudgetRow
from services.ticket.approval.service import TeamMonth

router = APIRouter(prefix="/v1/ticket-reports", tags=["reports"])


@router.get("/budgets", response_model=BudgetReport, dependencies=[allow("report:read")])
async def budget_report(work: WorkDep, query: Annotated[BudgetFilter, Query()]) -> Response:
    """What teams may give in a month, and what they have given."""
    found = await service.budgets_of(work, query.month)
    return await answer(work, BudgetReport(month=query.month, items=[_row(one) for one in found]))


def _row(one: TeamMonth) -> BudgetRow:
    budget = one.budget_minor
    return BudgetRow(
        team_id=one.team_id,
        budget=None if budget is None else _price(budget, one.currency),
        spent=_price(one.spent_minor, one.currency),
        used_up=budget is not None and one.spent_minor >= budget,
    )


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
