"""What is sent instead: chosen, paid for where it is dearer, out of stock, settled in money (T22, T25)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import RefundKind
from contracts.ticket.ticket import WaitingOn
from kit import timers
from kit.ids import new_id
from kit.money import Money
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.exchange import pricing, standing, store, topping
from services.ticket.exchange.lifecycle import LIFE, CallResult, ExchangeStatus
from services.ticket.exchange.models import ExchangeCall, TopUp
from services.ticket.exchange.policy import EXCHANGE_RULES
from services.ticket.exchange.pricing import Article
from services.ticket.exchange.schemas import ArticleChosen, CustomerCalled, Replace
from services.ticket.exchange.standing import Standing, audited
from services.ticket.order import service as orders
from services.ticket.refund import service as refunds
from services.ticket.refund.lifecycle import allowed
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Leg

OVERDUE = "exchange-top-up-overdue"
_CALL: Leg = (ClockKind.CALL_BACK, "start")
_CALLED: Leg = (ClockKind.CALL_BACK, "meet")


async def replace(work: Work, exchange_id: UUID, asked: Replace) -> Standing:
    """选换货商品: a dearer choice is paid for before it is sent; of a cheaper one the difference is given back once
    it is with the customer. More to give back has to be approved anew (T22, T28).

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `not-found`, `invalid-request` for
    articles that don't fit what is given, and for cheaper ones where nothing comes back: that is settled in money.
    """
    it = await standing.begin(work, exchange_id, "replace", decides=True)
    articles = tuple(_article(one, place, it) for place, one in enumerate(asked.articles))
    pricing.expect_fits(it.goods, articles)
    it.exchange.again_minor = pricing.delivery_again(it.payer_again, _minor(asked.again, "/again", it))
    it.articles, it.exchange.chosen_at = articles, work.now
    if it.case.kind is RefundKind.RESEND and it.difference < 0:
        raise invalid("/articles", "补寄的货不能更便宜，请改为退款", "are cheaper than the goods: settle it in money")
    await store.choose(work.session, exchange_id, articles)
    await differ(work, it, "replace")
    await _tell(work, it, "replace", legs=[_CALLED])
    return it


async def top_up(work: Work, exchange_id: UUID, order_no: str) -> Standing:
    """补差价: the order that paid the difference; what it is worth is read from its book (T22, T55).

    Raises Problem `top-up-unfit` with why, `transition-refused` when nothing is owed, `not-found` for an order that
    isn't there or is another buyer's.
    """
    it = await standing.begin(work, exchange_id, "top-up")
    if it.status is not ExchangeStatus.UNPAID:
        raise LIFE.refusal(it.status, "top-up")
    order, _ = await orders.get_order(work, it.case.refund.shop, order_no)
    amount = await topping.worth_of(work, it.case, order)
    paid = TopUp(
        order_id=order.order_id,
        exchange_id=exchange_id,
        order_no=order.order_no,
        amount_minor=amount,
        linked_at=work.now,
        linked_by=work.actor.subject,
    )
    if not await store.add_top_up(work.session, paid):
        raise Problem("top-up-unfit", because="used_already")
    it.exchange.topped_up_minor += amount
    await settle(work, it, "top-up")
    await _tell(work, it, "top-up", legs=[_CALLED])
    return it


async def run_out(work: Work, exchange_id: UUID, reason: str) -> Standing:
    """缺货: the customer has to be called: another article or money (T22, T47)."""
    it = await standing.begin(work, exchange_id, "run-out")
    await _move(work, it, "run-out")
    await _tell(work, it, "run-out", reason=reason, legs=[_CALL])
    return it


async def restock(work: Work, exchange_id: UUID, reason: str) -> Standing:
    """到货: what was out of stock can be sent after all."""
    it = await standing.begin(work, exchange_id, "restock")
    await settle(work, it, "restock")
    await _tell(work, it, "restock", reason=reason, legs=[_CALLED])
    return it


async def call_customer(work: Work, exchange_id: UUID, asked: CustomerCalled) -> Standing:
    """回访: what the customer wants now; whoever wasn't reached is called again (T22)."""
    it = await standing.begin(work, exchange_id, "call-customer")
    LIFE.move(it.exchange, "call-customer")
    call = ExchangeCall(
        call_id=new_id(),
        exchange_id=exchange_id,
        result=asked.result,
        note=asked.note,
        staff_id=work.actor.staff_id,
        called_at=work.now,
    )
    await store.add_call(work.session, call)
    reached = asked.result is not CallResult.MISSED
    await _tell(work, it, "call-customer", legs=[_CALLED] if reached else [])
    return it


