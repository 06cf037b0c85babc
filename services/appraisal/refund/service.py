"""Use cases of facts about refunds: kept as they come, in any order, and asked by the figures."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from contracts.ticket.aftercare import CostRebooked
from kit.envelope import Delivery
from kit.work import Work
from services.appraisal.refund import facts, policy, store
from services.appraisal.refund.facts import MoneyBackEvent
from services.appraisal.refund.models import RefundFact


async def take_refunds(work: Work, deliveries: Sequence[Delivery[MoneyBackEvent]]) -> set[UUID]:
    """Keep what was paid back, why, and who bears it (T57); returns the orders of which something new is known.

    Nobody works out a credit meanwhile: what follows from refunds sees these, or is worked out again after them.
    """
    await store.hold_for_taking(work.session)
    newest = {one.meta.aggregate_id: one for one in sorted(deliveries, key=lambda one: one.meta.sequence)}
    fresh = await store.keep(work.session, [facts.refund_fact(one.meta, one.event) for one in newest.values()])
    told = [newest[refund_id] for refund_id in sorted(fresh)]
    if told:
        costs = [cost for one in told for cost in facts.cost_facts(one.meta, one.event)]
        await store.replace_costs(work.session, fresh, costs)
    return {one.event.order_id for one in told}


async def take_rebookings(work: Work, deliveries: Sequence[Delivery[CostRebooked]]) -> None:
    """Keep whose door costs were laid at (T57): known before their refund or after it."""
    await store.keep_rebookings(work.session, [facts.rebooking_fact(one.meta, one.event) for one in deliveries])


async def fully_refunded(work: Work, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that gave back all that was paid (A6). No refund is taken until this transaction ends."""
    await store.hold_for_reading(work.session)
    by_order: defaultdict[UUID, list[RefundFact]] = defaultdict(list)
    for refund in await store.of_orders(work.session, order_ids):
        by_order[refund.order_id].append(refund)
    return {order_id for order_id, refunds in by_order.items() if policy.fully_refunded(refunds)}
