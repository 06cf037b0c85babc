"""`/v1/orders`: the storefront sends and corrects orders (C10, E3)."""

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from kit.http.edge import WorkDep, allow, answer
from kit.http.faults import faults_of
from kit.problems import Fault, Problem, language_of
from kit.work import Work
from services.ticket.intake import service
from services.ticket.order import service as orders
from services.ticket.order.routes import OrderNo, Shop, public_of
from services.ticket.order.schemas import (
    BatchResult,
    BatchResults,
    OrderBatch,
    OrderItem,
    OrderPublic,
    OrderPut,
)  # fmt: skip

router = APIRouter(prefix="/v1/orders", tags=["orders"])


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
    (taken,) = await service.take_orders(work, [item])
    order, delivery = await orders.get_order(work, shop, order_no)
    status = 201 if taken.outcome == orders.RECORDED else 200
    return await answer(work, public_of(work, order, delivery), status=status, version=order.version)


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
    taken = await service.take_orders(work, items) if items else []
    for place, one in zip(places, taken, strict=True):
        results[place] = BatchResult(index=place, outcome=one.outcome, order_id=one.order_id)
    counts = {name: sum(result.outcome == name for result in results) for name in _OUTCOMES}
    return await answer(work, BatchResults(results=results, **counts))


_OUTCOMES = (orders.RECORDED, orders.CORRECTED, orders.UNCHANGED, "refused")


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
