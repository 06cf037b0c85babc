"""换货验收: what the inspection of the goods means for their replacement (T22, T25, T26)."""

from collections.abc import Mapping
from dataclasses import replace

from kit.work import Work
from services.ticket.exchange import choosing, pricing, standing, store
from services.ticket.exchange.lifecycle import ON_ITS_WAY, ExchangeStatus
from services.ticket.exchange.pricing import Goods
from services.ticket.exchange.standing import Standing
from services.ticket.refund.amount import Amount
from services.ticket.refund.case import Case
from services.ticket.refund.freight import Payer


async def weigh(work: Work, case: Case, pieces: Mapping[int, int], amount: Amount, again: Payer | None) -> Standing:
    """What came back is worth so much: the difference follows, and what no longer fits is chosen anew.

    A replacement that went ahead stays what it was; what lacks is owed all the same. `again`: who pays its way, now
    that the fault is known (T25).
    """
    it = await standing.of(work, case)
    found = _found(it.goods, pieces, amount)
    if it.status in ON_ITS_WAY:
        it.exchange.difference_minor += pricing.given(it.goods) - pricing.given(found)
        await work.session.flush()
        return it
    it.goods, it.payer_again = found, again
    if it.exchange.chosen_at is None:
        it.articles = pricing.same_again(list(found.values()))
        await store.choose(work.session, it.exchange.exchange_id, it.articles)
    if again is not Payer.CUSTOMER:
        it.exchange.again_minor = 0
    it.exchange.difference_minor = it.difference
    if it.status is not ExchangeStatus.OUT_OF_STOCK:
        await choosing.settle(work, it, "reckon")
    await work.session.flush()
    return it


def _found(goods: Mapping[int, Goods], pieces: Mapping[int, int], amount: Amount) -> dict[int, Goods]:
    """The goods as the inspection found them; a line of which nothing came is worth nothing."""
    lines = {line.line_no: line for line in amount.lines}
    return {
        line_no: replace(
            one,
            pieces=pieces.get(line_no, 0),
            worth=lines[line_no].share.goods if line_no in lines else 0,
            deducted=lines[line_no].deducted if line_no in lines else 0,
        )
        for line_no, one in goods.items()
    }
