"""`/v1/appraisals/commission-quotes` (A6)."""

from fastapi import APIRouter, Response

from contracts.price import Price
from kit.http.edge import WorkDep, allow, answer
from kit.policy import InForce
from services.appraisal.commission import service
from services.appraisal.commission.policy import CommissionTiers, Quote, plain
from services.appraisal.commission.schemas import CommissionQuote, CommissionQuoteCreate, PolicyUsed, QuoteStep

router = APIRouter(prefix="/v1/appraisals", tags=["commission"])


@router.post("/commission-quotes", response_model=CommissionQuote, dependencies=[allow("commission:quote")])
async def quote_commission(body: CommissionQuoteCreate, work: WorkDep) -> Response:
    """Work out the commission pool of a month with so many orders; nothing is kept."""
    quoted, tiers = await service.quote_commission(work, body.orders, body.variant, body.shop)
    return await answer(work, public(quoted, tiers))


def public(quoted: Quote, tiers: InForce[CommissionTiers]) -> CommissionQuote:
    """The quote as an answer shows it."""
    currency = tiers.document.currency
    steps = [
        QuoteStep(
            first=portion.first,
            last=portion.last,
            orders=portion.orders,
            rate=portion.rate,
            base=portion.base,
            amount=plain(portion.amount, currency),
        )
        for portion in quoted.portions
    ]
    return CommissionQuote(
        orders=quoted.orders,
        variant=quoted.variant,
        pool=Price(amount=quoted.pool.amount, currency=currency),
        pool_share=tiers.document.pool_share,
        steps=steps,
        policy=PolicyUsed(name=tiers.name, shop=tiers.shop, version=tiers.version),
    )
