"""核算: what a request may be about and what it gives, by the rules of the shop and the book of its order (T20 to
T26). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from contracts.ticket.refund import Fault, RefundKind, RefundReason
from kit.money import Money
from kit.policy import InForce
from kit.problems import Fault as Wrong
from kit.problems import Problem, invalid
from services.ticket.book.service import Book, Worth
from services.ticket.order.lifecycle import OrderLike
from services.ticket.refund.amount import (
    Amount,
    AskedLine,
    PaidLine,
    PaidOrder,
    Share,
    amount_of,
    freight_by_line,
    net_of_discount,
)
from services.ticket.refund.freight import FreightTable, Payer, Ways, case_of
from services.ticket.refund.reasons import Reason, RefundReasons

_GOODS_GO_BACK = (RefundKind.RETURN_AND_MONEY, RefundKind.EXCHANGE)
_NO_MONEY = (RefundKind.EXCHANGE, RefundKind.RESEND)


class Piece(NamedTuple):
    """So many pieces of a line, and whether nobody has opened them."""

    quantity: int
    unopened: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for (T20). `fault` is the reason's, unless somebody found it to be another's (T21)."""

    kind: RefundKind
    reason: RefundReason
    lines: Mapping[int, Piece]
    fault: Fault | None = None
    wanted_minor: int | None = None
    difference_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Others:
    """What other requests took of a line: pieces, what they were worth, and the delivery that was given with them."""

    pieces: int
    share: Share
    freight_given: int


_NO_OTHERS = Others(0, Share(0, 0), 0)


@dataclass(frozen=True, slots=True)
class Own:
    """What the request itself has of a line already: its pieces' worth as it was found, and money in the book."""

    counted: int
    share: Share
    taken: bool
    reserved: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules of the shop that decide."""

    reasons: InForce[RefundReasons]
    freight: InForce[FreightTable]

    def reason(self, code: RefundReason) -> Reason:
        """What holds for that reason."""
        return self.reasons.document.reasons[code]

    def fault(self, asked: Asked) -> Fault:
        """Whose fault it is."""
        return asked.fault or self.reason(asked.reason).fault

    def ways(self, asked: Asked, *, shipped: bool) -> Ways:
        """Who pays which way (T25)."""
        never_arrived = self.reason(asked.reason).never_arrived
        case = case_of(asked.kind, self.fault(asked), never_arrived=never_arrived, shipped=shipped)
        return self.freight.document.ways(case)

    def takes(self, asked: Asked, *, shipped: bool) -> bool:
        """Whether the pieces come back or never came: nobody can ask for them twice. Other goods are kept."""
        if asked.kind is RefundKind.MONEY_ONLY:
            return not shipped or self.reason(asked.reason).never_arrived
        return asked.kind in _GOODS_GO_BACK


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a request gives, and what that rests on."""

    asked: Asked
    amount: Amount
    fault: Fault
    ways: Ways
    shipped: bool
    takes: bool
    fee_minor: int

    @property
    def total(self) -> int:
        """The sum, in minor units."""
        return self.amount.total


def is_shipped(order: OrderLike) -> bool:
    """Whether its parcel has left; of imported orders later milestones say so as well."""
    return any((order.shipped_at, order.received_at, order.completed_at))


def worths(order: OrderLike) -> list[Worth]:
    """What each line was worth as its book knows it: goods net of discount, and its share of the delivery."""
    paid = _paid_order(order)
    goods, freight = net_of_discount(paid), freight_by_line(paid)
    return [Worth(line.line_no, line.quantity, goods[line.line_no] + freight[line.line_no]) for line in paid.lines]


def expect_possible(order: OrderLike, asked: Asked, terms: Terms, now: datetime) -> None:
    """Raises Problem `invalid-request` for lines that the order doesn't have and for goods asked back of an order
    that has not left, `more-than-bought`, `window-closed` with the end of the window and `not-returnable` for goods
    that don't come back for that reason (T23)."""
    quantities = {line["line_no"]: line["quantity"] for line in order.lines}
    unknown = [place for place, line_no in enumerate(asked.lines) if line_no not in quantities]
    if unknown:
        faults = [Wrong(f"/lines/{place}/line_no", "订单没有这一行", "is no line of the order") for place in unknown]
        raise Problem("invalid-request", faults=faults)
    if not is_shipped(order) and asked.kind is not RefundKind.MONEY_ONLY:
        raise invalid("/kind", "未发货的订单只能仅退款", "of an order that has not left only money comes back")
    for line_no, piece in asked.lines.items():
        if piece.quantity > quantities[line_no]:
            raise Problem("more-than-bought", line_no=line_no, left=quantities[line_no])
    reasons = terms.reasons.document
    end = reasons.window_end(asked.reason, order.received_at)
    if end is not None and not reasons.is_open(asked.reason, order.received_at, now):
        raise Problem("window-closed", until=end.isoformat())
    if asked.kind in _GOODS_GO_BACK:
        _expect_returnable(order, asked, reasons)


