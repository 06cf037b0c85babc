"""Use cases of paying, for the routes: answers sent, payments and books looked at, alarms settled (T22, T55)."""

from uuid import UUID

from contracts.ticket.payment import DriftKind
from kit.http.edge import see_all
from kit.problems import Problem
from kit.work import Work
from services.ticket.book import alarms, checking
from services.ticket.book import service as books
from services.ticket.book.alarms import BookAlarm
from services.ticket.book.service import Book
from services.ticket.order import service as orders
from services.ticket.payment import service as payments
from services.ticket.payment.port import Answer, Way
from services.ticket.payment.service import Payment, PaymentAnswer
from services.ticket.payout import reconciling, store, views
from services.ticket.payout.applying import Outcome, Verdict, take_answers
from services.ticket.payout.book_schemas import AlarmFilter, Balance, PaymentTotals
from services.ticket.payout.models import Reconciliation
from services.ticket.payout.schemas import PaymentFilter, ReconciliationPost
from services.ticket.sight import in_sight


async def take_answer(work: Work, answer: Answer) -> tuple[Payment, Verdict] | Problem:
    """What the payment side sends. One that can't be true is kept with its alarm, so its problem is returned and not
    raised: `not-found` for a number that nobody ordered, `payment-mismatch` for the rest."""
    _expect_the_shop(work)
    (outcome,) = await take_answers(work, [answer], Way.SENT)
    if outcome.payment is None:
        return Problem("not-found")
    if outcome.verdict is Verdict.REFUSED:
        return _mismatch(outcome)
    return outcome.payment, outcome.verdict


async def reconcile(work: Work, asked: ReconciliationPost) -> Reconciliation:
    """Compare the list that the payment side sends."""
    _expect_the_shop(work)
    listed = [one.answer() for one in asked.payments]
    return await reconciling.reconcile(work, asked.starts_at, asked.ends_at, listed)


async def list_reconciliations(
    work: Work, after: UUID | None, limit: int
) -> tuple[list[Reconciliation], UUID | None]:
    """What lists came to, newest first, and the last one when there are more. Raises Problem `forbidden` for a token
    of some shops only: a list is of all."""
    see_all(work)
    found = await store.page(work.session, after, limit + 1)
    return found[:limit], found[limit - 1].reconciliation_id if len(found) > limit else None


async def get_payment(work: Work, payment_key: UUID) -> tuple[Payment, list[PaymentAnswer]]:
    """A payment with what was said of it. Raises Problem `not-found`."""
    _expect_the_shop(work)
    payment = await payments.get(work.session, payment_key)
    if payment is None or not work.actor.serves(payment.shop):
        raise Problem("not-found")
    return payment, list(await payments.answers_of(work.session, payment_key))


async def list_payments(work: Work, query: PaymentFilter, after: UUID | None) -> tuple[list[Payment], UUID | None]:
    """Payments of the caller's shops, newest number first, and the last one when there are more."""
    _expect_the_shop(work)
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await payments.page(work, wanted, after, query.limit + 1)
    return found[: query.limit], found[query.limit - 1].payment_key if len(found) > query.limit else None


async def list_alarms(work: Work, query: AlarmFilter, after: UUID | None) -> tuple[list[BookAlarm], UUID | None]:
    """Alarms of the caller's shops, newest first, and the last one when there are more."""
    _expect_the_shop(work)
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await alarms.page_of(work, wanted, after, query.limit + 1)
    return found[: query.limit], found[query.limit - 1].alarm_id if len(found) > query.limit else None


async def settle_alarm(work: Work, alarm_id: UUID, note: str) -> BookAlarm:
    """Say what an alarm was. Raises Problem `not-found`, `transition-refused`."""
    _expect_the_shop(work)
    return await alarms.settle_alarm(work, alarm_id, note)


async def get_book(work: Work, shop: str, order_no: str) -> Book:
    """The book of an order. Raises Problem `not-found`, `order-unpaid`."""
    _expect_the_shop(work)
    order, _ = await orders.get_order(work, shop, order_no)
    book = await books.look(work.session, order.order_id)
    if book is None:
        raise Problem("order-unpaid")
    return book


async def balance(work: Work) -> Balance:
    """All books and payments together. Raises Problem `forbidden` for a token of some shops only."""
    see_all(work)
    return Balance(
        books=[views.totals(row) for row in await checking.totals(work.session)],
        payments=[
            PaymentTotals.model_validate({"status": status, "count": count, "amount": views.price(minor, currency)})
            for status, currency, count, minor in await payments.totals(work.session)
        ],
    )


def _expect_the_shop(work: Work) -> None:
    """Raises Problem `forbidden` for a token narrowed to one buyer: payments are the shop's own business (X6)."""
    if work.actor.account_id is not None:
        raise Problem("forbidden")


def _mismatch(outcome: Outcome) -> Problem:
    because = outcome.because or DriftKind.ANSWER_UNKNOWN
    return Problem("payment-mismatch", because=because.value.removeprefix("answer_"))
