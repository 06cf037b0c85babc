"""`/v1/payments`: what the payment side says, what is paid, and whether it adds up (T22, T55)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from kit.http.edge import KEYED, WorkDep, allow, answer
from kit.http.errors import problem_response
from kit.http.fields import Code
from kit.http.pages import Page, page_answer, read_cursor, write_cursor
from kit.problems import Problem
from kit.work import Work
from services.ticket.payment.port import Answer
from services.ticket.payout import service, views
from services.ticket.payout.book_schemas import (
    AlarmFilter,
    AlarmPage,
    AlarmPublic,
    AlarmSettle,
    Balance,
    BookPublic,
)
from services.ticket.payout.late import book_late
from services.ticket.payout.schemas import (
    PaymentAnswerPost,
    PaymentBookLate,
    PaymentFilter,
    PaymentPage,
    PaymentPublic,
    PaymentResult,
    PaymentTaken,
    PaymentWhole,
    ReconciliationPage,
    ReconciliationPost,
    ReconciliationPublic,
)

router = APIRouter(tags=["payments"])
_AT = "/v1/payments"
PaymentKey = Annotated[UUID, Path(description="The payment's number.")]
AlarmId = Annotated[UUID, Path(description="The alarm's id.")]
ShopCode = Annotated[Code, Path(description="The shop's code.")]
OrderNo = Annotated[Code, Path(description="The order's number in its shop.")]


@router.post(f"{_AT}/answers", response_model=PaymentTaken, dependencies=[allow("payment:answer")])
async def take_payment_answer(body: PaymentAnswerPost, work: WorkDep, request: Request) -> Response:
    """What became of a payment. The same answer again changes nothing; one that can't be true is refused, kept, and
    an alarm."""
    return await _taken(work, request, body.about(body.payment_key))


@router.post(
    "/v1/refunds/{refund_id}/payment-results", response_model=PaymentTaken, dependencies=[allow("payment:answer")]
)
async def take_payment_result(
    refund_id: Annotated[UUID, Path(description="The refund that is paid.")],
    body: PaymentResult,
    work: WorkDep,
    request: Request,
) -> Response:
    """The same, for a payment side that goes by the refund's id."""
    return await _taken(work, request, body.about(refund_id))


@router.get(_AT, response_model=PaymentPage, dependencies=[allow("payment:read")])
async def list_payments(work: WorkDep, query: Annotated[PaymentFilter, Query()]) -> Response:
    """Payments, newest number first."""
    place = read_cursor(work, "payments", query)
    items, last = await service.list_payments(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "payments", [last]) if last else None
    page = PaymentPage(items=[views.payment(one) for one in items], next_cursor=cursor)
    return page_answer(page, path=_AT, query=query, next_cursor=cursor)


@router.get(f"{_AT}/balance", response_model=Balance, dependencies=[allow("payment:balance")])
async def get_balance(work: WorkDep) -> Response:
    """All books and payments together, and whether they add up."""
    return await answer(work, await service.balance(work))


@router.get(f"{_AT}/alarms", response_model=AlarmPage, dependencies=[allow("payment:read")])
async def list_payment_alarms(work: WorkDep, query: Annotated[AlarmFilter, Query()]) -> Response:
    """What doesn't add up, newest first."""
    place = read_cursor(work, "payment-alarms", query)
    items, last = await service.list_alarms(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "payment-alarms", [last]) if last else None
    page = AlarmPage(items=[views.alarm(one) for one in items], next_cursor=cursor)
    return page_answer(page, path=f"{_AT}/alarms", query=query, next_cursor=cursor)


@router.post(f"{_AT}/alarms/{{alarm_id}}/settle", response_model=AlarmPublic, dependencies=[allow("payment:settle")])
async def settle_payment_alarm(alarm_id: AlarmId, body: AlarmSettle, work: WorkDep) -> Response:
    """Say what it was. What still doesn't add up raises another."""
    return await answer(work, views.alarm(await service.settle_alarm(work, alarm_id, body.note)))


@router.post(
    f"{_AT}/reconciliations",
    status_code=201,
    response_model=ReconciliationPublic,
    dependencies=[allow("payment:reconcile")],
)
async def reconcile_payments(body: ReconciliationPost, work: WorkDep) -> Response:
    """Compare the payment side's list of a day, or of any span, with what is known here."""
    made = await service.reconcile(work, body)
    return await answer(work, ReconciliationPublic.model_validate(made), status=201)


@router.get(f"{_AT}/reconciliations", response_model=ReconciliationPage, dependencies=[allow("payment:balance")])
async def list_payment_reconciliations(work: WorkDep, query: Annotated[Page, Query()]) -> Response:
    """What lists came to, newest first."""
    place = read_cursor(work, "reconciliations", query)
    items, last = await service.list_reconciliations(work, UUID(place[0]) if place else None, query.limit)
    cursor = write_cursor(work, "reconciliations", [last]) if last else None
    shown = [ReconciliationPublic.model_validate(one) for one in items]
    page = ReconciliationPage(items=shown, next_cursor=cursor)
    return page_answer(page, path=f"{_AT}/reconciliations", query=query, next_cursor=cursor)


@router.get(f"{_AT}/books/{{shop}}/{{order_no}}", response_model=BookPublic, dependencies=[allow("payment:read")])
async def get_order_book(shop: ShopCode, order_no: OrderNo, work: WorkDep) -> Response:
    """The book of an order: what was paid is kept, refunded or in flight."""
    book = await service.get_book(work, shop, order_no)
    return await answer(work, views.book(book.order_id, book))


@router.get(f"{_AT}/{{payment_key}}", response_model=PaymentWhole, dependencies=[allow("payment:read")])
async def get_payment(payment_key: PaymentKey, work: WorkDep) -> Response:
    """One payment, with all that the payment side has said of it."""
    payment, said = await service.get_payment(work, payment_key)
    return await answer(work, views.whole(payment, said), version=payment.version)


@router.post(
    f"{_AT}/{{payment_key}}/book-late", response_model=PaymentPublic, dependencies=[allow("payment:book_late"), KEYED]
)
async def book_payment_late(payment_key: PaymentKey, body: PaymentBookLate, work: WorkDep) -> Response:
    """What had been given up was paid after all, as a refused answer says (`If-Match` is needed): the book says so
    from now on, and its alarm is settled."""
    payment = await book_late(work, payment_key, body.payment_reference, body.note)
    return await answer(work, views.payment(payment), version=payment.version)


async def _taken(work: Work, request: Request, said: Answer) -> Response:
    taken = await service.take_answer(work, said)
    if isinstance(taken, Problem):
        return problem_response(request, taken)
    payment, verdict = taken
    return await answer(work, PaymentTaken(verdict=verdict, payment=views.payment(payment)))