def reckon(
    order: OrderLike,
    book: Book,
    asked: Asked,
    terms: Terms,
    *,
    shipped: bool,
    others: Mapping[int, Others],
    own: Mapping[int, Own],
    deducted: Mapping[int, int],
) -> Reckoned:
    """What the request gives (T24, T25, T26). Raises Problem `more-than-bought`."""
    ways, takes = terms.ways(asked, shipped=shipped), terms.takes(asked, shipped=shipped)
    paid = _as_it_stands(order, book, others, own)
    _expect_left(paid, asked.lines)
    lines = [
        AskedLine(
            line_no,
            piece.quantity,
            freight_refunded=ways.out is Payer.REFUNDED and asked.kind not in _NO_MONEY,
            deducted=deducted.get(line_no, 0),
            kept=not takes,
            share=_share_kept(own.get(line_no), piece.quantity, takes),
        )
        for line_no, piece in asked.lines.items()
        if piece.quantity
    ]
    return Reckoned(
        asked=asked,
        amount=amount_of(paid, lines, _at_most(asked)),
        fault=terms.fault(asked),
        ways=ways,
        shipped=shipped,
        takes=takes,
        fee_minor=terms.reasons.document.fee(asked.reason, book.paid_minor),
    )


def expect_money(reckoned: Reckoned, currency: str) -> None:
    """Raises Problem `invalid-request` when more is wanted than the rules give, `more-than-kept` when money is asked
    for and there is none to give."""
    asked, total = reckoned.asked, reckoned.total
    if asked.kind in _NO_MONEY:
        return
    if asked.wanted_minor is not None and asked.wanted_minor > total:
        most = Money(total, currency).amount
        raise invalid("/wanted", f"最多可退 {most}", f"is more than the rules give: at most {most}")
    if total == 0:
        raise Problem("more-than-kept", left=Money(0, currency).amount, currency=currency)


def _at_most(asked: Asked) -> int | None:
    """Goods are changed for goods: only what a cheaper article costs less is given back (T22)."""
    if asked.kind in _NO_MONEY:
        return max(-(asked.difference_minor or 0), 0)
    return asked.wanted_minor


def _share_kept(own: Own | None, quantity: int, takes: bool) -> Share | None:
    """The same pieces stay worth what they were found to be worth."""
    return own.share if own and (own.counted, own.taken) == (quantity, takes) else None


def _as_it_stands(order: OrderLike, book: Book, others: Mapping[int, Others], own: Mapping[int, Own]) -> PaidOrder:
    """The order with all that others took of it; what the request itself holds is free for it."""
    reserved = sum(one.reserved for one in own.values())
    told = _paid_order(order)
    lines = [
        PaidLine(
            line.line_no,
            line.quantity,
            line.paid,
            taken_back=(took := others.get(line.line_no, _NO_OTHERS)).pieces,
            refunded=max(_gone(book, line.line_no) - _held(own, line.line_no) - took.freight_given, 0),
            share_taken=took.share,
        )
        for line in told.lines
    ]
    gone = told.paid - book.kept_minor - reserved
    return PaidOrder(tuple(lines), told.discount, told.freight, gone)


def _gone(book: Book, line_no: int) -> int:
    line = book.lines.get(line_no)
    return line.refunded_minor + line.in_flight_minor if line else 0


def _held(own: Mapping[int, Own], line_no: int) -> int:
    return own[line_no].reserved if line_no in own else 0


def _paid_order(order: OrderLike) -> PaidOrder:
    lines = [PaidLine(line["line_no"], line["quantity"], line["paid_minor"]) for line in order.lines]
    return PaidOrder(tuple(lines), order.discount_minor, order.freight_minor)


def _expect_left(paid: PaidOrder, lines: Mapping[int, Piece]) -> None:
    """A correction may have taken a line out of the order, or pieces of one."""
    left = {line.line_no: line.quantity - line.taken_back for line in paid.lines}
    for line_no, piece in lines.items():
        if piece.quantity > left.get(line_no, 0):
            raise Problem("more-than-bought", line_no=line_no, left=left.get(line_no, 0))


def _expect_returnable(order: OrderLike, asked: Asked, reasons: RefundReasons) -> None:
    categories = {line["line_no"]: line.get("category") for line in order.lines}
    staying = [
        line_no
        for line_no, piece in asked.lines.items()
        if not reasons.may_go_back(asked.reason, categories[line_no], sealed=piece.unopened)
    ]
    if staying:
        raise Problem("not-returnable", lines=staying)
