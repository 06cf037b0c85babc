"""`/v1/orders/{shop}/{order_no}/confirmation` (T34)."""

from fastapi import APIRouter, Response

from kit.http.edge import WorkDep, allow, answer
from kit.work import Work
from services.ticket.confirmation import service
from services.ticket.confirmation.schemas import ConfirmationPublic, StepShown, StepsNamed
from services.ticket.confirmation.service import Confirmation, StepState
from services.ticket.order.routes import OrderNo, Shop
from services.ticket.shipping import service as shipping

router = APIRouter(prefix="/v1/orders", tags=["orders"])
CONFIRMS = [allow("order:confirm")]


@router.get("/{shop}/{order_no}/confirmation", response_model=ConfirmationPublic, dependencies=CONFIRMS)
async def get_confirmation(shop: Shop, order_no: OrderNo, work: WorkDep) -> Response:
    """What is confirmed of an order, and what is missing before it may be cleared."""
    return await _shown(work, await service.confirmation_of(work, shop, order_no))


@router.post("/{shop}/{order_no}/confirmation", response_model=ConfirmationPublic, dependencies=CONFIRMS)
async def confirm_order(shop: Shop, order_no: OrderNo, body: StepsNamed, work: WorkDep) -> Response:
    """Tick steps off, as the order is now, or with If-Match as it was seen: what changes later has to be confirmed
    again."""
    return await _shown(work, await service.tick_steps(work, shop, order_no, body.steps))


@router.post("/{shop}/{order_no}/confirmation/untick", response_model=ConfirmationPublic, dependencies=CONFIRMS)
async def untick_steps(shop: Shop, order_no: OrderNo, body: StepsNamed, work: WorkDep) -> Response:
    """Take ticks off that were put in error."""
    return await _shown(work, await service.untick_steps(work, shop, order_no, body.steps))


async def _shown(work: Work, stands: Confirmation) -> Response:
    order = stands.order
    body = ConfirmationPublic(
        order_id=order.order_id,
        order_no=order.order_no,
        revision=order.revision,
        confirmed=not stands.missing,
        steps=[_step(state) for state in stands.steps],
        policy_version=stands.policy_version,
        dispatch=await shipping.dispatch_times(work, order.shop, order.paid_at or work.now),
    )
    return await answer(work, body, version=order.version)


def _step(state: StepState) -> StepShown:
    step, tick = state.step, state.tick
    return StepShown(
        code=step.code,
        zh=step.zh,
        en=step.en,
        required=step.required,
        ticked=state.holds,
        stale=tick is not None and not state.holds,
        ticked_by_staff_id=tick.ticked_by_staff_id if tick is not None else None,
        ticked_at=tick.ticked_at if tick is not None else None,
    )