async def settle_in_money(work: Work, exchange_id: UUID, reason: str) -> Standing:
    """改为退款: the request becomes one for money, and is approved as such (T22, T28).

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, once it was sent as well.
    """
    it = await standing.begin(work, exchange_id, "settle-in-money", decides=True)
    await _move(work, it, "settle-in-money")
    it.exchange.difference_minor = it.exchange.again_minor = 0
    await tickets.run_legs(work, it.case.ticket, [_CALLED])
    kind = RefundKind.RETURN_AND_MONEY if it.case.kind is RefundKind.EXCHANGE else RefundKind.MONEY_ONLY
    await refunds.turn(work, it.case, kind, reason=reason)
    return it


async def remind(work: Work, exchange_id: UUID, _: Mapping[str, Any], /) -> None:
    """The top-up of a dearer article didn't come: the customer is called (T22, T47)."""
    case = await refunds.locked(work, exchange_id)
    it = await standing.of(work, case)
    if it.status is ExchangeStatus.UNPAID and "call-customer" in allowed(case.refund):
        await _tell(work, it, "call-customer", legs=[_CALL])


async def differ(work: Work, it: Standing, verb: str) -> None:
    """As `settle`, where the difference may be another one by now; an exchange gives what follows from it (T26). What
    is sent once more gives nothing, whatever others ask back of its goods meanwhile."""
    it.exchange.difference_minor = it.difference
    await settle(work, it, verb)
    if it.case.kind is RefundKind.RESEND:
        it.case.refund.difference_minor = it.exchange.difference_minor
        return
    reckoned = await refunds.reckon(work, it.case, difference=it.exchange.difference_minor)
    await refunds.settle_amount(work, it.case, reckoned)


async def settle(work: Work, it: Standing, verb: str) -> None:
    """Take it through a verb that leads to where its articles and its money say: ready, unpaid as long as something
    is owed, unsettled while it isn't known what is sent."""
    word = "short" if it.short else "owed" if it.owed else "paid"
    await _move(work, it, f"{verb}/{word}")


async def _move(work: Work, it: Standing, arrow: str) -> None:
    """Take it along an arrow, and let the top-up be missed in time as long as it is owed."""
    LIFE.move(it.exchange, arrow)
    unpaid = it.status is ExchangeStatus.UNPAID
    it.exchange.owed_since = work.now if unpaid else None
    await timers.cancel(work, OVERDUE, it.exchange.exchange_id)
    if unpaid:
        rules = (await in_force(work.session, EXCHANGE_RULES, it.exchange.shop, work.now)).document
        due = work.now + timedelta(hours=rules.top_up_hours)
        await timers.start(work, OVERDUE, it.exchange.exchange_id, due)
    await work.session.flush()


async def _tell(work: Work, it: Standing, verb: str, *, reason: str | None = None, legs: Sequence[Leg] = ()) -> None:
    waiting_on = WaitingOn.CUSTOMER if it.status is ExchangeStatus.UNPAID else None
    await refunds.move(work, it.case, verb, reason=reason, legs=legs, audit=audited(it), waiting_on=waiting_on)


def _article(one: ArticleChosen, place: int, it: Standing) -> Article:
    price = _minor(one.unit_price, f"/articles/{place}/unit_price", it)
    return Article(one.line_no, one.sku, one.quantity, price)


def _minor(amount: str | None, pointer: str, it: Standing) -> int | None:
    if amount is None:
        return None
    try:
        return Money.parse(amount, it.case.refund.currency).minor
    except ValueError as error:
        raise invalid(pointer, "小数位数超过该币种", "has more decimals than its currency") from error
