"""Use cases of asking otherwise: a request put right, turned into another kind; its approval is anew (T22 to T28)."""

from dataclasses import replace
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import RefundKind, RefundReason
from kit.problems import invalid
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.sealing import opened
from services.ticket.refund import lifecycle
from services.ticket.refund.asking import details_of, line_of, pieces_of, wanted_of
from services.ticket.refund.case import Case, arrived, locked, release
from services.ticket.refund.lifecycle import expect_drawn
from services.ticket.refund.reckoning import Asked, Reckoned, Terms, expect_money, expect_possible
from services.ticket.refund.schemas import RefundEdit
from services.ticket.refund.weighing import (
    asked_of,
    content_of,
    held,
    hold_order,
    payee_of,
    put_down,
    seal_payee,
    terms_in_force,
    weigh,
)
from services.ticket.ticket.service import Leg

# What was waited for isn't, until it has been agreed to anew.
_AGREE_ANEW: list[Leg] = [(ClockKind.SHIP_BACK, "drop"), (ClockKind.RESEND, "drop"), (ClockKind.AGREE, "start")]


async def edit(work: Work, refund_id: UUID, asked: RefundEdit) -> Case:
    """更正: other lines, another reason, another party at fault, another sum. The amount is worked out anew, and what
    was approved is void (T28). The same again changes nothing, unless the order was corrected and gives another sum.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused` once goods or money are on their
    way, and what `request` raises.
    """
    case = await locked(work, refund_id, decides=True)
    expect_drawn(case.refund, "edit")
    order, delivery, book = await hold_order(work, case.refund.shop, case.refund.order_no)
    wish = _edited(case, asked, order)
    terms = await terms_in_force(work, order.shop)
    payee = opened(work.vault, delivery).payer_token if delivery else None
    same = wish == asked_of(case) and payee == payee_of(work, case.refund)
    if same and (await _weigh(work, case, order, book, wish, terms)).total == case.refund.amount_minor:
        return case
    expect_possible(order, wish, terms, case.refund.requested_at)
    before = lifecycle.move(case.refund, "edit")
    seal_payee(work, case.refund, payee)
    reckoned = await _ask_anew(work, case, order, book, wish, terms, relined=asked.lines is not None)
    expect_money(reckoned, order.currency)
    named = sorted(asked.model_fields_set - {"because"})
    legs = [] if before in lifecycle.BEFORE_APPROVAL else _AGREE_ANEW
    await arrived(work, case, "edit", reason=asked.because, legs=legs, audit={"edited": named})
    return case


async def turn(work: Work, case: Case, kind: RefundKind, *, reason: str) -> None:
    """改为退款: what was to be exchanged or sent once more is settled in money; the amount and its approval are anew
    (T22). Raises Problem `transition-refused`."""
    lifecycle.move(case.refund, "settle-in-money")
    (order, book), terms = await held(work, case), await terms_in_force(work, case.refund.shop)
    wish = replace(asked_of(case), kind=kind, difference_minor=None)
    await _ask_anew(work, case, order, book, wish, terms)
    keep_course(case)
    await arrived(work, case, "settle-in-money", reason=reason, legs=_AGREE_ANEW)


async def counts_as_shipped(work: Work, case: Case) -> None:
    """The parcel has left after all: the goods have to come back, unless the reason is that they never arrive, and
    the amount is worked out anew (T24)."""
    (order, book), terms = await held(work, case), await terms_in_force(work, case.refund.shop)
    wish = asked_of(case)
    if not terms.reason(wish.reason).never_arrived:
        wish = replace(wish, kind=RefundKind.RETURN_AND_MONEY, wanted_minor=None)
    case.refund.shipped = True
    await _ask_anew(work, case, order, book, wish, terms)
    keep_course(case)


def keep_course(case: Case) -> None:
    """The ticket names the course that its clocks go by from now on (T43)."""
    case.ticket.details = details_of(case.kind, shipped=case.refund.shipped)


async def _ask_anew(
    work: Work, case: Case, order: OrderLike, book: Book, wish: Asked, terms: Terms, *, relined: bool = False
) -> Reckoned:
    """Another thing is asked for now, `relined` when of other lines; nothing of it is approved."""
    refund = case.refund
    await release(work, case, book)
    refund.approved_minor = refund.approved_at = None
    refund.approved_by = []
    if relined:
        await _reline(work, case, book, wish)
    reckoned = await _weigh(work, case, order, book, wish, terms)
    await put_down(work, case, book, reckoned, terms)
    await approvals.revise(work, refund.refund_id, content_of(work, case))
    return reckoned


async def _weigh(work: Work, case: Case, order: OrderLike, book: Book, wish: Asked, terms: Terms) -> Reckoned:
    """What that comes to now; what an inspection took off for damage stays off (T26). Raises Problem
    `more-than-bought`."""
    refund, deducted = case.refund, {line.line_no: line.deducted_minor for line in case.lines}
    return await weigh(
        work, order, book, wish, terms,
        shipped=refund.shipped, refund_id=refund.refund_id, lines=case.lines, deducted=deducted,
    )  # fmt: skip


async def _reline(work: Work, case: Case, book: Book, wish: Asked) -> None:
    """The lines are those that are asked for now. Pieces of a line that is asked for otherwise, or no more, are free
    again: what they are worth is found anew."""
    kept = {line.line_no: line for line in case.lines if line.line_no in wish.lines}
    changed = [
        line for line in case.lines if line.line_no not in kept or wish.lines[line.line_no].quantity != line.counted
    ]
    freed = {line.line_no: case.pieces[line.line_no] for line in changed if line.line_no in case.pieces}
    await books.give_pieces_back(work, book, freed)
    for line in changed:
        line.counted, line.taken = 0, False
        if line.line_no not in kept:
            await work.session.delete(line)
    for line_no, piece in wish.lines.items():
        if line_no not in kept:
            kept[line_no] = line_of(case.refund, line_no, piece)
            work.session.add(kept[line_no])
        kept[line_no].quantity, kept[line_no].unopened = piece.quantity, piece.unopened
    case.lines = [kept[line_no] for line_no in sorted(kept)]


def _edited(case: Case, asked: RefundEdit, order: OrderLike) -> Asked:
    """What is asked for after the change; another reason is another's fault, unless that is said as well (T21)."""
    wish, named = asked_of(case), asked.model_fields_set
    if asked.reason is not None and asked.reason != wish.reason:
        wish = replace(wish, reason=RefundReason(asked.reason), fault=None)
    if asked.fault is not None:
        wish = replace(wish, fault=asked.fault)
    if asked.lines is not None:
        wish = replace(wish, lines=pieces_of(asked.lines))
    if "wanted" in named:
        if asked.wanted is not None and case.kind is not RefundKind.MONEY_ONLY:
            raise invalid("/wanted", "仅退款时才能填写金额", "is for money only; else it follows from the lines")
        wish = replace(wish, wanted_minor=wanted_of(asked.wanted, order.currency))
    return wish
