"""验货: what was found decides what is paid, and whose fault it was (T21, T22, T26)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.ticket.clock import ClockKind
from contracts.ticket.refund import Fault, RefundInspected, RefundKind
from kit.ids import new_id
from kit.money import Money
from kit.problems import Fault as Wrong
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.exchange import service as exchanges
from services.ticket.inbound import counting, goods, store
from services.ticket.inbound.costs import book_costs
from services.ticket.inbound.counting import Finding, Pieces
from services.ticket.inbound.models import Inspection, InspectionLine
from services.ticket.inbound.schemas import FindingCreate, Inspect
from services.ticket.refund import service as refunds
from services.ticket.refund.amount import Amount
from services.ticket.refund.case import Case
from services.ticket.refund.reckoning import Reckoned
from services.ticket.refund.telling import price
from services.ticket.ticket.service import Leg


async def inspect(work: Work, refund_id: UUID, asked: Inspect) -> Case:
    """Write down what was found; the amount follows, and is paid at once when its approval covers it (T22, T26, T28).

    Missing pieces and those that aren't ours aren't paid for; another fault moves the freight and has to be approved
    anew (T21, T25). An exchange goes on with what came back.

    Raises Problem `precondition-required`, `stale-version`, `transition-refused`, `not-found`, `invalid-request` for
    findings that don't add up or a deduction of more than the goods are worth; nothing is changed then.
    """
    case = await goods.begin(work, refund_id, "inspect", decides=True)
    stock = await goods.stock_of(work, case)
    findings = [_finding(one, place, case.refund.currency) for place, one in enumerate(asked.lines)]
    counting.expect_whole(stock, findings)
    inspection = await _inspection(work, case, asked, passed=counting.passed(findings))
    found = _Found(counting.counted(stock, findings), counting.deducted(findings), asked.fault)
    reckoned = await found.reckon(work, case)
    _expect_within(reckoned.amount, findings)
    await store.add_inspection(work.session, inspection, list(_lines(inspection, findings, stock)))
    if case.kind is RefundKind.EXCHANGE:
        await _exchange_goes_on(work, case, inspection, found, reckoned)
    else:
        await _money_goes_out(work, case, inspection, reckoned)
    await book_costs(work, case)
    return case


@dataclass(frozen=True, slots=True)
class _Found:
    """What an inspection changes in the reckoning of a request."""

    pieces: Mapping[int, int]
    deducted: Mapping[int, int]
    fault: Fault | None

    async def reckon(self, work: Work, case: Case, *, difference: int | None = None) -> Reckoned:
        """What the request gives by it (T25, T26)."""
        return await refunds.reckon(
            work, case, deducted=self.deducted, pieces=self.pieces, fault=self.fault, difference=difference
        )


async def _money_goes_out(work: Work, case: Case, inspection: Inspection, reckoned: Reckoned) -> None:
    """Pay what was found to be due, when what was approved covers it; nothing is paid for nothing."""
    payable = await refunds.settle_amount(work, case, reckoned)
    due = Money(reckoned.total, case.refund.currency) if payable else None
    await _move(work, case, inspection, due, [])
    if due is not None and due.minor:
        await refunds.pay(work, case)


async def _exchange_goes_on(
    work: Work, case: Case, inspection: Inspection, found: _Found, reckoned: Reckoned
) -> None:
    """The replacement is due now, unless it went ahead of the goods; its difference is that to what came (T22)."""
    it = await exchanges.weigh(work, case, found.pieces, reckoned.amount, reckoned.ways.again)
    weighed = await found.reckon(work, case, difference=it.exchange.difference_minor)
    await refunds.settle_amount(work, case, weighed)
    await _move(work, case, inspection, None, [] if case.refund.ahead else [(ClockKind.RESEND, "start")])
    await exchanges.after_inspection(work, case)


async def _move(work: Work, case: Case, inspection: Inspection, due: Money | None, legs: Sequence[Leg]) -> None:
    refund = case.refund
    told = RefundInspected(
        **refunds.told_of(case),
        passed=inspection.passed,
        fault_before=Fault(inspection.fault_before) if inspection.fault_before else None,
        amount=price(due.minor, due.currency) if due else None,
        deducted=price(refund.deducted_minor, refund.currency),
        payment_key=refund.payment_key if due and due.minor else None,
        inspected_by=inspection.inspected_by,
        inspected_at=inspection.inspected_at,
    )
    await refunds.move(
        work,
        case,
        "inspect",
        reason=inspection.fault_reason,
        event=told,
        legs=[(ClockKind.INSPECT, "meet"), *legs],
        audit={"round": inspection.round, "passed": inspection.passed, "deducted_minor": refund.deducted_minor},
    )


async def _inspection(work: Work, case: Case, asked: Inspect, *, passed: bool) -> Inspection:
    """The inspection as it is kept; a fault named once more as it is changes nothing."""
    before = case.refund.fault
    changes = asked.fault is not None and asked.fault != before
    return Inspection(
        inspection_id=new_id(),
        refund_id=case.refund.refund_id,
        round=await store.rounds(work.session, case.refund.refund_id) + 1,
        passed=passed,
        fault=(asked.fault or before),
        fault_before=before if changes else None,
        fault_reason=asked.fault_reason if changes else None,
        note=asked.note,
        inspected_at=work.now,
        inspected_by=work.actor.subject,
    )


def _lines(
    inspection: Inspection, findings: Sequence[Finding], stock: Mapping[int, Pieces]
) -> Iterator[InspectionLine]:
    for one in findings:
        yield InspectionLine(
            inspection_id=inspection.inspection_id,
            line_no=one.line_no,
            sound=one.sound,
            damaged=one.damaged,
            missing=one.missing,
            not_ours=one.not_ours,
            lost=stock[one.line_no].lost,
            deducted_minor=one.deducted,
        )


def _finding(one: FindingCreate, place: int, currency: str) -> Finding:
    try:
        deducted = Money.parse(one.deducted, currency).minor if one.deducted is not None else 0
    except ValueError as error:
        at = f"/lines/{place}/deducted"
        raise invalid(at, "小数位数超过该币种", "has more decimals than its currency") from error
    return Finding(one.line_no, one.sound, one.damaged, one.missing, one.not_ours, deducted)


def _expect_within(amount: Amount, findings: Sequence[Finding]) -> None:
    """Raises Problem `invalid-request` where more is deducted than the goods are worth (T26)."""
    held = {line.line_no: line.deducted for line in amount.lines}
    faults = [
        Wrong(f"/lines/{place}/deducted", "扣款超过该行货值", "is more than the goods are worth")
        for place, one in enumerate(findings)
        if one.deducted > held.get(one.line_no, 0)
    ]
    if faults:
        raise Problem("invalid-request", faults=faults)
