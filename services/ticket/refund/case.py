"""One change of a request: under the locks of its ticket and its row, with its event, its line in the trail, and what
it means for the ticket's status and for the clocks of its legs (I1, T2, T47)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack
from uuid import UUID

from contracts.ticket.refund import RefundEvent, RefundKind
from contracts.ticket.ticket import TicketStatus, WaitingOn
from kit import audit, outbox
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.book import service as books
from services.ticket.book.service import Book
from services.ticket.refund import lifecycle, store, telling
from services.ticket.refund.lifecycle import ENDED, OUTCOME, STATUS, TICKET_KIND, Stage
from services.ticket.refund.models import Refund, RefundLine
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Leg, Ticket

_AUDITED = ("kind", "status", "reason", "fault", "amount_minor", "currency", "parcel", "attempt", "unfounded")
_MOVES_GOODS = frozenset({"ship-back", "receive-goods"})


@dataclass(slots=True)
class Case:
    """A request with its lines and its ticket; of a locked one, what the trail said of it before."""

    refund: Refund
    ticket: Ticket
    lines: list[RefundLine]
    before: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.before or audited(self.refund)

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.refund.status)

    @property
    def kind(self) -> RefundKind:
        """What is asked for."""
        return RefundKind(self.refund.kind)

    @property
    def pieces(self) -> dict[int, int]:
        """The pieces that nobody else can ask for as long as this request stands."""
        return {line.line_no: line.counted for line in self.lines if line.taken and line.counted}

    @property
    def reserved(self) -> dict[int, int]:
        """What the order's book holds for it, line by line."""
        return {line.line_no: line.reserved_minor for line in self.lines if line.reserved_minor}

    @property
    def gives(self) -> dict[int, int]:
        """What it gives, line by line; deductions are not given."""
        return {line.line_no: line.goods_minor - line.deducted_minor + line.freight_minor for line in self.lines}


async def get(work: Work, refund_id: UUID) -> Case:
    """The request as it stands. Raises Problem `not-found`, also for one out of sight (T40, X1)."""
    ticket = await tickets.get_ticket(work, refund_id)
    return await _found(work, ticket, await store.get(work.session, refund_id))


async def locked(work: Work, refund_id: UUID, *, decides: bool = False) -> Case:
    """The request under its locks. `decides`: the verb is asked with what the caller has read.

    An If-Match is held against the ticket's version here, once: from now on nobody else changes it. Raises Problem
    `not-found`, also for one out of sight (T40, X1), `precondition-required` for a decision without If-Match, and
    `stale-version`.
    """
    if decides and work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await tickets.locked(work, refund_id)
    work.expect_version(ticket.version)
    work.expected_version = None
    return await _found(work, ticket, await store.get_for_update(work.session, refund_id))


def told_of(case: Case) -> dict[str, Any]:
    """The fields that all events of a request share."""
    return telling.common(case.refund, case.ticket, case.lines)


class Brought(TypedDict, total=False):
    """What a move may bring with it, as `arrived` takes it."""

    reason: str | None
    event: RefundEvent | None
    legs: Sequence[Leg]
    audit: Mapping[str, Any] | None
    waiting_on: WaitingOn | None


async def move(work: Work, case: Case, arrow: str, **brought: Unpack[Brought]) -> None:
    """Take a locked request along an arrow of its table, with all that belongs to it.

    Raises Problem `transition-refused`; nothing is changed then.
    """
    lifecycle.move(case.refund, arrow)
    await arrived(work, case, arrow, **brought)


async def arrived(
    work: Work,
    case: Case,
    arrow: str,
    *,
    reason: str | None = None,
    event: RefundEvent | None = None,
    legs: Sequence[Leg] = (),
    audit: Mapping[str, Any] | None = None,
    waiting_on: WaitingOn | None = None,
) -> None:
    """What being moved means: the event, the clocks of its legs, the ticket's status (`waiting_on` where the stage
    alone doesn't say that it waits for them), and one line in the trail, `audit` on it."""
    verb = lifecycle.door(arrow)
    case.refund.ended_at = work.now if case.stage in ENDED else None
    case.refund.goods_moved = case.refund.goods_moved or verb in _MOVES_GOODS
    if case.stage is Stage.CLOSED and case.kind is RefundKind.EXCHANGE:
        # The customer has other pieces of the line now, which may come back in their turn.
        await _free_pieces(work, case, await books.lock(work, case.refund.order_id))
    if event is not None:
        await outbox.record(work, case.refund, event)
    await tickets.run_legs(work, case.ticket, legs)
    status, waits = STATUS[case.stage]
    await tickets.follow(
        work,
        case.ticket,
        TicketStatus.WAITING if waiting_on else status,
        verb=verb,
        waiting_on=waiting_on or waits,
        outcome=OUTCOME.get(case.stage),
        reason=reason,
    )
    await write_down(work, case, verb, reason=reason, more=audit)


async def let_go(work: Work, case: Case) -> None:
    """Nothing is asked for any more: the pieces are free again, and no money of the order is in flight for it."""
    book = await books.lock(work, case.refund.order_id)
    await release(work, case, book)
    await _free_pieces(work, case, book)


async def release(work: Work, case: Case, book: Book) -> None:
    """The order keeps what was in flight for it."""
    if case.reserved:
        await books.release(work, book, case.refund.refund_id)
    for line in case.lines:
        line.reserved_minor = 0


async def write_down(
    work: Work, case: Case, verb: str, *, reason: str | None = None, more: Mapping[str, Any] | None = None
) -> None:
    """One line in the trail: what changed, in codes and sums; people write anything into a reason (X6, X7)."""
    after = audited(case.refund)
    changed = [name for name in _AUDITED if case.before.get(name) != after[name]]
    await audit.record(
        work,
        verb,
        "refund",
        case.refund.refund_id,
        before={name: case.before[name] for name in changed if name in case.before},
        after={**{name: after[name] for name in changed}, **(more or {})},
        reason=scrub(reason) if reason else None,
    )
    case.before = after


def audited(refund: Refund) -> dict[str, Any]:
    """What the trail says of a request."""
    return {name: getattr(refund, name) for name in _AUDITED}


async def _found(work: Work, ticket: Ticket, refund: Refund | None) -> Case:
    if refund is None or ticket.kind not in TICKET_KIND.values():
        raise Problem("not-found")
    return Case(refund, ticket, await store.lines_of(work.session, refund.refund_id))


async def _free_pieces(work: Work, case: Case, book: Book) -> None:
    await books.give_pieces_back(work, book, case.pieces)
    for line in case.lines:
        line.taken = False
