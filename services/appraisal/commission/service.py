"""Use cases of commission."""

from kit.policies import in_force
from kit.policy import InForce
from kit.problems import Problem
from kit.work import Work
from services.appraisal.commission.policy import COMMISSION_TIERS, CommissionTiers, Quote, Variant, quote


async def quote_commission(
    work: Work, orders: int, variant: Variant | None, shop: str
) -> tuple[Quote, InForce[CommissionTiers]]:
    """The pool for so many orders under the shop's policy of this moment. Nothing is kept.

    Raises Problem `forbidden` for a shop the caller doesn't serve.
    """
    if not work.actor.serves(shop):
        raise Problem("forbidden", shop=shop)
    tiers = await in_force(work.session, COMMISSION_TIERS, shop, work.now)
    return quote(tiers.document, orders, variant), tiers
