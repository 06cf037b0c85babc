"""A replacement with its request, its goods and its articles, as every verb of it begins (T22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ticket.refund import RefundKind
from kit.problems import Problem
from kit.work import Work
from services.ticket.exchange import pricing, store
from services.ticket.exchange.lifecycle import LIFE, ExchangeStatus
from services.ticket.exchange.models import Exchange
from services.ticket.exchange.pricing import Article, Goods
from services.ticket.order import service as orders
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case
from services.ticket.refund.freight import Payer
from services.ticket.refund.lifecycle import expect_drawn

_REPLACED = (RefundKind.EXCHANGE, RefundKind.RESEND)


@dataclass(slots=True)
class Standing:
    """A replacement: what is given for it, and what is sent."""

    case: Case
    exchange: Exchange
    goods: Mapping[int, Goods]
    articles: tuple[Article, ...]
    payer_again: Payer | None

    @property
    def status(self) -> ExchangeStatus:
        """Where the replacement stands."""
        return ExchangeStatus(self.exchange.status)

    @property
    def short(self) -> bool:
        """Whether something has to be chosen: what came is less than what was, or nobody has said yet what the
        customer pays for the way (T25)."""
        unsaid = self.payer_again is Payer.CUSTOMER and self.exchange.chosen_at is None
        return unsaid or not self.articles or pricing.short_of(self.goods, self.articles)

    @property
    def difference(self) -> int:
        """What its articles cost more or less than the goods as they are now; nothing while it isn't known what is
        sent."""
        return 0 if self.short else pricing.difference(self.goods, self.articles, self.exchange.again_minor)

    @property
    def owed(self) -> int:
        """What the customer still has to add before it is sent."""
        return max(self.exchange.difference_minor - self.exchange.topped_up_minor, 0)


async def begin(work: Work, exchange_id: UUID, verb: str, *, decides: bool = False) -> Standing:
    """The replacement under its request's locks, after it was seen that the request's stage has the verb; the first
    time that anybody does something with it, it is made.

    Raises Problem `not-found`, also for one out of sight (T40, X1), and for a request that replaces nothing,
    `precondition-required`, `stale-version`, `transition-refused`.
    """
    case = await refunds.locked(work, exchange_id, decides=decides)
    _expect_replaces(case)
    expect_drawn(case.refund, verb)
    return await of(work, case)


async def of(work: Work, case: Case) -> Standing:
    """The replacement of a locked request, made if nobody has needed it yet."""
    it = await look(work, case)
    new = await store.get(work.session, case.refund.refund_id) is None
    if new:
        await store.add(work.session, it.exchange)
    if new or _same_of_other_goods(it):
        it.articles = pricing.same_again(list(it.goods.values()))
        await store.choose(work.session, it.exchange.exchange_id, it.articles)
    return it


async def get(work: Work, exchange_id: UUID) -> Standing:
    """The replacement as it stands. Raises Problem `not-found`."""
    case = await refunds.get(work, exchange_id)
    if case.kind not in _REPLACED and await store.get(work.session, exchange_id) is None:
        raise Problem("not-found")
    return await look(work, case)


async def look(work: Work, case: Case) -> Standing:
    """The replacement of a request; one that nobody has touched is each piece once more."""
    goods = await goods_of(work, case)
    payer = Payer(case.refund.again_payer) if case.refund.again_payer else None
    exchange = await store.get(work.session, case.refund.refund_id)
    if exchange is not None:
        return Standing(case, exchange, goods, await store.articles_of(work.session, exchange.exchange_id), payer)
    it = Standing(case, _new(work, case), goods, pricing.same_again(list(goods.values())), payer)
    if it.short:
        it.exchange.status = ExchangeStatus.UNSETTLED
    return it


async def goods_of(work: Work, case: Case) -> dict[int, Goods]:
    """What is given: the pieces that count, what was paid for them, and what damage takes off (T26); nothing of a
    line that a correction took out of the order."""
    order, _ = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    skus = {line["line_no"]: line["sku"] for line in order.lines}
    return {
        line.line_no: Goods(
            line.line_no, skus[line.line_no], line.counted, line.goods_share_minor, line.deducted_minor
        )
        for line in case.lines
        if line.line_no in skus
    }


def audited(standing: Standing) -> dict[str, Any]:
    """What the trail says of a replacement."""
    exchange = standing.exchange
    return {
        "replacement": exchange.status,
        "difference_minor": exchange.difference_minor,
        "topped_up_minor": exchange.topped_up_minor,
    }


def _same_of_other_goods(it: Standing) -> bool:
    """Whether the request asks for other pieces by now and nobody chose anything: then each of those is sent."""
    untouched = it.exchange.chosen_at is None and it.status is ExchangeStatus.READY
    return untouched and it.articles != pricing.same_again(list(it.goods.values()))


def _expect_replaces(case: Case) -> None:
    if case.kind not in _REPLACED:
        raise Problem("not-found")


def _new(work: Work, case: Case) -> Exchange:
    return Exchange(
        exchange_id=case.refund.refund_id,
        shop=case.refund.shop,
        account_id=case.refund.account_id,
        status=LIFE.initial,
        began_at=work.now,
    )
