"""`/v1/orders/{shop}/{order_no}/flags` (T30–T32)."""

from fastapi import APIRouter, Response

from kit.http.edge import WorkDep, allow, answer
from services.ticket.flag import service, store
from services.ticket.flag.schemas import FlagCreate, FlagHistory, FlagPublic
from services.ticket.order import service as orders
from services.ticket.order.routes import OrderNo, Shop

router = APIRouter(prefix="/v1/orders", tags=["flags"])


@router.post(
    "/{shop}/{order_no}/flags", status_code=201, response_model=FlagPublic, dependencies=[allow("order:flag")]
)
async def flag_order(shop: Shop, order_no: OrderNo, body: FlagCreate, work: WorkDep) -> Response:
    """Put a flag on an order, or take it off; a *problem* opens an inquiry (T32)."""
    flag, ticket_id = await service.flag_order(work, shop, order_no, body.colour, body.remark)
    shown = FlagPublic.model_validate(flag).model_copy(update={"ticket_id": ticket_id})
    return await answer(work, shown, status=201)


@router.get("/{shop}/{order_no}/flags", response_model=FlagHistory, dependencies=[allow("order:read")])
async def list_flags(shop: Shop, order_no: OrderNo, work: WorkDep) -> Response:
    """All flags of an order, newest first; they are no buyer's to see (X6)."""
    order, _ = await orders.get_order(work, shop, order_no)
    orders.expect_floor(work)
    flags = await store.history(work.session, order.order_id)
    return await answer(work, FlagHistory(items=[FlagPublic.model_validate(flag) for flag in flags]))
