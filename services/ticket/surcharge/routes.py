"""`/v1/orders/surcharges`, `/v1/orders/{shop}/{order_no}/surcharge` and `…/top-ups` (T36)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts.price import Price
from kit.http.edge import WorkDep, allow, answer
from kit.money import Money
from services.ticket.order.routes import OrderNo, Shop
from services.ticket.surcharge import service
from services.ticket.surcharge.models import OrderSurcharge
from services.ticket.surcharge.schemas import (
    SurchargeNote,
    SurchargeNoted,
    SurchargeQuery,
    SurchargeQuote,
    TopUp,
    TopUps,
)  # fmt: skip

router = APIRouter(prefix="/v1/orders", tags=["orders"])


@router.get("/surcharges", response_model=SurchargeQuote, dependencies=[allow("order:read")])
async def quote_surcharge(work: WorkDep, query: Annotated[SurchargeQuery, Query()]) -> Response:
    """What a courier costs to a region beyond the included ones."""
    found, version = await service.quote(work, query.shop, query.region, query.courier)
    quote = SurchargeQuote(
        shop=query.shop,
        region=query.region,
        zone=found.zone,
        courier=found.courier,
        fee=_price(found.fee_minor, found.currency),
        included_courier=found.included,
        included_fee=_price(found.included_minor, found.currency),
        surcharge=_price(found.surcharge_minor, found.currency),
        policy_version=version,
    )
    return await answer(work, quote)


@router.put("/{shop}/{order_no}/surcharge", response_model=SurchargeNoted, dependencies=[allow("order:surcharge")])
async def note_surcharge(shop: Shop, order_no: OrderNo, body: SurchargeNote, work: WorkDep) -> Response:
    """Note which courier the buyer wants: what it costs more is paid by a top-up order."""
    return await answer(work, _noted(await service.note_surcharge(work, shop, order_no, body.courier)))


@router.get("/{shop}/{order_no}/top-ups", response_model=TopUps, dependencies=[allow("order:read")])
async def list_top_ups(shop: Shop, order_no: OrderNo, work: WorkDep) -> Response:
    """The top-up orders of an order, oldest first, and what is still missing."""
    found = await service.top_ups(work, shop, order_no)
    order = found.order
    items = [
        TopUp(
            order_id=one.order_id,
            order_no=one.order_no,
            paid=None if one.paid_minor is None else _price(one.paid_minor, one.currency),
            paid_at=one.paid_at,
            cancelled_at=one.cancelled_at,
        )
        for one in found.top_ups
    ]
    shown = TopUps(
        order_id=order.order_id,
        order_no=order.order_no,
        surcharge=None if found.noted is None else _noted(found.noted),
        paid=_price(found.paid_minor, order.currency),
        open=_price(found.open_minor, order.currency),
        items=items,
    )
    return await answer(work, shown)


def _noted(noted: OrderSurcharge) -> SurchargeNoted:
    return SurchargeNoted(
        courier=noted.courier,
        region=noted.region,
        fee=_price(noted.fee_minor, noted.currency),
        included_fee=_price(noted.included_minor, noted.currency),
        surcharge=_price(noted.surcharge_minor, noted.currency),
        policy_version=noted.policy_version,
        noted_at=noted.noted_at,
    )


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
