"""What the payment side says of a difference that is given back (T22, T37, T57).

Whoever calls holds the rows of the ticket, the book and the payment; the change's row comes last.
"""

from contracts.ticket.refund import CostBearer, CostKind, Fault
from kit import audit
from kit.work import Work
from services.ticket.book.service import Settled
from services.ticket.liability import service as liability
from services.ticket.liability.service import Bearer, Cost
from services.ticket.order import service as orders
from services.ticket.order_change import store
from services.ticket.order_change.models import OrderChange
from services.ticket.payment import service as payments
from services.ticket.payment.service import Payment
from services.ticket.ticket import service as tickets


async def paid(work: Work, payment: Payment, _: Settled) -> None:
    """退差价到账: the difference is with the buyer; a wrong price is borne by whoever set it (T57). Said twice, it is
    so once."""
    change = await _locked(work, payment)
    if change.refunded_at is not None:
        return
    await _book_wrong_price(work, change, payment)
    await _note_paid(work, change, payment)


async def paid_late(work: Work, payment: Payment) -> None:
    """迟到账: what a refused change would have given back is with the buyer after all. The change stays refused, and
    later versions of its order are read with that money gone (T55)."""
    await _note_paid(work, await _locked(work, payment), payment)


async def failed(work: Work, payment: Payment) -> None:
    """退差价失败: the money stays in flight until it is tried again, or the change is refused."""
    change = await _locked(work, payment)
    change.version += 1
    after = {"failure": payment.failure, "retryable": payment.retryable}
    await audit.record(work, "fail", "order_change", change.change_id, after=after)


async def _locked(work: Work, payment: Payment) -> OrderChange:
    change = await store.lock(work.session, payment.cause_id)
    if change is None:
        raise LookupError("a difference is paid for a change that is known")
    return change


async def _note_paid(work: Work, change: OrderChange, payment: Payment) -> None:
    change.refunded_at = work.now
    change.version += 1
    after = {"amount_minor": payment.amount_minor, "payment_key": str(payment.payment_key)}
    await audit.record(work, "pay", "order_change", change.change_id, after=after)


async def _book_wrong_price(work: Work, change: OrderChange, payment: Payment) -> None:
    if change.charged_to_staff_id is None:
        return
    order = await orders.find(work.session, change.order_id)
    if order is None:
        raise LookupError("a change is of an order that is known")
    ticket = await tickets.get_ticket(work, change.ticket_id)
    bearer = Bearer(CostBearer.STAFF, staff_id=change.charged_to_staff_id)
    cost = Cost(CostKind.GOODS, payments.money_of(payment), bearer)
    await liability.book_costs(work, ticket, order, Fault.MERCHANT, [cost], cause_id=change.change_id)
