"""`/v1/orders`: the storefront sends and corrects orders, the floor looks at them (C10, E3)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ValidationError

from contracts.ticket.order import OrderState
from kit.http.edge import WorkDep, allow, answer
from kit.http.faults import faults_of
from kit.http.fields import Code
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.privacy import mask_address, mask_code, mask_name, mask_phone
from kit.problems import Fault, Problem, language_of
from kit.work import Work
from services.ticket.order import service, store
from services.ticket.order.lifecycle import for_buyer, state_of
from services.ticket.order.models import Delivery, Order
from services.ticket.order.schemas import (
    BatchResult,
    BatchResults,
    OrderBatch,
    OrderFilter,
    OrderItem,
    OrderPage,
    OrderPublic,
    OrderPut,
    RecipientPublic,
)  # fmt: skip
from services.ticket.order.sealing import Party, opened
from services.ticket.sight import in_sight

router = APIRouter(prefix="/v1/orders", tags=["orders"])
Shop = Annotated[Code, Path(description="The shop's code.")]
OrderNo = Annotated[Code, Path(description="The order's number in its shop.")]


@router.put(
    "/{shop}/{order_no}",
    response_model=OrderPublic,
    responses={201: {"model": OrderPublic, "description": "The order was not known before."}},
    dependencies=[allow("order:write")],
)
async def put_order(shop: Shop, order_no: OrderNo, body: OrderPut, work: WorkDep) -> Response:
    """Record an order or replace it by a higher revision; an equal or lower one changes nothing (C10)."""
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    item = OrderItem.model_construct(shop=shop, order_no=order_no, **dict(body))
    (taken,) = await service.record_orders(work, [item])
    order, delivery = await service.get_order(work, shop, order_no)
    status = 201 if taken.outcome == service.RECORDED else 200
    return await answer(work, _public(work, order, delivery), status=status, version=order.version)


@router.post("/batches", response_model=BatchResults, dependencies=[allow("order:write")])
async def send_order_batch(body: OrderBatch, work: WorkDep, request: Request) -> Response:
    """Send up to 500 orders; each is recorded, corrected, unchanged or refused by itself."""
    language = language_of(request.headers.get("accept-language"))
    results: list[BatchResult] = []
    items: list[OrderItem] = []
    places: list[int] = []
    for index, raw in enumerate(body.orders):
        item, faults = _item(work, raw, index)
        errors = [{"pointer": one.pointer, "detail": one.zh if language == "zh" else one.en} for one in faults]
        results.append(BatchResult(index=index, outcome="refused", errors=errors))
        if item is not None:
            items.append(item)
            places.append(index)
    taken = await service.record_orders(work, items) if items else []
    for place, one in zip(places, taken, strict=True):
        results[place] = BatchResult(index=place, outcome=one.outcome, order_id=one.order_id)
    counts = {name: sum(result.outcome == name for result in results) for name in _OUTCOMES}
    return await answer(work, BatchResults(results=results, **counts))


@router.get("/{shop}/{order_no}", response_model=OrderPublic, dependencies=[allow("order:read")])
async def get_order(shop: Shop, order_no: OrderNo, work: WorkDep) -> Response:
    """One order, its recipient masked (X6); another buyer's order is not found (T40)."""
    order, delivery = await service.get_order(work, shop, order_no)
    return await answer(work, _public(work, order, delivery), version=order.version)


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


_OUTCOMES = (service.RECORDED, service.CORRECTED, service.UNCHANGED, "refused")


def _seen(work: Work, order: Order) -> OrderState:
    """What the caller may see of the order."""
    return for_buyer(state_of(order)) if work.actor.account_id is not None else state_of(order)


def _public(work: Work, order: Order, delivery: Delivery | None) -> OrderPublic:
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


def _item(work: Work, raw: object, index: int) -> tuple[OrderItem | None, list[Fault]]:
    """One item of a batch, or what is wrong with it."""
    try:
        item = OrderItem.model_validate(raw)
    except ValidationError as error:
        located = [
            {**one, "loc": ("body", "orders", index, *one["loc"])} for one in error.errors(include_input=False)
        ]
        return None, faults_of(located)
    if not work.actor.serves(item.shop):
        return None, [Fault(f"/orders/{index}/shop", "当前身份不服务该店铺", "this caller does not serve the shop")]
    return item, []
