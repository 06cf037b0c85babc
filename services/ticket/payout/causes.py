"""Who hears what became of a payment: the room of the case that it is paid for."""

from collections.abc import Mapping
from typing import Protocol

from kit.work import Work
from services.ticket.book.service import Settled
from services.ticket.goodwill import service as goodwill
from services.ticket.order_change import service as order_change
from services.ticket.payment.service import PayCause, Payment
from services.ticket.refund import service as refund


class Case(Protocol):
    """A room whose cases are paid. Both are told in the transaction of the answer, with the rows of the ticket, the
    book and the payment locked, and the book and the payment moved already. `paid` may follow `failed`."""

    async def paid(self, work: Work, payment: Payment, settled: Settled, /) -> None:
        """The money is with the customer."""
        ...

    async def failed(self, work: Work, payment: Payment, /) -> None:
        """The payment side could not pay."""
        ...


CASES: Mapping[PayCause, Case] = {
    PayCause.REFUND: refund,
    PayCause.GOODWILL: goodwill,
    PayCause.DIFFERENCE: order_change,
}


def case_of(payment: Payment) -> Case:
    """The room that asked for the payment."""
    return CASES[PayCause(payment.cause)]
