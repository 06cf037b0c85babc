"""After-sales under random hands: a machine that asks the real API for whatever comes to its mind, one thing after the
other and two at the same moment, and holds each answer and, after each step, the database to `refund_model`."""

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from refund_checks import DisagreementError, agree, check
from refund_desk import AGENT, ASKER, CHIEF, FINANCE, LEAD, LEFT, OTHER_CHIEF, Json, Refunds
from refund_model import KINDS, MONEY, OK, REASONS, Claim, Expected, Model, sold
from refund_swaps import Swaps
from stage import Starter
from ticket_desk import Desk

from kit.clock import FrozenClock
from kit.money import Money
from kit.testing.stage import Databases

T = TypeVar("T")
FULL = os.environ.get("KEFU_MACHINE") == "full"
RULES = frozenset({"swap", "ask", "go_on", "verb", "approve", "edit", "answer", "at_once"})
PEOPLE = (ASKER, AGENT, LEAD, CHIEF, OTHER_CHIEF, FINANCE)
VERBS = ("review", "want-evidence", "refuse", "withdraw", "close", "retry")
BODIES: dict[str, Json] = {"want-evidence": {"reason": "请补拍"}, "refuse": {"grounds": "used"}}
# Small sums that agents may approve, odd ones that don't divide, and some for which it takes two.
SUMS = st.sampled_from([1, 7, 10_00, 100_00, 99_99, 333_33, 6000_00])
LOOK = """
SELECT
  (SELECT jsonb_agg(to_jsonb(b) || jsonb_build_object('order_no', o.order_no))
     FROM order_book b JOIN shop_order o USING (order_id) WHERE o.order_no = ANY(:orders)) AS books,
  (SELECT jsonb_agg(to_jsonb(l) || jsonb_build_object('order_no', o.order_no))
     FROM order_book_line l JOIN shop_order o USING (order_id) WHERE o.order_no = ANY(:orders)) AS lines,
  (SELECT jsonb_agg(jsonb_build_object(
       'refund_id', r.refund_id, 'status', r.status, 'amount_minor', r.amount_minor,
       'payment', CASE p.status WHEN 'calling' THEN 'due' WHEN 'unknown' THEN 'due' ELSE p.status END,
       'paid', coalesce((SELECT sum(amount_minor) FROM book_entry e WHERE e.cause_id = r.refund_id AND kind = 'refunded'), 0),
       'approvals', (SELECT count(*) FROM approval a JOIN approval_case c USING (case_id, content_version)
                     WHERE a.case_id = r.refund_id AND c.status <> 'void'),
       'trail', (SELECT coalesce(jsonb_agg(action ORDER BY id), '[]') FROM audit
                 WHERE noun = 'refund' AND aggregate_id = r.refund_id AND action <> 'refuse' OR
                       noun = 'refund' AND aggregate_id = r.refund_id AND action = 'refuse' AND after ? 'status'),
       'told', (SELECT coalesce(jsonb_agg(subject ORDER BY sequence), '[]') FROM outbox
                WHERE noun = 'refund' AND aggregate_id = r.refund_id)))
     FROM refund r LEFT JOIN payment p ON p.cause_id = r.refund_id WHERE r.order_no = ANY(:orders)) AS refunds,
  (SELECT count(*) FROM approval a JOIN approval_case c USING (case_id, content_version)
     JOIN refund r ON r.refund_id = c.case_id
     WHERE r.order_no = ANY(:orders) AND a.person IN (c.requested_by_person, c.written_by_person)) AS own
"""


@dataclass
class Stage:
    """The service in this process, kept for all walks; each walk has orders of its own."""

    runner: asyncio.Runner
    refunds: Refunds
    numbers: Iterator[int]

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done on the service's own loop, which stands still in between."""
        return self.runner.run(work)

    async def look(self, orders: list[str]) -> Json:
        """All that the tables say of these orders."""
        (row,) = await self.refunds.desk.rows(LOOK, orders=orders)
        return dict(row._mapping)


@pytest.fixture
def stage(start_service: Starter, databases: Databases, clock: FrozenClock) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> Refunds:
            client = await stack.enter_async_context(start_service("ticket", database_url=databases.fresh("ticket")))
            return await Refunds(Desk(client, clock)).settle_in()

        yield Stage(runner, runner.run(begin()), count(1))
        runner.run(stack.aclose())


