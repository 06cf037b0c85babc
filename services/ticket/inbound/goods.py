"""Where the goods of a request are, gathered from parcels and receipts (T22)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from kit.problems import Problem
from kit.work import Work
from services.ticket.inbound import store
from services.ticket.inbound.counting import Pieces
from services.ticket.inbound.models import Parcel
from services.ticket.inbound.schemas import SomePieces
from services.ticket.refund import service as refunds
from services.ticket.refund.case import Case
from services.ticket.refund.lifecycle import expect_drawn


async def begin(work: Work, refund_id: UUID, verb: str, *, decides: bool = False) -> Case:
    """The request under its locks, after it was seen that its stage has the verb. `decides`: the verb is asked with
    what the caller has seen.

    Raises Problem `not-found`, also for one out of sight (T40, X1), `precondition-required` for a decision without
    If-Match, `stale-version`, `transition-refused`.
    """
    case = await refunds.locked(work, refund_id, decides=decides)
    expect_drawn(case.refund, verb)
    return case


async def stock_of(work: Work, case: Case, *, opening: UUID | None = None) -> Mapping[int, Pieces]:
    """Where the pieces of each line are; a parcel that is being opened is no longer under way, nor lost."""
    refund_id = case.refund.refund_id
    under_way = await store.under_way(work.session, refund_id)
    received = await store.received(work.session, refund_id)
    lost = await store.lost(work.session, refund_id, but=opening)
    return {
        line.line_no: Pieces(
            asked=line.quantity,
            under_way=under_way.get(line.line_no, 0),
            received=received.get(line.line_no, 0),
            lost=lost.get(line.line_no, 0),
        )
        for line in case.lines
    }


async def parcel_of(work: Work, case: Case, parcel_id: UUID) -> Parcel:
    """One parcel of the request. Raises Problem `not-found`."""
    parcel = await store.parcel_of(work.session, case.refund.refund_id, parcel_id)
    if parcel is None:
        raise Problem("not-found")
    return parcel


def by_line(lines: Iterable[SomePieces]) -> dict[int, int]:
    """Pieces by line."""
    return {line.line_no: line.quantity for line in lines}
