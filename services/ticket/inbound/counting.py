"""清点: how many pieces of each line may still be announced, received and found; what is found adds up (T22, T26).

Pure. The pieces of a case are those that were asked back. Each of them is at any moment with the customer, under way,
received, or lost by us; the inspection says of each received one whether it is sound, damaged or not ours, and calls
missing what never came.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.ticket.refund import RefundKind
from kit.problems import Fault, Problem


@dataclass(frozen=True, slots=True)
class Pieces:
    """Where the pieces of one line are: of those asked back, how many are under way, received, lost by us."""

    asked: int
    under_way: int = 0
    received: int = 0
    lost: int = 0

    @property
    def to_ship(self) -> int:
        """Still with the customer, as far as anybody has said."""
        return max(self.asked - self.under_way - self.received - self.lost, 0)

    @property
    def to_receive(self) -> int:
        """What may still arrive."""
        return max(self.asked - self.received - self.lost, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the inspection found of one line, and what is deducted for damage, in minor units (T26)."""

    line_no: int
    sound: int = 0
    damaged: int = 0
    missing: int = 0
    not_ours: int = 0
    deducted: int = 0

    @property
    def seen(self) -> int:
        """What lay on the table."""
        return self.sound + self.damaged + self.not_ours


Stock = Mapping[int, Pieces]


def expect_announced(stock: Stock, lines: Mapping[int, int], *, shipping: bool) -> None:
    """Raises Problem `not-announced` for goods that nobody asked to give back, or more pieces than are left of them;
    it says how many are."""
    left = {no: pieces.to_ship if shipping else pieces.to_receive for no, pieces in stock.items()}
    over = {no: left.get(no, 0) for no, pieces in lines.items() if pieces > left.get(no, 0)}
    if over:
        raise Problem("not-announced", lines=[{"line_no": no, "left": pieces} for no, pieces in sorted(over.items())])


def expect_whole(stock: Stock, findings: Sequence[Finding]) -> None:
    """Raises Problem `invalid-request` unless the findings name each line of the case once, see no piece that wasn't
    received, and add up to what was asked back."""
    faults = [*_unknown(stock, findings), *_left_out(stock, findings)]
    if not faults:
        faults = [fault for place, one in enumerate(findings) for fault in _sums(stock[one.line_no], one, place)]
    if faults:
        raise Problem("invalid-request", faults=faults)


def counted(stock: Stock, findings: Sequence[Finding]) -> dict[int, int]:
    """The pieces of each line that are paid for: sound and damaged ones, and those that we lost (T26)."""
    return {one.line_no: one.sound + one.damaged + stock[one.line_no].lost for one in findings}


def deducted(findings: Sequence[Finding]) -> dict[int, int]:
    """What is held back for damage, by line (T26)."""
    return {one.line_no: one.deducted for one in findings if one.deducted}


def passed(findings: Sequence[Finding]) -> bool:
    """Whether everything came back as it should."""
    return not any(one.missing or one.not_ours or one.deducted for one in findings)


def all_announced(stock: Stock) -> bool:
    """Whether the customer has sent everything, as far as anybody has said: then that leg is done (T47)."""
    return not any(pieces.to_ship for pieces in stock.values())


def goods_come_back(kind: RefundKind) -> bool:
    """Whether there is anything to receive at all."""
    return kind in (RefundKind.RETURN_AND_MONEY, RefundKind.EXCHANGE)


def _unknown(stock: Stock, findings: Sequence[Finding]) -> Iterator[Fault]:
    named: set[int] = set()
    for place, one in enumerate(findings):
        if one.line_no not in stock:
            yield Fault(f"/lines/{place}/line_no", "本申请没有该行", "is no line of this request")
        elif one.line_no in named:
            yield Fault(f"/lines/{place}/line_no", "同一行出现两次", "stands twice")
        named.add(one.line_no)


def _left_out(stock: Stock, findings: Sequence[Finding]) -> Iterator[Fault]:
    missing = sorted(stock.keys() - {one.line_no for one in findings})
    if missing:
        named = ", ".join(map(str, missing))
        yield Fault("/lines", f"还须写明第 {named} 行", f"lines {named} have to be named as well")


def _sums(pieces: Pieces, one: Finding, place: int) -> Iterator[Fault]:
    at, due = f"/lines/{place}", pieces.asked - pieces.lost
    if one.seen + one.missing != due:
        yield Fault(at, f"各项合计必须为 {due} 件", f"must add up to {due} pieces")
    if one.seen > pieces.received:
        yield Fault(at, f"只收到 {pieces.received} 件，请先登记收货", f"only {pieces.received} pieces were received")
    if one.deducted and not one.damaged:
        yield Fault(f"{at}/deducted", "没有损坏的件数，不能扣款", "nothing is deducted where nothing is damaged")
