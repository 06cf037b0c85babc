"""Use cases of asking: a request made, quoted, put right, turned into another kind (T20 to T26)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import RefundKind, RefundReason
from kit import outbox
from kit.ids import new_id
from kit.money import Money
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Content, Needed
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.copies import service as copies
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.sealing import opened
from services.ticket.refund import lifecycle, store, telling
from services.ticket.refund.case import Case, arrived, locked, release, told_of, write_down
from services.ticket.refund.lifecycle import TICKET_KIND, course_of, expect_drawn
from services.ticket.refund.models import Refund, RefundLine
from services.ticket.refund.reckoning import (
    Asked,
    Piece,
    Reckoned,
    Terms,
    expect_money,
    expect_possible,
    is_shipped,
)
from services.ticket.refund.schemas import Asking, LineAsked, RefundEdit, RefundQuote, RefundRequest
from services.ticket.refund.weighing import (
    NOUN,
    asked_of,
    book_of,
    content_of,
    order_of,
    payee_of,
    put_down,
    seal_payee,
    terms_in_force,
    weigh,
)
from services.ticket.sight import sees_notes
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Leg, Opening, Ticket

_SUBJECTS = {
    RefundKind.MONEY_ONLY: "仅退款", RefundKind.RETURN_AND_MONEY: "退货退款", RefundKind.EXCHANGE: "换货",
    RefundKind.RESEND: "补寄",
}  # fmt: skip
# What was waited for isn't, until it has been agreed to anew.
_AGREE_ANEW: list[Leg] = [(ClockKind.SHIP_BACK, "drop"), (ClockKind.RESEND, "drop"), (ClockKind.AGREE, "start")]


async def request(work: Work, asked: RefundRequest) -> Case:
    """申请售后 (T20): a ticket of its own, pieces taken in the order's book, laid before those who approve.

    Raises Problem `not-found` for an order that isn't there (or is another buyer's, T40), `invalid-request`,
    `order-unpaid`, `more-than-bought`, `more-than-kept`, `window-closed`, `not-returnable`, and what opening any
    ticket raises.
    """
    order, delivery = await orders.get_order(work, asked.shop, asked.order_no)
    terms, wish = await terms_in_force(work, order.shop), _asked(asked, order)
    expect_possible(order, wish, terms, work.now)
    shipped = is_shipped(order)
    ticket = await tickets.open_staged(work, _opening(work, asked, shipped=shipped))
    book = await book_of(work, order)
    reckoned = await weigh(work, order, book, wish, terms, shipped=shipped, refund_id=ticket.ticket_id, lines=[])
    expect_money(reckoned, order.currency)
    refund = _row(work, order, ticket, reckoned, terms)
    seal_payee(work, refund, opened(work.vault, delivery).payer_token if delivery else None)
    case = Case(refund, ticket, [_line(refund, line_no, piece) for line_no, piece in wish.lines.items()])
    case.before = {}
    await put_down(work, case, book, reckoned, terms)
    await approvals.open_case(work, refund.refund_id, content_of(work, case), work.actor)
    await outbox.record(work, refund, telling.requested(refund, told_of(case)))
    await store.add(work.session, refund, case.lines)
    await tickets.run_legs(work, ticket, [(ClockKind.AGREE, "start")])
    await write_down(work, case, "request")
    return case


async def quote(work: Work, asked: RefundQuote) -> tuple[Reckoned, OrderLike, Terms, Needed | None]:
    """试算: what a request would give, and for the house who would approve it. Nothing is changed or locked. Raises
    Problem what the request would."""
    if asked.fault is not None and not sees_notes(work):
        raise invalid("/fault", "仅供员工填写", "is for staff to say")
    order, _ = await orders.get_order(work, asked.shop, asked.order_no)
    terms, wish = await terms_in_force(work, order.shop), replace(_asked(asked, order), fault=asked.fault)
    expect_possible(order, wish, terms, work.now)
    book = await books.look(work.session, order.order_id)
    if book is None:
        raise Problem("order-unpaid")
    reckoned = await weigh(work, order, book, wish, terms, shipped=is_shipped(order), refund_id=new_id(), lines=[])
    expect_money(reckoned, order.currency)
    needed = await _needed(work, order, reckoned) if sees_notes(work) else None
    return reckoned, order, terms, needed


async def edit(work: Work, refund_id: UUID, asked: RefundEdit) -> Case:
    """更正: other lines, another reason, another party at fault, another sum. The amount is worked out anew, and what
    was approved is void (T28). The same again changes nothing.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused` once goods or money are on their
    way, and what `request` raises.
    """
    case = await locked(work, refund_id, decides=True)
    expect_drawn(case.refund, "edit")
    order, delivery = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    wish = _edited(case, asked, order)
    terms = await terms_in_force(work, order.shop)
    payee = opened(work.vault, delivery).payer_token if delivery else None
    if wish == asked_of(case) and payee == payee_of(work, case.refund):
        return case
    expect_possible(order, wish, terms, case.refund.requested_at)
    before = lifecycle.move(case.refund, "edit")
    seal_payee(work, case.refund, payee)
    reckoned = await _ask_anew(work, case, order, wish, terms, relined=asked.lines is not None)
    expect_money(reckoned, order.currency)
    named = sorted(asked.model_fields_set - {"because"})
    legs = [] if before in lifecycle.BEFORE_APPROVAL else _AGREE_ANEW
    await arrived(work, case, "edit", reason=asked.because, legs=legs, audit={"edited": named})
    return case


async def turn(work: Work, case: Case, kind: RefundKind, *, reason: str) -> None:
    """改为退款: what was to be exchanged or sent once more is settled in money; the amount and its approval are anew
    (T22). Raises Problem `transition-refused`."""
    lifecycle.move(case.refund, "settle-in-money")
    order, terms = await order_of(work, case), await terms_in_force(work, case.refund.shop)
    wish = replace(asked_of(case), kind=kind, difference_minor=None)
    await _ask_anew(work, case, order, wish, terms)
    keep_course(case)
    await arrived(work, case, "settle-in-money", reason=reason, legs=_AGREE_ANEW)


async def counts_as_shipped(work: Work, case: Case) -> None:
    """The parcel has left after all: the goods have to come back, unless the reason is that they never arrive, and
    the amount is worked out anew (T24)."""
    order, terms = await order_of(work, case), await terms_in_force(work, case.refund.shop)
    wish = asked_of(case)
    if not terms.reason(wish.reason).never_arrived:
        wish = replace(wish, kind=RefundKind.RETURN_AND_MONEY, wanted_minor=None)
    case.refund.shipped = True
    await _ask_anew(work, case, order, wish, terms)
    keep_course(case)


def keep_course(case: Case) -> None:
    """The ticket names the course that its clocks go by from now on (T43)."""
    case.ticket.details = _details(case.kind, shipped=case.refund.shipped)


async def _ask_anew(
    work: Work, case: Case, order: OrderLike, wish: Asked, terms: Terms, *, relined: bool = False
) -> Reckoned:
    """Another thing is asked for now, `relined` when of other lines; nothing of it is approved."""
    refund, book = case.refund, await book_of(work, order)
    await release(work, case, book)
    refund.approved_minor = refund.approved_at = None
    refund.approved_by = []
    if relined:
        await _reline(work, case, book, wish)
    reckoned = await weigh(
        work, order, book, wish, terms, shipped=refund.shipped, refund_id=refund.refund_id, lines=case.lines
    )
    await put_down(work, case, book, reckoned, terms)
    await approvals.revise(work, refund.refund_id, content_of(work, case))
    return reckoned


async def _reline(work: Work, case: Case, book: Book, wish: Asked) -> None:
    """The lines are those that are asked for now. Pieces of a line that is asked for otherwise, or no more, are free
    again: what they are worth is found anew."""
    kept = {line.line_no: line for line in case.lines if line.line_no in wish.lines}
    changed = [
        line for line in case.lines if line.line_no not in kept or wish.lines[line.line_no].quantity != line.counted
    ]
    held = {line.line_no: case.pieces[line.line_no] for line in changed if line.line_no in case.pieces}
    await books.give_pieces_back(work, book, held)
    for line in changed:
        line.counted, line.taken = 0, False
        if line.line_no not in kept:
            await work.session.delete(line)
    for line_no, piece in wish.lines.items():
        if line_no not in kept:
            kept[line_no] = _line(case.refund, line_no, piece)
            work.session.add(kept[line_no])
        kept[line_no].quantity, kept[line_no].unopened = piece.quantity, piece.unopened
    case.lines = [kept[line_no] for line_no in sorted(kept)]


async def _needed(work: Work, order: OrderLike, reckoned: Reckoned) -> Needed:
    party = await copies.whom(work, order.shop, None, order.account_id)
    content = Content(
        noun=NOUN,
        shop=order.shop,
        order_id=order.order_id,
        account_id=order.account_id,
        reason=reckoned.asked.reason,
        tier=Tier(party.tier) if party.tier else None,
        currency=order.currency,
        amount_minor=reckoned.total,
        digest=approvals.digest_of({}),
    )
    return await approvals.needed(work, content)


def _asked(asked: Asking, order: OrderLike) -> Asked:
    return Asked(
        kind=asked.kind,
        reason=asked.reason,
        lines=_pieces(asked.lines),
        wanted_minor=_wanted(asked.wanted, order.currency),
    )


def _edited(case: Case, asked: RefundEdit, order: OrderLike) -> Asked:
    """What is asked for after the change; another reason is another's fault, unless that is said as well (T21)."""
    wish, named = asked_of(case), asked.model_fields_set
    if asked.reason is not None and asked.reason != wish.reason:
        wish = replace(wish, reason=RefundReason(asked.reason), fault=None)
    if asked.fault is not None:
        wish = replace(wish, fault=asked.fault)
    if asked.lines is not None:
        wish = replace(wish, lines=_pieces(asked.lines))
    if "wanted" in named:
        if asked.wanted is not None and case.kind is not RefundKind.MONEY_ONLY:
            raise invalid("/wanted", "仅退款时才能填写金额", "is for money only; else it follows from the lines")
        wish = replace(wish, wanted_minor=_wanted(asked.wanted, order.currency))
    return wish


def _pieces(lines: list[LineAsked]) -> dict[int, Piece]:
    return {line.line_no: Piece(line.quantity, line.unopened) for line in lines}


def _wanted(amount: str | None, currency: str) -> int | None:
    if amount is None:
        return None
    try:
        minor = Money.parse(amount, currency).minor
    except ValueError as error:
        raise invalid("/wanted", "金额的小数位数超出币种", "has more decimals than its currency") from error
    if minor == 0:
        raise invalid("/wanted", "必须大于 0", "must be greater than 0")
    return minor


def _opening(work: Work, asked: RefundRequest, *, shipped: bool) -> Opening:
    return Opening(
        kind=TICKET_KIND[asked.kind],
        shop=asked.shop,
        subject=f"{_SUBJECTS[asked.kind]} {asked.order_no}",
        description=asked.text,
        order_no=asked.order_no,
        channel=asked.channel,
        source=tickets.source_of(work),
        category=asked.reason,
        details=_details(asked.kind, shipped=shipped),
    )


def _details(kind: RefundKind, *, shipped: bool) -> dict[str, Any]:
    return {"course": course_of(kind, shipped=shipped).value}


def _row(work: Work, order: OrderLike, ticket: Ticket, reckoned: Reckoned, terms: Terms) -> Refund:
    return Refund(
        refund_id=ticket.ticket_id,
        number=ticket.number,
        shop=order.shop,
        account_id=order.account_id,
        order_id=order.order_id,
        order_no=order.order_no,
        currency=order.currency,
        kind=reckoned.asked.kind,
        status=lifecycle.Stage.REQUESTED,
        reason=reckoned.asked.reason,
        fault=reckoned.fault,
        shipped=reckoned.shipped,
        out_payer=reckoned.ways.out,
        reasons_version=terms.reasons.version,
        freight_version=terms.freight.version,
        freight_insured=order.freight_insured,
        evidence=[],
        approved_by=[],
        requested_by=work.actor.subject,
        requested_by_staff_id=work.actor.staff_id,
        requested_at=work.now,
    )


def _line(refund: Refund, line_no: int, piece: Piece) -> RefundLine:
    return RefundLine(
        refund_id=refund.refund_id,
        line_no=line_no,
        order_id=refund.order_id,
        quantity=piece.quantity,
        unopened=piece.unopened,
        counted=0,
    )
