"""`/v1/orders`: orders as they are looked at (C10). How they come in stands in the room `intake`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from contracts.ticket.order import OrderState
from kit.http.edge import WorkDep, allow, answer
from kit.http.fields import Code
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.privacy import mask_address, mask_code, mask_name, mask_phone
from kit.work import Work
from services.ticket.order import service, store
from services.ticket.order.lifecycle import for_buyer, state_of
from services.ticket.order.models import Delivery, Order
from services.ticket.order.schemas import OrderFilter, OrderPage, OrderPublic, RecipientPublic
from services.ticket.order.sealing import Party, opened
from services.ticket.sight import in_sight

router = APIRouter(prefix="/v1/orders", tags=["orders"])
Shop = Annotated[Code, Path(description="The shop's code.")]
OrderNo = Annotated[Code, Path(description="The order's number in its shop.")]


@router.get("/{shop}/{order_no}", response_model=OrderPublic, dependencies=[allow("order:read")])
async def get_order(shop: Shop, order_no: OrderNo, work: WorkDep) -> Response:
    """One order, its recipient masked (X6); another buyer's order is not found (T40)."""
    order, delivery = await service.get_order(work, shop, order_no)
    return await answer(work, public_of(work, order, delivery), version=order.version)


@router.get("", response_model=OrderPage, dependencies=[allow("order:read")])
async def list_orders(work: WorkDep, query: Annotated[OrderFilter, Query()]) -> Response:
    """Orders, newest first: of the shops of the caller's token, of a buyer's token that buyer's own (X1, X6)."""
    if query.flag_meaning:
        service.expect_floor(work)
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    after = store.place(read_cursor(work, "orders", query))
    orders = await store.page(work.session, wanted, after, query.limit + 1)
    shown = orders[: query.limit]
    more = len(orders) > query.limit
    cursor = write_cursor(work, "orders", [shown[-1].placed_at, str(shown[-1].order_id)]) if more else None
    page = OrderPage(items=[_seen(work, order) for order in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/orders", query=query, next_cursor=cursor)


def _seen(work: Work, order: Order) -> OrderState:
    """What the caller may see of the order."""
    return for_buyer(state_of(order)) if work.actor.account_id is not None else state_of(order)


def public_of(work: Work, order: Order, delivery: Delivery | None) -> OrderPublic:
    """The order as an answer shows it."""
    party = opened(work.vault, delivery) if delivery is not None else Party()
    recipient = None
    if any(party.recipient):
        name, phone, address = party.recipient
        recipient = RecipientPublic(name=mask_name(name), phone=mask_phone(phone), address=mask_address(address))
    return OrderPublic(
        **dict(_seen(work, order)),
        version=order.version,
        tracking_number=mask_code(party.tracking_number),
        recipient=recipient,
    )
