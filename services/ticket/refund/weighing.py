"""What a request gives, weighed under the lock of its order's book and put on its rows (T25, T26); and what of it is
laid before those who approve (T28)."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.ticket.refund import Fault, RefundReason
from kit.policies import in_force, prepare
from kit.problems import Problem
from kit.vault import Place
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Content
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.order.sealing import DeliveryLike
from services.ticket.refund import reckoning, store
from services.ticket.refund.amount import Share
from services.ticket.refund.case import Case
from services.ticket.refund.freight import FREIGHT_TABLE
from services.ticket.refund.models import Refund, RefundLine
from services.ticket.refund.reasons import REFUND_REASONS
from services.ticket.refund.reckoning import Asked, Others, Own, Piece, Reckoned, Terms, worths

NOUN = "refund"


async def terms_in_force(work: Work, shop: str) -> Terms:
    """The rules of the shop as they are now (X3)."""
    await prepare(work.session, [(REFUND_REASONS, shop), (FREIGHT_TABLE, shop)], work.now)
    return Terms(
        await in_force(work.session, REFUND_REASONS, shop, work.now),
        await in_force(work.session, FREIGHT_TABLE, shop, work.now),
    )


async def order_of(work: Work, case: Case) -> OrderLike:
    """The order as it is now."""
    order, _ = await orders.get_order(work, case.refund.shop, case.refund.order_no)
    return order


async def held(work: Work, case: Case) -> tuple[OrderLike, Book]:
    """The order of a locked request with its book, as `hold_order`."""
    order, _, book = await hold_order(work, case.refund.shop, case.refund.order_no)
    return order, book


async def hold_order(work: Work, shop: str, order_no: str) -> tuple[OrderLike, DeliveryLike | None, Book]:
    """The book of an order under its lock, and after that the order: what is weighed is what a correction that was
    just made says. Raises Problem `not-found`, also for another buyer's order (T40), `order-unpaid`."""
    book = await books.hold(work, orders.order_id_of(shop, order_no))
    order, delivery = await orders.get_order(work, shop, order_no)
    if book is None:
        raise Problem("order-unpaid")
    await books.know(work, book, worths(order))
    return order, delivery, book


def asked_of(case: Case, pieces: Mapping[int, int] | None = None) -> Asked:
    """What the request asks for as it stands; `pieces` where other numbers of them count by now."""
    refund = case.refund
    counted = {line.line_no: line.counted for line in case.lines} | dict(pieces or {})
    return Asked(
        kind=case.kind,
        reason=RefundReason(refund.reason),
        lines={line.line_no: Piece(counted[line.line_no], line.unopened) for line in case.lines},
        fault=Fault(refund.fault),
        wanted_minor=refund.wanted_minor,
        difference_minor=refund.difference_minor,
    )


async def weigh(
    work: Work,
    order: OrderLike,
    book: Book,
    asked: Asked,
    terms: Terms,
    *,
    shipped: bool,
    refund_id: UUID,
    lines: list[RefundLine],
    deducted: Mapping[int, int] | None = None,
) -> Reckoned:
    """What is asked for gives, besides what other requests took. Raises Problem `more-than-bought`."""
    taken = await store.others_of(work.session, order.order_id, refund_id)
    others = {
        line_no: Others(pieces, Share(goods, freight), given)
        for line_no, (pieces, goods, freight, given) in taken.items()
    }
    own = {
        line.line_no: Own(
            line.counted,
            Share(line.goods_share_minor, line.freight_share_minor),
            line.taken,
            line.reserved_minor,
        )
        for line in lines
    }
    return reckoning.reckon(
        order, book, asked, terms, shipped=shipped, others=others, own=own, deducted=deducted or {}
    )


async def put_down(work: Work, case: Case, book: Book, reckoned: Reckoned, terms: Terms) -> None:
    """Put what was weighed on the rows, and bring the pieces in the book to it. Raises Problem `more-than-bought`."""
    before = case.pieces
    _put_on_request(case.refund, reckoned, terms)
    amounts = {line.line_no: line for line in reckoned.amount.lines}
    for line in case.lines:
        found = amounts.get(line.line_no)
        line.counted = reckoned.asked.lines[line.line_no].quantity
        line.taken = reckoned.takes
        share = found.share if found else Share(0, 0)
        line.goods_share_minor, line.freight_share_minor = share
        line.deducted_minor = found.deducted if found else 0
        line.goods_minor = found.goods + found.deducted if found else 0
        line.freight_minor = found.freight if found else 0
    after = case.pieces
    more = {line_no: count - before.get(line_no, 0) for line_no, count in after.items()}
    less = {line_no: count - after.get(line_no, 0) for line_no, count in before.items()}
    await books.give_pieces_back(work, book, {line_no: count for line_no, count in less.items() if count > 0})
    await books.take_pieces(work, book, {line_no: count for line_no, count in more.items() if count > 0})


def content_of(work: Work, case: Case) -> Content:
    """All that whoever approves decides about, as it stands: any change of it is another content (T28)."""
    refund = case.refund
    payee = payee_of(work, refund)
    facts = {
        "kind": refund.kind,
        "reason": refund.reason,
        "fault": refund.fault,
        "lines": [
            [line.line_no, line.quantity, line.counted, line.goods_minor, line.freight_minor, line.deducted_minor]
            for line in case.lines
        ],
        "amount": [refund.amount_minor, refund.goods_minor, refund.freight_minor, refund.deducted_minor],
        "difference": refund.difference_minor,
        "currency": refund.currency,
        "ways": [refund.out_payer, refund.back_payer, refund.again_payer],
        "payee": hmac.digest(work.key, payee.encode(), sha256).hex() if payee else None,
    }
    return Content(
        noun=NOUN,
        shop=refund.shop,
        order_id=refund.order_id,
        account_id=refund.account_id,
        reason=RefundReason(refund.reason),
        tier=Tier(case.ticket.tier) if case.ticket.tier else None,
        currency=refund.currency,
        amount_minor=refund.amount_minor,
        digest=approvals.digest_of(facts),
    )


def payee_of(work: Work, refund: Refund) -> str | None:
    """The payment side's token of who gets the money."""
    return (
        None if refund.sealed_payee is None else work.vault.open(refund.sealed_payee, payee_place(refund.refund_id))
    )


def seal_payee(work: Work, refund: Refund, payee: str | None) -> None:
    """The money goes to whoever paid, as the order has it (T20)."""
    refund.sealed_payee = None if payee is None else work.vault.seal(payee, payee_place(refund.refund_id))


def payee_place(refund_id: UUID) -> Place:
    """Where the seal belongs."""
    return Place("refund", "payee", refund_id)


def _put_on_request(refund: Refund, reckoned: Reckoned, terms: Terms) -> None:
    amount, asked = reckoned.amount, reckoned.asked
    refund.kind, refund.reason, refund.fault = asked.kind, asked.reason, reckoned.fault
    refund.wanted_minor, refund.difference_minor = asked.wanted_minor, asked.difference_minor
    refund.shipped = reckoned.shipped
    refund.goods_minor, refund.freight_minor = amount.goods + amount.deducted, amount.freight
    refund.deducted_minor, refund.amount_minor = amount.deducted, amount.total
    refund.out_payer, refund.back_payer = reckoned.ways.out, reckoned.ways.back
    refund.again_payer = reckoned.ways.again
    refund.fee_minor = reckoned.fee_minor
    refund.reasons_version, refund.freight_version = terms.reasons.version, terms.freight.version
