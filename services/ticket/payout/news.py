"""What the storefront tells about refunds, as answers of the payment side: the same result as by HTTP (T22)."""

from collections.abc import Sequence

from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.clock import as_utc
from kit.envelope import Delivery
from kit.money import Money
from kit.reasons import RefusedEventError
from kit.work import Work
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payout.applying import take_answers

RefundNews = StorefrontRefundPaid | StorefrontRefundFailed


class UnfitAnswerError(RefusedEventError):
    """An answer that says no amount, or about another case than it is addressed to."""


async def take_news(work: Work, deliveries: Sequence[Delivery[RefundNews]]) -> None:
    """Take what the storefront tells of payments; `refund_id` is the id of whatever is paid for. What can't be true
    moves nothing and is an alarm. Raises UnfitAnswerError."""
    if any(one.meta.aggregate_id != one.event.refund_id for one in deliveries):
        raise UnfitAnswerError("ce-subject is not the refund that the event tells about")
    await take_answers(work, [answer_of(one.event) for one in deliveries], Way.EVENT)


def answer_of(event: RefundNews) -> Answer:
    """The answer that the event tells."""
    if isinstance(event, StorefrontRefundPaid):
        return Answer(
            number=event.refund_id,
            result=Result.PAID,
            reference=event.payment_reference,
            amount=_money(event.amount),
            at=as_utc(event.paid_at),
        )
    return Answer(
        number=event.refund_id,
        result=Result.FAILED,
        reference=event.payment_reference,
        amount=_money(event.amount),
        at=as_utc(event.failed_at),
        failure=event.failure,
        retryable=event.retryable,
    )


def _money(price: Price) -> Money:
    try:
        return Money.parse(price.amount, price.currency)
    except ValueError:
        raise UnfitAnswerError("an amount has no more decimals than its currency") from None