class AfterSales(Swaps, RuleBasedStateMachine):
    """Customers, agents and the payment side, none of whom waits for a good moment."""

    stage: ClassVar[Stage]
    least: ClassVar[int] = 0
    begins: ClassVar[Sequence[str]] = ()

    @initialize(
        lines=st.lists(st.tuples(st.integers(2, 4), SUMS), min_size=1, max_size=2),
        discount=st.sampled_from([0, 1, 100]),
        freight=st.sampled_from([0, 10_01]),
    )
    def sell(self, lines: list[tuple[int, int]], discount: int, freight: int) -> None:
        """The same goods twice: one order has left, the other hasn't; a piece of each is asked back and looked into."""
        lines = [(pieces, max(paid, self.least)) for pieces, paid in lines]
        discount = min(discount, sum(paid for _, paid in lines) - 1)
        self.model = Model(
            [
                sold(f"W-{next(self.stage.numbers)}", lines, discount=discount, freight=freight, shipped=shipped)
                for shipped in (False, True)
            ]
        )
        for order in self.model.orders:
            left = LEFT if order.shipped else {"shipped_at": None, "received_at": None}
            told = [(pieces, Money(paid).amount) for pieces, paid in lines]
            money = {"discount": Money(discount).amount, "freight": Money(freight).amount}
            self.stage.do(self.stage.refunds.order(order.number, *told, **money, **left))
        self.ask(0, "money_only", "no_reason", (1, 0), None, ASKER)
        self.ask(1, "return_and_money", "quality", (1, 0), None, ASKER)
        for index in range(len(self.model.claims)):
            self.go_on(index, CHIEF)
        for kind in self.begins:
            self.ask(1, kind, "quality", (1, 0), None, ASKER)
            for _ in range(2 if self.model.claims[-1].kind == kind else 0):
                self.go_on(len(self.model.claims) - 1, CHIEF)

    @rule(
        which=st.integers(0, 1), kind=st.sampled_from((*KINDS[:2], *KINDS)), reason=st.sampled_from(REASONS),
        counts=st.tuples(st.integers(1, 2), st.integers(0, 3)), wanted=st.sampled_from([None, None, 5, 60_00]),
        who=st.sampled_from(PEOPLE[:3]),
    )  # fmt: skip
    def ask(self, which: int, kind: str, reason: str, counts: tuple[int, int], wanted: int | None, who: UUID) -> None:
        order = self.model.orders[which]
        wanted = wanted if kind == "money_only" else None
        claim = Claim(order, kind, reason, self._pieces(order.lines, counts), wanted, who)
        # Nobody has room for more than twenty chats (T4), so these come by letter.
        body: Json = {"kind": kind, "reason": reason, "pieces": claim.pieces, "channel": "letter"}
        body["order_no"] = order.number
        if wanted is not None:
            body["wanted"] = Money(wanted).amount
        answer = self.stage.do(self.stage.refunds.try_asking(who, **body))
        agree(answer, self.model.ask(claim))
        if answer.status_code == 201:
            claim.refund_id = answer.json()["refund_id"]

    @rule(index=st.integers(0, 9), verb=st.sampled_from(VERBS), stale=st.sampled_from([False, False, False, True]))
    def verb(self, index: int, verb: str, stale: bool) -> None:
        for claim in self._one(index):
            seen = claim.version - stale
            answer = self.stage.do(self._send(claim, verb, FINANCE if verb == "retry" else AGENT, seen))
            agree(answer, self.model.verb(claim, verb, seen))

    @rule(index=st.integers(0, 9), who=st.sampled_from(PEOPLE), stale=st.sampled_from([False, False, False, True]))
    def approve(self, index: int, who: UUID, stale: bool) -> None:
        for claim in self._one(index):
            self._approve(claim, who, claim.version - stale)

    @rule(
        index=st.integers(0, 9), counts=st.tuples(st.integers(1, 3), st.integers(0, 3)),
        reason=st.sampled_from((None, *REASONS)), who=st.sampled_from((AGENT, LEAD)),
    )  # fmt: skip
    def edit(self, index: int, counts: tuple[int, int], reason: str | None, who: UUID) -> None:
        for claim in self._one(index):
            if claim.swapped:  # what was chosen for other goods is chosen anew, which is a story of its own
                continue
            pieces = self._pieces(claim.sold.lines, counts)
            lines = [{"line_no": line_no, "quantity": many} for line_no, many in pieces.items()]
            body: Json = {"lines": lines, **({"reason": reason} if reason else {})}
            refund = {"refund_id": claim.refund_id}
            answer = self.stage.do(self.stage.refunds.edit(refund, who, match=claim.version, **body))
            agree(answer, self.model.edit(claim, who, pieces, reason or claim.reason, claim.version))

    @rule(index=st.integers(0, 9), who=st.sampled_from(PEOPLE[2:]))
    def go_on(self, index: int, who: UUID) -> None:
        """Whatever comes next for it, so that walks lead somewhere."""
        for claim in self._one(index):
            match claim.stage:
                case "requested":
                    agree(self.stage.do(self._send(claim, "review", AGENT, None)), self.model.verb(claim, "review"))
                case "waiting_for_goods" if claim.approved:
                    self._come_back(claim)
                case "approved" | "inspected" | "sent" | "received" if claim.approved and claim.kind not in MONEY:
                    self._send_on(claim)
                case "under_review" | "inspected" | "waiting_for_goods":
                    self._approve(claim, who, claim.version)
                case "paying" | "pay_failed":
                    self._answer(claim, "paid", retryable=True)

    @rule(
        index=st.integers(0, 9), result=st.sampled_from(["paid", "paid", "failed"]), retryable=st.booleans(),
        earlier=st.integers(0, 2),
    )  # fmt: skip
    def answer(self, index: int, result: str, retryable: bool, earlier: int) -> None:
        """The payment side answers: for the first time, once more, late, or what it said earlier."""
        for claim in _nth(index, [one for one in self.model.claims if one.payment]):
            self._answer(claim, result, retryable=retryable, earlier=earlier)

    @rule(
        indexes=st.tuples(st.integers(0, 9), st.integers(0, 9)),
        second=st.sampled_from(["approve", "withdraw", "edit"]),
    )
    def at_once(self, indexes: tuple[int, int], second: str) -> None:
        """Two at the same moment come to what one after the other would have come to, in either order."""
        # Two of the same order that wait for a decision, or the same one twice.
        reviewed = [claim for claim in self.model.claims if claim.stage == "under_review"] or self.model.claims
        for one in _nth(indexes[0], reviewed):
            for other in _nth(indexes[1], [claim for claim in reviewed if claim.sold is one.sold]):
                self._race(one, other, second)

    @invariant()
    def everything_adds_up(self) -> None:
        if hasattr(self, "model"):
            found = self.stage.do(self.stage.look([order.number for order in self.model.orders]))
            check(self.model, found)

    def _one(self, index: int) -> Sequence[Claim]:
        """One of the requests, as long as there is any. What is drawn never depends on what became of a race."""
        return _nth(index, self.model.claims)

    def _race(self, one: Claim, other: Claim, second: str) -> None:
        seen = one.version, other.version
        if second == "edit" and other.swapped:
            return

        async def race() -> tuple[httpx.Response, httpx.Response]:
            first = self._send(one, "approve", CHIEF, seen[0])
            if second == "edit":
                refund, lines = {"refund_id": other.refund_id}, [{"line_no": 1, "quantity": 1}]
                return await asyncio.gather(first, self.stage.refunds.edit(refund, AGENT, match=seen[1], lines=lines))
            return await asyncio.gather(first, self._send(other, second, OTHER_CHIEF, seen[1]))

        def first_step(model: Model) -> Expected:
            return model.approve(_same(model, one), CHIEF, seen[0])

        def second_step(model: Model) -> Expected:
            claim = _same(model, other)
            if second == "edit":
                return model.edit(claim, AGENT, {1: 1}, claim.reason, seen[1])
            if second == "approve":
                return model.approve(claim, OTHER_CHIEF, seen[1])
            return model.verb(claim, second, seen[1])

        answers = self.stage.do(race())
        self.model = one_of_both_orders(self.model, first_step, second_step, answers)
        for claim, answer in zip((one, other), answers, strict=True):
            self._note(_same(self.model, claim), answer)

    @staticmethod
    def _pieces(lines: Any, counts: tuple[int, int]) -> dict[int, int]:
        return {line_no: many for line_no, many in zip(lines, counts, strict=False) if many}

    async def _send(self, claim: Claim, verb: str, who: UUID, seen: int | None) -> httpx.Response:
        refund = {"refund_id": claim.refund_id}
        return await self.stage.refunds.verb(refund, verb, who, match=seen, **BODIES.get(verb, {}))

    def _approve(self, claim: Claim, who: UUID, seen: int) -> None:
        answer = self.stage.do(self._send(claim, "approve", who, seen))
        agree(answer, self.model.approve(claim, who, seen))
        self._note(claim, answer)

    def _answer(self, claim: Claim, result: str, *, retryable: bool, earlier: int = 0) -> None:
        again = result == "failed" and earlier and claim.failures
        number = min(earlier, claim.failures) if again else claim.failures + 1
        reference = "paid" if result == "paid" else f"failed-{number}"
        expected = OK if again else self.model.answer(claim, result, retryable=retryable)
        agree(self.stage.do(self._pay(claim, result, reference, retryable)), expected)

    def _note(self, claim: Claim, answer: httpx.Response) -> None:
        """The number under which it is paid: fixed with the approval, the same ever after."""
        key = answer.json().get("payment_key") if answer.status_code == 200 else None
        assert claim.payment_key in (None, key) or key is None
        claim.payment_key = claim.payment_key or key

    def _come_back(self, claim: Claim) -> None:
        lines = [{"line_no": line_no, "quantity": many} for line_no, many in claim.pieces.items()]
        refund = {"refund_id": claim.refund_id}
        received = self.stage.do(self.stage.refunds.verb(refund, "receipts", AGENT, match=None, lines=lines))
        agree(received, self.model.receive(claim))
        sound = [{"line_no": line_no, "sound": many} for line_no, many in claim.pieces.items()]
        inspected = self.stage.do(self.stage.refunds.verb(refund, "inspect", LEAD, match=claim.version, lines=sound))
        agree(inspected, self.model.inspect(claim, LEAD))

    async def _pay(self, claim: Claim, result: str, reference: str, retryable: bool) -> httpx.Response:
        said: Json = {
            "payment_key": claim.payment_key, "result": result, "at": "2026-11-21T12:00:00+08:00",
            "payment_reference": f"{claim.refund_id[-12:]}-{reference}", "amount": Money(claim.amount).amount,
            "currency": "CNY",
        }  # fmt: skip
        if result == "failed":
            said |= {"failure": "account_closed", "retryable": retryable}
        return await self.stage.refunds.desk.call("POST", "/v1/payments/answers", "service", json=said)


