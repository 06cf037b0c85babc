"""Replacements as answers show them: what was noted of calls for the house alone (X6)."""

from contracts.price import Difference, Price
from kit.money import Money
from kit.privacy import mask_code
from kit.work import Work
from services.ticket.exchange import lifecycle, sealing, store
from services.ticket.exchange.lifecycle import CallResult, ExchangeStatus
from services.ticket.exchange.models import Exchange, ExchangeCall, Sending
from services.ticket.exchange.pricing import Article, Goods
from services.ticket.exchange.schemas import (
    ArticlePublic,
    CallPublic,
    ExchangePublic,
    ExchangeShown,
    GoodsPublic,
    SendingPublic,
    TopUpPublic,
)
from services.ticket.exchange.standing import Standing
from services.ticket.refund import lifecycle as requests
from services.ticket.sight import sees_notes

_CUSTOMERS = frozenset({"top-up", "receive"})


async def show(work: Work, it: Standing) -> ExchangePublic:
    """A replacement with its request."""
    exchange, refund = it.exchange, it.case.refund
    exchange_id, currency = exchange.exchange_id, refund.currency
    calls = await store.calls_of(work.session, exchange_id) if sees_notes(work) else []
    difference = Money(exchange.difference_minor, currency)
    return ExchangePublic(
        **shown(exchange).model_dump(),
        number=refund.number,
        kind=it.case.kind,
        stage=it.case.stage,
        articles=[_article(one, currency) for one in it.articles],
        goods=[_goods(one, currency) for one in it.goods.values()],
        difference=Difference(amount=difference.amount, currency=currency),
        again=_price(exchange.again_minor, currency),
        topped_up=_price(exchange.topped_up_minor, currency),
        owed=_price(it.owed, currency),
        top_ups=[
            TopUpPublic(order_no=one.order_no, amount=_price(one.amount_minor, currency), linked_at=one.linked_at)
            for one in await store.top_ups_of(work.session, exchange_id)
        ],
        sendings=[_sending(work, one) for one in await store.sendings_of(work.session, exchange_id)],
        calls=[_call(one) for one in calls],
        allowed=_allowed(work, it),
    )


def shown(exchange: Exchange) -> ExchangeShown:
    """A replacement as a list shows it."""
    return ExchangeShown(
        exchange_id=exchange.exchange_id,
        shop=exchange.shop,
        status=ExchangeStatus(exchange.status),
        times_lost=exchange.times_lost,
        chosen_at=exchange.chosen_at,
        owed_since=exchange.owed_since,
        sent_at=exchange.sent_at,
        received_at=exchange.received_at,
    )


def _allowed(work: Work, it: Standing) -> list[str]:
    """What both the replacement and its request allow, and the caller may ask for."""
    possible = set(requests.allowed(it.case.refund))
    if not sees_notes(work):
        possible &= _CUSTOMERS
    return [verb for verb in lifecycle.allowed(it.status) if verb in possible]


def _article(one: Article, currency: str) -> ArticlePublic:
    price = None if one.unit_price is None else _price(one.unit_price, currency)
    return ArticlePublic(line_no=one.line_no, sku=one.sku, quantity=one.quantity, unit_price=price)


def _goods(one: Goods, currency: str) -> GoodsPublic:
    return GoodsPublic(
        line_no=one.line_no,
        sku=one.sku,
        pieces=one.pieces,
        worth=_price(one.worth, currency),
        deducted=_price(one.deducted, currency),
    )


def _sending(work: Work, one: Sending) -> SendingPublic:
    return SendingPublic(
        courier=one.courier,
        tracking_number=mask_code(sealing.opened(work.vault, one.sending_id, one.sealed_tracking)),
        order_no=one.order_no,
        ahead=one.ahead,
        sent_at=one.sent_at,
        lost_at=one.lost_at,
        received_at=one.received_at,
    )


def _call(one: ExchangeCall) -> CallPublic:
    return CallPublic(result=CallResult(one.result), note=one.note, staff_id=one.staff_id, called_at=one.called_at)


def _price(minor: int, currency: str) -> Price:
    return Price(amount=Money(minor, currency).amount, currency=currency)
