"""差价: what a replacement costs more or less than the goods given for it, to the cent (T22, T25, T26). Pure.

All sums are minor units. Goods are worth what was paid for these very pieces, net of discounts; the same article once
more is worth exactly what its pieces were, whatever it costs today.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kit.problems import Fault, Problem
from services.ticket.refund.amount import cumulative
from services.ticket.refund.freight import Payer

MOST = 10**14
"""Minor units of what can be charged for a replacement: no amount of the API has more digits (X4)."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What the customer gives of one line: so many pieces, what was paid for them, and what damage takes off."""

    line_no: int
    sku: str
    pieces: int
    worth: int
    deducted: int = 0


@dataclass(frozen=True, slots=True)
class Article:
    """What is sent for a line: the article itself again (no price), or another at a price of its own."""

    line_no: int
    sku: str
    quantity: int
    unit_price: int | None = None

    @property
    def same(self) -> bool:
        """Whether it is the article that the customer had."""
        return self.unit_price is None


def same_again(goods: Sequence[Goods]) -> tuple[Article, ...]:
    """Each piece once more: what an exchange is for as long as nobody chose otherwise."""
    return tuple(Article(one.line_no, one.sku, one.pieces) for one in goods if one.pieces)


def expect_fits(goods: Mapping[int, Goods], articles: Sequence[Article]) -> None:
    """Raises Problem `invalid-request` for an article that stands for a line nobody gives, for a line that gets
    nothing, for the same article with more pieces than are given, under another number, or twice, and for articles
    that come to more than an amount may be."""
    faults = [*_strange(goods, articles), *_repeated(articles), *_empty(goods, articles), *_beyond(articles)]
    if faults:
        raise Problem("invalid-request", faults=faults)


def difference(goods: Mapping[int, Goods], articles: Sequence[Article], again: int = 0) -> int:
    """What the customer has to add (above zero) or gets back (below): the articles and the delivery that the
    customer bears (T25), less what the goods are worth after deductions for damage (T26)."""
    return sum(_price(goods[one.line_no], one) for one in articles) + again - given(goods)


def given(goods: Mapping[int, Goods]) -> int:
    """What the goods are worth, less what damage takes off: never more than they are worth (T26)."""
    return sum(max(one.worth - one.deducted, 0) for one in goods.values())


def delivery_again(payer: Payer | None, asked: int | None) -> int:
    """What the customer pays for the way of the replacement (T25, `again`): the shop says whether they do at all.

    Raises Problem `invalid-request` for a fee where the merchant pays, and where the customer does and none is named.
    """
    if payer is Payer.CUSTOMER:
        if asked is None:
            raise _fault("/again", "补发运费由买家承担，须写明金额", "the customer pays this way: say how much")
        return asked
    if asked:
        raise _fault("/again", "补发运费由商家承担", "the merchant pays this way")
    return 0


def short_of(goods: Mapping[int, Goods], articles: Sequence[Article]) -> bool:
    """Whether the inspection left less than the replacement was chosen for: then it is chosen anew."""
    wanted = Counter[int]()
    for one in articles:
        wanted[one.line_no] += one.quantity if one.same else 0
    kept = {one.line_no for one in articles if one.line_no not in goods or not goods[one.line_no].pieces}
    return bool(kept) or any(pieces > goods[line_no].pieces for line_no, pieces in wanted.items())


def _price(goods: Goods, article: Article) -> int:
    if article.unit_price is None:
        return cumulative(goods.worth, goods.pieces, 0, article.quantity)
    return article.unit_price * article.quantity


def _strange(goods: Mapping[int, Goods], articles: Sequence[Article]) -> Iterator[Fault]:
    for place, one in enumerate(articles):
        at, given = f"/articles/{place}", goods.get(one.line_no)
        if given is None or not given.pieces:
            yield Fault(f"{at}/line_no", "该行没有可换的货", "nothing is given for this line")
        elif one.same and one.sku != given.sku:
            yield Fault(f"{at}/unit_price", "换成其他货号须写明单价", "another article has its price")
        elif one.same and one.quantity > given.pieces:
            yield Fault(f"{at}/quantity", f"同款最多 {given.pieces} 件", f"the same article: at most {given.pieces}")


def _repeated(articles: Sequence[Article]) -> Iterator[Fault]:
    seen: set[tuple[int, str]] = set()
    for place, one in enumerate(articles):
        if (one.line_no, one.sku) in seen:
            yield Fault(f"/articles/{place}/sku", "同一行的同一货号出现两次", "stands twice for the same line")
        seen.add((one.line_no, one.sku))


def _empty(goods: Mapping[int, Goods], articles: Sequence[Article]) -> Iterator[Fault]:
    left = sorted({no for no, one in goods.items() if one.pieces} - {one.line_no for one in articles})
    if left:
        named = ", ".join(map(str, left))
        yield Fault("/articles", f"第 {named} 行还没有补发的货", f"lines {named} get nothing yet")


def _beyond(articles: Sequence[Article]) -> Iterator[Fault]:
    if sum((one.unit_price or 0) * one.quantity for one in articles) > MOST:
        yield Fault("/articles", "合计金额过大", "come to more than an amount may be")


def _fault(pointer: str, zh: str, en: str) -> Problem:
    return Problem("invalid-request", faults=[Fault(pointer, zh, en)])