def one_of_both_orders(
    model: Model, first: Callable[[Model], Expected], second: Callable[[Model], Expected],
    answers: tuple[httpx.Response, httpx.Response],
) -> Model:  # fmt: skip
    """The model after whichever order explains both answers; none does: they didn't wait for each other."""
    said = [(one.status_code, one.json().get("type", "").removeprefix("/problems/") or None) for one in answers]
    said = [(status, problem if status >= 400 else None) for status, problem in said]
    told = []
    for steps in ((0, 1), (1, 0)):
        after = deepcopy(model)
        foretold: list[Expected] = [OK, OK]
        for step in steps:
            foretold[step] = (first, second)[step](after)
        if said == foretold:
            return after
        told.append(foretold)
    texts = " and ".join(one.text for one in answers)
    raise DisagreementError(f"neither {told[0]} nor {told[1]}: {texts}")


def _nth(index: int, claims: Sequence[Claim]) -> Sequence[Claim]:
    return [claims[index % len(claims)]] if claims else []


def _same(model: Model, claim: Claim) -> Claim:
    return next(one for one in model.claims if one.refund_id == claim.refund_id)


def walk(
    stage: Stage,
    *,
    examples: int | None = None,
    steps: int | None = None,
    without: Collection[str] = (),
    least: int = 0,
    begins: Sequence[str] = (),
) -> None:
    """Random walks on that stage: a few short ones, or as many as the issue asks for. No line costs less than `least`;
    one more request of each kind in `begins` is approved already. Raises what they find."""
    how = settings(
        max_examples=examples or (200 if FULL else 5),
        stateful_step_count=steps or (30 if FULL else 15),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        derandomize=not FULL,
        database=None,
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )
    left_out: dict[str, Any] = dict.fromkeys(without)
    machine = type("AfterSalesHere", (AfterSales,), {"stage": stage, "least": least, "begins": begins, **left_out})
    run_state_machine_as_test(machine, settings=how)


def walk_into_it(stage: Stage, *rules: str, least: int = 0) -> None:
    """Random walks that have to find the bug that was planted there; with all rules, or sooner with those that it is
    about and those that lead to it."""
    others = set() if FULL else RULES - {*rules, "ask", "go_on"}
    DisagreementError.seen.clear()
    with pytest.raises((DisagreementError, Flaky)):  # what a race did once, it needn't do again
        walk(stage, examples=200, steps=30, without=others, least=0 if FULL else least)
    assert DisagreementError.seen
