"""`/v1/customers`: files and what is in them, masked and within the caller's sight (C1, X6)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from services.customer.file import service
from services.customer.file.schemas import CustomerFilter, CustomerPage, CustomerPublic
from services.customer.purchase.schemas import PurchaseFilter, PurchasePage

router = APIRouter(prefix="/v1/customers", tags=["customers"])
CustomerId = Annotated[UUID, Path(description="The customer's id.")]


@router.get("", response_model=CustomerPage, dependencies=[allow("customer:read")])
async def list_customers(work: WorkDep, query: Annotated[CustomerFilter, Query()]) -> Response:
    """Customers, newest first; a buyer finds only itself (T40)."""
    after = read_cursor(work, "customers", query)
    shown, last = await service.list_customers(work, query, UUID(after[0]) if after else None)
    cursor = write_cursor(work, "customers", [str(last)]) if last else None
    return page_answer(
        CustomerPage(items=shown, next_cursor=cursor), path="/v1/customers", query=query, next_cursor=cursor
    )


@router.get("/{customer_id}", response_model=CustomerPublic, dependencies=[allow("customer:read")])
async def get_customer(customer_id: CustomerId, work: WorkDep) -> Response:
    """One customer with accounts and purchases; another buyer's file is not found (T40)."""
    shown, version = await service.get_customer(work, customer_id)
    return await answer(work, shown, version=version)


@router.get("/{customer_id}/purchases", response_model=PurchasePage, dependencies=[allow("customer:read")])
async def list_purchases(
    customer_id: CustomerId, work: WorkDep, query: Annotated[PurchaseFilter, Query()]
) -> Response:
    """A customer's purchases, newest first (C10)."""
    key = read_cursor(work, "purchases", query)
    after = (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    shown, last = await service.list_purchases(work, customer_id, after, query.limit)
    cursor = write_cursor(work, "purchases", [last[0], str(last[1])]) if last else None
    path = f"/v1/customers/{customer_id}/purchases"
    return page_answer(PurchasePage(items=shown, next_cursor=cursor), path=path, query=query, next_cursor=cursor)
