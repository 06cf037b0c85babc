"""`/v1/customer-reports/purchases`: what all customers bought (C13)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kit.http.edge import WorkDep, allow, answer
from services.customer.purchase import service
from services.customer.purchase.schemas import PurchaseReport, ReportFilter

router = APIRouter(prefix="/v1/customer-reports", tags=["customer reports"])


@router.get("/purchases", response_model=PurchaseReport, dependencies=[allow("customer:report")])
async def report_purchases(work: WorkDep, query: Annotated[ReportFilter, Query()]) -> Response:
    """Customers, counted orders and spend per shop and currency, to the cent."""
    return await answer(work, PurchaseReport(totals=await service.report_purchases(work, query.shop)))
