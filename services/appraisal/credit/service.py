"""Use cases of sale credits: facts come in, in any order, and each order's credit is worked out again (A6)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import attrgetter
from uuid import UUID

from contracts.ticket.order import OrderEvent, OrderFlagged
from kit.envelope import Delivery
from kit.problems import Problem
from kit.work import Work
from services.appraisal.alias import service as alias
from services.appraisal.credit import facts, store
from services.appraisal.credit.models import FlagFact, OrderFact, SaleCredit
from services.appraisal.credit.policy import credit_of
from services.appraisal.refund import service as refunds

_AT_ONCE = 1000


async def take_flags(work: Work, deliveries: Sequence[Delivery[OrderFlagged]]) -> None:
    """Flags give and take away the credit for sales (T30, T32)."""
    orders = [facts.order_fact(one.meta, one.event) for one in deliveries]
    await take_facts(work, orders, [facts.flag_fact(one.meta, one.event) for one in deliveries])


async def take_orders(work: Work, deliveries: Sequence[Delivery[OrderEvent]]) -> None:
    """What came of an order decides whether its sale counts, and in which month."""
    await take_facts(work, [facts.order_fact(one.meta, one.event) for one in deliveries], [])


async def take_facts(work: Work, orders: Sequence[OrderFact], flags: Sequence[FlagFact]) -> None:
    """Keep these facts and let the credits of their orders follow from all facts known.

    Aliases are matched before anything else: until this transaction ends none changes, so that a flag either finds
    its alias or is found by it.
    """
    borne = await alias.match(work, {(flag.shop, flag.alias) for flag in flags if flag.alias is not None})
    for flag in flags:
        if flag.alias is not None:
            flag.alias_staff_id = borne.get((flag.shop, flag.alias), flag.alias_staff_id)
    newest = {order.order_id: order for order in sorted(orders, key=attrgetter("sequence"))}
    await store.keep_orders(work.session, list(newest.values()))
    if flags:
        await store.keep_flags(work.session, flags)
    await _work_out(work, sorted(newest))


async def work_out_again(work: Work, order_ids: Collection[UUID]) -> None:
    """Let the credits of these orders follow anew: what they depend on has changed elsewhere, such as what was
    refunded of them (A6). An order without a flag, or not known yet, has no credit to work out."""
    await _work_out(work, sorted(order_ids))


async def match_waiting_flags(work: Work, staff_id: UUID, added: Collection[tuple[str, str]]) -> None:
    """Somebody bears an alias now: remarks that named it before are theirs, if they were nobody's (A1)."""
    concerned = sorted(await store.match_flags(work.session, staff_id, added))
    for start in range(0, len(concerned), _AT_ONCE):
        await _work_out(work, concerned[start : start + _AT_ONCE])


async def get_credit(work: Work, order_id: UUID) -> SaleCredit:
    """The order's credit. Raises Problem `not-found` where no flag was ever seen, or in a shop not the caller's."""
    found = await store.get(work.session, order_id)
    if found is None or not work.actor.serves(found.shop):
        raise Problem("not-found")
    return found


async def _work_out(work: Work, order_ids: Sequence[UUID]) -> None:
    by_order: defaultdict[UUID, list[FlagFact]] = defaultdict(list)
    for flag in await store.flags(work.session, order_ids):
        by_order[flag.order_id].append(flag)
    if not by_order:
        return
    gone = await refunds.fully_refunded(work, by_order.keys())
    orders = await store.orders(work.session, sorted(by_order))
    credits_ = [_credit(order, by_order[order.order_id], fully_refunded=order.order_id in gone) for order in orders]
    await store.replace_credits(work.session, credits_)


def _credit(order: OrderFact, flags: Sequence[FlagFact], *, fully_refunded: bool) -> SaleCredit:
    found = credit_of([order], flags, fully_refunded=fully_refunded)
    return SaleCredit(
        order_id=order.order_id,
        shop=order.shop,
        order_no=order.order_no,
        sold_at=order.paid_at or order.placed_at,
        staff_id=found.staff_id,
        alias=found.alias,
        basis=found.basis,
        credited_at=found.credited_at,
        counted=found.counted,
        why_not=found.why_not,
    )
