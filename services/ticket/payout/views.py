"""Payments, alarms and books as answers show them."""

from collections.abc import Sequence
from uuid import UUID

from contracts.price import Price
from kit.money import Money
from services.ticket.book.alarms import BookAlarm, difference
from services.ticket.book.checking import Totals
from services.ticket.book.service import Book
from services.ticket.payment.service import Payment, PaymentAnswer
from services.ticket.payout.book_schemas import AlarmPublic, BookLinePublic, BookPublic, BookTotals
from services.ticket.payout.schemas import AnswerPublic, PaymentPublic, PaymentWhole


def price(minor: int, currency: str) -> Price:
    """An amount of a row."""
    return Price(amount=Money(minor, currency).amount, currency=currency)


def payment(row: Payment) -> PaymentPublic:
    """A payment, without who gets it (X6)."""
    shown = row.model_dump(include=set(PaymentPublic.model_fields))
    return PaymentPublic.model_validate({**shown, "amount": price(row.amount_minor, row.currency)})


def whole(row: Payment, answers: Sequence[PaymentAnswer]) -> PaymentWhole:
    """A payment with what was said of it."""
    said = [
        AnswerPublic.model_validate({**one.model_dump(), "amount": price(one.amount_minor, one.currency)})
        for one in answers
    ]
    return PaymentWhole(**payment(row).model_dump(), answers=said)


def alarm(row: BookAlarm) -> AlarmPublic:
    """An alarm."""
    amounts = {
        "expected": difference(row.expected_minor, row.currency),
        "found": difference(row.found_minor, row.found_currency),
    }
    return AlarmPublic.model_validate({**row.model_dump(), **amounts})


def book(order_id: UUID, found: Book) -> BookPublic:
    """The book of an order."""
    lines = [
        BookLinePublic(
            line_no=line_no,
            quantity=line.quantity,
            taken_back=line.taken_back,
            worth=price(line.worth_minor, found.currency),
            refunded=price(line.refunded_minor, found.currency),
            in_flight=price(line.in_flight_minor, found.currency),
        )
        for line_no, line in sorted(found.lines.items())
    ]
    return BookPublic(
        order_id=order_id,
        paid=price(found.paid_minor, found.currency),
        kept=price(found.kept_minor, found.currency),
        refunded=price(found.refunded_minor, found.currency),
        in_flight=price(found.in_flight_minor, found.currency),
        lines=lines,
    )


def totals(row: Totals) -> BookTotals:
    """All books of a currency."""
    return BookTotals(
        currency=row.currency,
        orders=row.orders,
        paid=price(row.paid_minor, row.currency),
        kept=price(row.kept_minor, row.currency),
        refunded=price(row.refunded_minor, row.currency),
        in_flight=price(row.in_flight_minor, row.currency),
        balanced=row.balanced,
    )
