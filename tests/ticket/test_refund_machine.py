"""T20 to T28, T55, T56: after-sales under random hands, on the real API and the real database.

`make test` takes a few short walks; KEFU_MACHINE=full takes 200 of 30 steps each. Five bugs, planted one by one with the
guards of the database that would hide them out of the way, each have to be found.
"""

from fractions import Fraction

import pytest
from refund_walks import FULL, Stage, stage, walk, walk_into_it

from kit.money import round_half_up
from kit.principals import Principal
from kit.work import Work
from services.ticket.approval import lifecycle as approvals
from services.ticket.approval.lifecycle import CaseLike, Content, person_of
from services.ticket.book import store as books
from services.ticket.book.ledger import EntryKind
from services.ticket.payment.port import Answer
from services.ticket.payment.service import Payment, PaymentStatus
from services.ticket.payout import applying
from services.ticket.payout.applying import Outcome, Verdict
from services.ticket.refund import amount
from services.ticket.refund import store as refunds
from services.ticket.refund.amount import AskedLine, PaidLine, Share
from services.ticket.ticket import store as tickets

__all__ = ["stage"]
_CHECKS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype = 'c' AND conrelid::regclass::text IN ('order_book', 'order_book_line')
"""
_GUARDED = ("approval", "approval_case", "payment", "book_entry")


@pytest.mark.timeout(3600 if FULL else 120)
def test_after_sales_under_random_hands(stage: Stage) -> None:
    """Sums, stages, one line of the trail and the right events for each change; nobody approves their own."""
    walk(stage)


@pytest.mark.timeout(3600 if FULL else 120)
def test_replacements_under_random_hands(stage: Stage) -> None:
    """T22, T25: exchanges and resends to their end: dearer, cheaper, out of stock, sent, lost, received, closed."""
    if FULL:
        walk(stage, begins=("exchange", "resend"))
    else:
        walk(stage, begins=("exchange", "resend"), without=("at_once", "edit", "verb"), examples=3, steps=20)


@pytest.fixture
def unguarded(stage: Stage) -> Stage:
    """The same without what the database holds by itself."""
    desk = stage.refunds.desk

    async def disarm() -> None:
        for row in await desk.rows(_CHECKS):
            await desk.change(row[0])
        for table in _GUARDED:
            await desk.change(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await desk.change("DROP INDEX uq_book_entry_refunded")

    stage.do(disarm())
    return stage


def test_the_service_keeps_its_word_without_them(unguarded: Stage) -> None:
    """So that what is found below is the planted bug, and not a guard that is missing."""
    walk(unguarded, examples=2)


def test_a_missing_row_lock_is_found(unguarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """T55, I1: two who decide about the same request at the same moment both see it undecided."""
    monkeypatch.setattr(tickets, "get_for_update", tickets.get)
    monkeypatch.setattr(refunds, "get_for_update", refunds.get)
    walk_into_it(unguarded, "at_once")


def test_a_self_approval_is_found(unguarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """T28, T56: whoever asked for it, wrote it or approved it already approves it."""
    monkeypatch.setattr(approvals, "is_own", lambda case, person, approved_already: False)
    walk_into_it(unguarded, "approve")


def test_an_approval_that_survives_an_edit_is_found(unguarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """T28: the content changes, and what was approved of the old one goes on counting."""

    def revise(case: CaseLike, content: Content, by: Principal) -> None:
        case.content_digest, case.written_by_person = content.digest, person_of(by)
        case.amount_minor, case.reason = content.amount_minor, content.reason

    monkeypatch.setattr(approvals, "revise", revise)
    walk_into_it(unguarded, "approve", "edit", least=20_000_00)  # so much that it takes two


def test_a_late_answer_applied_twice_is_found(unguarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """T22, T55: the payment side says it once more, and the order's book gives it once more."""
    take_paid = applying._take_paid

    async def careless(work: Work, payment: Payment, answer: Answer) -> Outcome:
        if payment.status == PaymentStatus.PAID:
            paid = {1: payment.amount_minor}
            await books.post(work.session, payment.order_id, EntryKind.REFUNDED, payment.cause_id, paid, work.now)
            return Outcome(Verdict.APPLIED, payment)
        return await take_paid(work, payment, answer)

    monkeypatch.setattr(applying, "_take_paid", careless)
    walk_into_it(unguarded, "answer")


def test_a_lost_remainder_is_found(unguarded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """T26: each piece by itself: three for 100.00 are 33.33, 33.33, 33.33."""

    def alone(line: PaidLine, asked: AskedLine, worth: Share) -> Share:
        return Share(*(round_half_up(Fraction(whole * asked.quantity, line.quantity)) for whole in worth))

    monkeypatch.setattr(amount, "_share_of", alone)
    walk_into_it(unguarded, "edit", least=99_99)
