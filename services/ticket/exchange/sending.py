"""The way of a replacement: sent, perhaps ahead of the return, lost, received (T22, T47)."""

from typing import Any
from uuid import UUID

from contracts.ticket.aftercare import ExchangeSent
from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import CostBearer, CostKind, Fault, RefundKind
from kit import outbox
from kit.ids import new_id
from kit.money import Money
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.exchange import choosing, lifecycle, pricing, sealing, standing, store, topping
from services.ticket.exchange.lifecycle import LIFE, ExchangeStatus, exchange_facts
from services.ticket.exchange.models import Sending
from services.ticket.exchange.schemas import Send
from services.ticket.exchange.standing import Standing, audited
from services.ticket.liability import service as liability
from services.ticket.liability.service import Bearer, Cost
from services.ticket.order import service as orders
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case
from services.ticket.refund.lifecycle import Stage

_BEFORE_INSPECTION = (Stage.WAITING_FOR_GOODS, Stage.GOODS_RECEIVED)


async def send(work: Work, exchange_id: UUID, asked: Send) -> Standing:
    """换货发出: once the goods have passed, or ahead of them when somebody says so (T22).

    Raises Problem `transition-refused` for a replacement that isn't paid for, in stock or settled, `not-approved`,
    `top-up-unfit` when its top-up has been given back, `choice-outdated` when other goods are given than it was
    chosen for, `invalid-request` when `ahead` isn't what is done, `stale-version`, `not-found`.
    """
    it = await standing.begin(work, exchange_id, "send")
    _expect_ahead(it, asked)
    if it.case.refund.approved_at is None:
        raise Problem("not-approved")
    if it.status is ExchangeStatus.READY and (it.short or it.difference != it.exchange.difference_minor):
        raise Problem("choice-outdated")
    await topping.expect_still_there(work, it)
    LIFE.move(it.exchange, "send")
    it.exchange.sent_at, it.case.refund.ahead = work.now, asked.ahead
    await work.session.flush()
    await store.add_sending(work.session, _sending(work, it, asked))
    await outbox.record(work, it.exchange, _told(work, it, asked))
    if it.case.kind is RefundKind.RESEND:
        await _book_goods(work, it)
    more: dict[str, Any] = {"ahead": asked.ahead, "courier": asked.courier}
    await refunds.move(work, it.case, "send", legs=[(ClockKind.RESEND, "meet")], audit={**audited(it), **more})
    return it


async def lose(work: Work, exchange_id: UUID, reason: str) -> Standing:
    """补发件丢失: it has to be sent anew, and whoever carried it bears what it was worth (T22, T57)."""
    it = await standing.begin(work, exchange_id, "lose")
    if it.status is not ExchangeStatus.SENT:
        raise LIFE.refusal(it.status, "lose")
    (*_, sending) = await store.sendings_of(work.session, exchange_id)
    await store.end_sending(work.session, exchange_id, lost_at=work.now)
    await _book_loss(work, it, sending)
    it.exchange.times_lost += 1
    it.exchange.sent_at, it.case.refund.ahead = None, False
    await choosing.differ(work, it, "lose")
    await refunds.move(work, it.case, "lose", reason=reason, legs=[(ClockKind.RESEND, "start")], audit=audited(it))
    return it


async def receive(work: Work, exchange_id: UUID) -> Standing:
    """签收: it is with the customer; what a cheaper article costs less goes back now (T22).

    Raises Problem `transition-refused`, `not-approved` where the fault turned out to be another's and what goes back
    has to be approved first (T21), `stale-version`, `not-found`.
    """
    it = await standing.begin(work, exchange_id, "receive")
    LIFE.move(it.exchange, "receive")
    if it.case.stage is Stage.INSPECTED and not _may_pay(it.case):
        raise Problem("not-approved")
    it.exchange.received_at = it.exchange.received_at or work.now
    await store.end_sending(work.session, exchange_id, received_at=work.now)
    await work.session.flush()
    if it.case.refund.amount_minor:
        # Before the ticket's end gives a seat of the desk back: whoever ends another request of the order holds its
        # book first (T4).
        await books.lock_many(work, [it.case.refund.order_id])
    await refunds.move(work, it.case, "receive", audit=audited(it))
    await _pay_difference(work, it.case)
    return it


async def after_inspection(work: Work, case: Case) -> None:
    """What went ahead and has arrived already needs nothing more, unless something has to be approved yet (T22)."""
    it = await standing.of(work, case)
    if it.status is ExchangeStatus.RECEIVED and _may_pay(case):
        await refunds.move(work, case, "receive", audit=audited(it))
        await _pay_difference(work, case)


async def _pay_difference(work: Work, case: Case) -> None:
    """Goods for goods: money goes last, and only what was approved. The order's book is locked by then."""
    if case.stage is Stage.RECEIVED and case.refund.amount_minor:
        await refunds.pay(work, case)


def _may_pay(case: Case) -> bool:
    return not case.refund.amount_minor or case.refund.approved_at is not None


def _expect_ahead(it: Standing, asked: Send) -> None:
    before = it.case.kind is RefundKind.EXCHANGE and it.case.stage in _BEFORE_INSPECTION
    if before and not asked.ahead:
        raise invalid("/ahead", "退货未验收，须标明先行补发", "the goods aren't inspected: say that it goes ahead")
    if asked.ahead and not before:
        raise invalid("/ahead", "没有先行补发", "it doesn't go ahead of anything")


def _sending(work: Work, it: Standing, asked: Send) -> Sending:
    sending_id = new_id()
    return Sending(
        sending_id=sending_id,
        exchange_id=it.exchange.exchange_id,
        courier=asked.courier,
        sealed_tracking=sealing.seal(work.vault, sending_id, asked.tracking_number),
        order_no=asked.order_no,
        ahead=asked.ahead,
        sent_at=work.now,
        sent_by=work.actor.subject,
    )


def _told(work: Work, it: Standing, asked: Send) -> ExchangeSent:
    return lifecycle.sent(
        exchange_facts(refunds.told_of(it.case)),
        it.articles,
        Money(it.exchange.difference_minor, it.case.refund.currency),
        order_no=asked.order_no,
        courier=asked.courier,
        ahead=asked.ahead,
        at=work.now,
    )


async def _book_goods(work: Work, it: Standing) -> None:
    """Goods that are sent once more, and nothing comes back for them, cost whoever is at fault (T57); besides what
    the reason costs (T29)."""
    refund = it.case.refund
    order, _ = await orders.get_order(work, refund.shop, refund.order_no)
    sums = {CostKind.GOODS: _worth(it), CostKind.FEE: refund.fee_minor}
    costs = [Cost(kind, Money(minor, refund.currency)) for kind, minor in sums.items() if minor]
    await liability.book_costs(work, it.case.ticket, order, Fault(refund.fault), costs)


async def _book_loss(work: Work, it: Standing, sending: Sending) -> None:
    """Another time that one is lost costs as much again."""
    refund = it.case.refund
    order, _ = await orders.get_order(work, refund.shop, refund.order_no)
    carrier = Bearer(CostBearer.COURIER, code=sending.courier[:64])
    costs = [Cost(CostKind.GOODS, Money(_worth(it), refund.currency), carrier)]
    await liability.book_costs(work, it.case.ticket, order, Fault.COURIER, costs, cause_id=sending.sending_id)


def _worth(it: Standing) -> int:
    """The articles that are sent, at what they are given for."""
    return max(pricing.given(it.goods) + it.exchange.difference_minor - it.exchange.again_minor, 0)
