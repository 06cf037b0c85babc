"""Use cases of asking: what a request would give, and the request itself (T20 to T26)."""

from dataclasses import replace
from typing import Any

from contracts.customer.customer import Tier
from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import RefundKind
from kit import outbox
from kit.ids import new_id
from kit.money import Money
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Content, Needed
from services.ticket.book import service as books
from services.ticket.copies import service as copies
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.sealing import opened
from services.ticket.refund import lifecycle, store, telling
from services.ticket.refund.case import Case, told_of, write_down
from services.ticket.refund.lifecycle import TICKET_KIND, course_of
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
from services.ticket.refund.schemas import Asking, LineAsked, RefundQuote, RefundRequest
from services.ticket.refund.weighing import (
    NOUN,
    content_of,
    hold_order,
    put_down,
    seal_payee,
    terms_in_force,
    weigh,
)
from services.ticket.sight import sees_notes
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Opening, Ticket

_SUBJECTS = {
    RefundKind.MONEY_ONLY: "仅退款", RefundKind.RETURN_AND_MONEY: "退货退款", RefundKind.EXCHANGE: "换货",
    RefundKind.RESEND: "补寄",
}  # fmt: skip


async def request(work: Work, asked: RefundRequest) -> Case:
    """申请售后 (T20): a ticket of its own, pieces taken in the order's book, laid before those who approve.

    Raises Problem `not-found` for an order that isn't there (or is another buyer's, T40), `invalid-request`,
    `order-unpaid`, `more-than-bought`, `more-than-kept`, `window-closed`, `not-returnable`, and what opening any
    ticket raises.
    """
    order, delivery, book = await hold_order(work, asked.shop, asked.order_no)
    terms, wish = await terms_in_force(work, order.shop), _asked(asked, order)
    expect_possible(order, wish, terms, work.now)
    shipped = is_shipped(order)
    # Only now: whoever ends another request of the order holds its book, and gives a seat of the desk back (T4).
    ticket = await tickets.open_staged(work, _opening(work, asked, shipped=shipped))
    reckoned = await weigh(work, order, book, wish, terms, shipped=shipped, refund_id=ticket.ticket_id, lines=[])
    expect_money(reckoned, order.currency)
    refund = _row(work, order, ticket, reckoned, terms)
    seal_payee(work, refund, opened(work.vault, delivery).payer_token if delivery else None)
    case = Case(refund, ticket, [line_of(refund, line_no, piece) for line_no, piece in wish.lines.items()])
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
        lines=pieces_of(asked.lines),
        wanted_minor=wanted_of(asked.wanted, order.currency),
    )


def pieces_of(lines: list[LineAsked]) -> dict[int, Piece]:
    """Lines in the words of HTTP as pieces."""
    return {line.line_no: Piece(line.quantity, line.unopened) for line in lines}


def wanted_of(amount: str | None, currency: str) -> int | None:
    """A wanted sum in minor units. Raises Problem `invalid-request` for nothing, and for too many decimals."""
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
        details=details_of(asked.kind, shipped=shipped),
    )


def details_of(kind: RefundKind, *, shipped: bool) -> dict[str, Any]:
    """What the ticket says of it: the course that its clocks go by (T43)."""
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


def line_of(refund: Refund, line_no: int, piece: Piece) -> RefundLine:
    """A new line of a request, not weighed yet."""
    return RefundLine(
        refund_id=refund.refund_id,
        line_no=line_no,
        order_id=refund.order_id,
        quantity=piece.quantity,
        unopened=piece.unopened,
        counted=0,
    )
