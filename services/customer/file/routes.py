"""`/v1/customers`: files and what is in them, masked and within the caller's sight (C1, X6)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.customer.file import keeping, service, view
from services.customer.file.keeping import Kept
from services.customer.file.schemas import (
    ContactAsk,
    ContactPublic,
    CustomerCreate,
    CustomerFilePublic,
    CustomerFilter,
    CustomerPage,
    CustomerRevealed,
    CustomerUpdate,
    RevealAsk,
)  # fmt: skip
from services.customer.purchase.schemas import PurchaseFilter, PurchasePage

router = APIRouter(prefix="/v1/customers", tags=["customers"])
_OPEN = {"Cache-Control": "no-store", "Content-Type": "application/json"}
CustomerId = Annotated[UUID, Path(description="The customer's id.")]


@router.get("", response_model=CustomerPage, dependencies=[allow("customer:read")])
async def list_customers(work: WorkDep, query: Annotated[CustomerFilter, Query()]) -> Response:
    """Customers, newest first, or the one with a phone or e-mail; a buyer finds only itself (T40)."""
    after = read_cursor(work, "customers", query)
    shown, last = await service.list_customers(work, query, UUID(after[0]) if after else None)
    cursor = write_cursor(work, "customers", [str(last)]) if last else None
    return page_answer(
        CustomerPage(items=shown, next_cursor=cursor), path="/v1/customers", query=query, next_cursor=cursor
    )


@router.post(
    "",
    status_code=201,
    response_model=CustomerFilePublic,
    responses={200: {"model": CustomerFilePublic, "description": "A provisional file was completed."}},
    dependencies=[allow("customer:write")],
)
async def open_customer(body: CustomerCreate, work: WorkDep) -> Response:
    """Open a person's file. Somebody who has one gets a 409 that names it; a provisional one is completed and
    answered with 200 (C1, C3)."""
    return await _kept(work, await keeping.open_customer(work, body))


@router.get("/{customer_id}", response_model=CustomerFilePublic, dependencies=[allow("customer:read")])
async def get_customer(customer_id: CustomerId, work: WorkDep) -> Response:
    """One customer with accounts and purchases, masked; another buyer's file is not found (T40)."""
    shown, version = await service.get_customer(work, customer_id)
    return await answer(work, shown, version=version)


@router.patch("/{customer_id}", response_model=CustomerFilePublic, dependencies=[allow("customer:write")])
async def change_customer(customer_id: CustomerId, body: CustomerUpdate, work: WorkDep) -> Response:
    """Write in a file; If-Match is required. A provisional one is complete then (C1)."""
    return await _kept(work, await keeping.change_customer(work, customer_id, body))


@router.post("/{customer_id}/reveal", response_model=CustomerRevealed, dependencies=[allow("customer:reveal")])
async def reveal_customer(customer_id: CustomerId, body: RevealAsk, work: WorkDep) -> Response:
    """Open some fields of a file, with a reason that goes into the trail (X6). The answer is kept nowhere, not even
    for an Idempotency-Key."""
    revealed = await service.reveal(work, customer_id, body)
    return Response(revealed.model_dump_json(exclude_unset=True), headers=_OPEN)


@router.post("/{customer_id}/contacts", response_model=ContactPublic, dependencies=[allow("contact:resolve")])
async def resolve_contact(customer_id: CustomerId, body: ContactAsk, work: WorkDep) -> Response:
    """Where a message to the customer goes; for the service that delivers it, which keeps nothing of it."""
    address = await service.resolve_contact(work, customer_id, body)
    return Response(ContactPublic(channel=body.channel, address=address).model_dump_json(), headers=_OPEN)


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


async def _kept(work: Work, kept: Kept) -> Response:
    """A file that was just written, as its reader sees it."""
    in_sight = (await view.visible_accounts(work, [kept.file.customer_id])).get(kept.file.customer_id, [])
    shown = await view.describe_whole(work, kept.file, in_sight)
    location = f"/v1/customers/{kept.file.customer_id}"
    return await answer(work, shown, status=201 if kept.is_new else 200, version=kept.file.version, location=location)
