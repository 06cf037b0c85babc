"""What after-sales has to do, said once more and in another way: a model that foretells each answer of the API, the
line in the trail, the events and the money (T20 to T28, T55). `refund_checks` holds the database to it.

It knows nothing of the code but the drawings of `test_refund_stages`, which were written by hand.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from refund_sums import half_up, spread, steps_left
from test_refund_stages import DRAWINGS, read

from contracts.ticket.refund import RefundKind

KINDS = tuple(kind.value for kind in RefundKind)
STAGES = {kind.value: read(drawing) for kind, drawing in DRAWINGS.items()}
GOODS_BACK, MONEY = ("return_and_money", "exchange"), ("money_only", "return_and_money")
OURS, NEVER_ARRIVED = ("quality", "late"), ("lost_in_transit",)
REASONS = ("no_reason", *OURS, *NEVER_ARRIVED)
TOLD = {
    "request": "refund.requested", "refuse": "refund.refused", "withdraw": "refund.withdrawn",
    "retry": "refund.approved", "paid": "refund.paid", "fail": "refund.failed", "inspect": "refund.inspected",
    "receive-goods": "refund.goods_received",
}  # fmt: skip
LIMITS = {"agent": 50_00, "supervisor": 500_00, "manager": None}
TWO_ABOVE, SECOND = 5_000_00, {"manager", "finance"}
DONE = (200, None)


class Expected(NamedTuple):
    """What the API must answer: the status, and the problem where it is one."""

    status: int
    problem: str | None = None


OK, CREATED = Expected(200), Expected(201)
UNDRAWN = Expected(409, "transition-refused")


class Line(NamedTuple):
    """A line as it was paid: pieces, goods net of the discount, and its part of the delivery."""

    quantity: int
    goods: int
    freight: int


@dataclass
class Sold:
    """An order, and what of it has been asked for."""

    number: str
    shipped: bool
    lines: dict[int, Line]
    claims: list["Claim"] = field(default_factory=list)

    @property
    def paid(self) -> int:
        return sum(line.goods + line.freight for line in self.lines.values())

    @property
    def in_flight(self) -> int:
        return sum(claim.in_book for claim in self.claims if claim.payment != "paid")

    @property
    def refunded(self) -> int:
        return sum(claim.amount for claim in self.claims if claim.payment == "paid")

    def taken(self, line_no: int, *, besides: "Claim | None" = None) -> list["Claim"]:
        """The requests that pieces of the line go back for."""
        return [one for one in self.claims if one is not besides and one.takes and line_no in one.shares]

    def gone(self, line_no: int, part: int | None, *, besides: "Claim | None" = None) -> int:
        """Money of a line that is with the customer or on its way: for goods (0), for its delivery (1), or all."""
        held = [one.held.get(line_no, (0, 0)) for one in self.claims if one is not besides]
        return sum(sum(given) if part is None else given[part] for given in held)


@dataclass
class Claim:
    """A request."""

    sold: Sold
    kind: str
    reason: str
    pieces: dict[int, int]
    wanted: int | None
    requester: object
    stage: str = "requested"
    refund_id: str = ""
    version: int = 1
    writer: object = None
    approvals: list[object] = field(default_factory=list)
    approved: bool = False
    shares: dict[int, tuple[int, int]] = field(default_factory=dict)
    gives: dict[int, tuple[int, int]] = field(default_factory=dict)
    held: dict[int, tuple[int, int]] = field(default_factory=dict)
    payment: str | None = None
    payment_key: str | None = None
    retryable: bool = True
    failures: int = 0
    moved: bool = False
    replacement: str = "ready"
    price: int | None = None
    difference: int = 0
    topped_up: int = 0
    priced: int = 0
    trail: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return sum(sum(given) for given in self.gives.values())

    @property
    def in_book(self) -> int:
        """What the order's book holds, or has given, for it."""
        return sum(sum(given) for given in self.held.values())

    @property
    def takes(self) -> bool:
        """Whether nobody else can ask for its pieces as long as it stands."""
        if self.stage in ("refused", "withdrawn") or (self.stage, self.kind) == ("closed", "exchange"):
            return False
        if self.kind == "money_only":
            return not self.sold.shipped or self.reason in NEVER_ARRIVED
        return self.kind in GOODS_BACK

    @property
    def allowed(self) -> set[str]:
        """The doors that its stage has."""
        drawn = {arrow.partition("/")[0] for arrow in STAGES[self.kind].get(self.stage, {})}
        drawn -= {"edit"} if self.moved else set()
        drawn -= {"approve"} if self.approved else set()
        drawn -= {"retry"} if self.kind == "exchange" and self.payment != "failed" else set()
        return drawn - ({"close"} if self.stage == "inspected" and self.amount else set())

    def go(self, arrow: str, *told: str) -> None:
        """Along an arrow of the drawing, with one line in the trail and one version."""
        verb = arrow.partition("/")[0]
        self.stage = STAGES[self.kind][self.stage][arrow]
        self.version += 1
        self.trail.append(verb)
        self.told += told or ([TOLD[verb]] if verb in TOLD else [])

    def let_go(self) -> None:
        """Neither money nor an approval is held for it."""
        self.approved = False
        self.approvals, self.held = [], {}

    # What it gives, worked out from scratch.

    def weigh(self) -> None:
        """Its pieces' worth, and what of it is given."""
        shares, gives = {}, {}
        for line_no, count in self.pieces.items():
            line = self.sold.lines[line_no]
            share = self._share(line_no, line, count)
            left = line.goods - self.sold.gone(line_no, 0, besides=self)
            goods = min(share[0], left) if self.kind in MONEY else 0
            shares[line_no], gives[line_no] = share, (goods, share[1] if self._freight_is_given() else 0)
        self.shares, self.gives = shares, gives

    @property
    def swapped(self) -> bool:
        """Whether somebody has done something about what is sent instead."""
        return self.price is not None or self.replacement != "ready"

    @property
    def owed(self) -> int:
        """What is to be added before a dearer article is sent."""
        return max(self.difference - self.topped_up, 0)

    def weigh_difference(self) -> None:
        """Of an exchange a cheaper article gives its difference, as far as anything of the order is left."""
        left = {one: self.sold.lines[one].goods - self.sold.gone(one, 0, besides=self) for one in self.shares}
        full = [min(share[0], left[one]) for one, share in self.shares.items()]
        others = sum(one.in_book for one in self.sold.claims if one is not self)
        most = min(sum(full), max(-self.difference, 0), self.sold.paid - others)
        parts = spread(most, full) if most < sum(full) else full
        self.gives = {one: (part, 0) for one, part in zip(self.shares, parts, strict=True)}

    def _share(self, line_no: int, line: Line, count: int) -> tuple[int, int]:
        others = self.sold.taken(line_no, besides=self)
        if not self.takes:
            return half_up(line.goods * count, line.quantity), half_up(line.freight * count, line.quantity)
        together = count + sum(one.pieces[line_no] for one in others)
        return (
            max(half_up(line.goods * together, line.quantity) - sum(one.shares[line_no][0] for one in others), 0),
            max(half_up(line.freight * together, line.quantity) - sum(one.shares[line_no][1] for one in others), 0),
        )

    def _freight_is_given(self) -> bool:
        if self.kind == "money_only":
            return not self.sold.shipped or self.reason in NEVER_ARRIVED
        return self.kind == "return_and_money" and self.reason != "no_reason"


@dataclass
class Model:
    """All orders of one example."""

    orders: list[Sold]

    @property
    def claims(self) -> list[Claim]:
        return [claim for sold in self.orders for claim in sold.claims]

    def ask(self, claim: Claim) -> Expected:
        """What asking for it comes to."""
        if not claim.sold.shipped and claim.kind != "money_only":
            return Expected(422, "invalid-request")
        refusal = _too_many(claim) or _no_money(claim)
        if refusal is not None:
            return refusal
        claim.sold.claims.append(claim)
        claim.writer = claim.requester
        claim.trail, claim.told = ["request"], ["refund.requested"]
        return CREATED

    def edit(self, claim: Claim, who: object, pieces: dict[int, int], reason: str, seen: int) -> Expected:
        """What putting it right comes to."""
        if (refusal := _not_now(claim, "edit", seen)) is not None:
            return refusal
        before = dict(vars(claim))
        if (pieces, reason) == (claim.pieces, claim.reason):
            _no_money(claim, dict(claim.shares) if claim.takes else {})
            now = claim.amount
            vars(claim).update(before)
            if now == claim.amount:
                return OK
        kept = {one: claim.shares[one] for one in pieces if claim.takes and pieces[one] == claim.pieces.get(one)}
        claim.pieces, claim.reason = pieces, reason
        claim.let_go()
        refusal = _too_many(claim) or _no_money(claim, kept if claim.takes else {})
        if refusal is not None:
            vars(claim).update(before)
            return refusal
        claim.writer = who
        claim.go("edit")
        return OK

    def approve(self, claim: Claim, who: object, seen: int) -> Expected:
        """What one person's approval comes to (T28)."""
        if (refusal := _not_now(claim, "approve", seen)) is not None:
            return refusal
        if who in (claim.requester, claim.writer, *claim.approvals):
            return Expected(403, "own-request")
        steps = self._steps(claim)
        before, after = steps_left(steps, claim.approvals), steps_left(steps, [*claim.approvals, who])
        if before == after > 0:
            return Expected(403, "beyond-authority")
        if after:
            claim.approvals.append(who)
            claim.go("approve/in_part")
            return OK
        if self._beyond_the_book(claim):
            return Expected(409, "more-than-kept")
        claim.approvals.append(who)
        claim.approved, claim.held = True, dict(claim.gives)
        claim.go("approve/complete", "refund.approved")
        if claim.stage == "paying":
            claim.payment = "due"
        return OK

    def verb(self, claim: Claim, verb: str, seen: int | None = None) -> Expected:
        """What any other verb comes to."""
        if (refusal := _not_now(claim, verb, seen)) is not None:
            return refusal
        if verb == "refuse" and claim.stage == "pay_failed" and claim.retryable:
            return UNDRAWN
        if verb == "retry":
            if not claim.retryable:
                return UNDRAWN
            claim.payment = "due"
        claim.go("close/nothing" if (verb, claim.stage) == ("close", "inspected") else verb)
        if verb in ("refuse", "withdraw"):
            claim.let_go()
        return OK

    def receive(self, claim: Claim) -> Expected:
        """All its goods come back."""
        if "receive-goods" not in claim.allowed:
            return UNDRAWN
        claim.go("receive-goods")
        claim.moved = True
        return CREATED

    def inspect(self, claim: Claim, who: object) -> Expected:
        """All of them are sound: what was approved is paid, or their replacement may go."""
        if claim.kind == "exchange":
            self.settle(claim, who)
        claim.go("inspect")
        if claim.amount and claim.kind != "exchange":
            claim.payment = "due"
            claim.go("pay")
        return OK

    def settle(self, claim: Claim, who: object) -> None:
        """What its replacement costs more or less is held against what was approved: more is approved anew."""
        before = dict(claim.gives), claim.priced
        covers = claim.amount if claim.approved else -1
        claim.weigh_difference()
        claim.priced = claim.difference
        if claim.amount <= covers:
            claim.held = dict(claim.gives)
            return
        claim.approved = False
        if (dict(claim.gives), claim.priced) != before:
            claim.approvals, claim.writer = [], who

    def answer(self, claim: Claim, result: str, *, retryable: bool) -> Expected:
        """What the payment side says, at most once each (T22)."""
        if result == "paid" and claim.payment != "paid":
            claim.payment = "paid"
            claim.go("paid")
        elif result == "failed" and claim.payment == "due":
            claim.payment, claim.retryable = "failed", retryable
            claim.failures += 1
            claim.go("fail")
        return OK

    def _steps(self, claim: Claim) -> list[set[str]]:
        """Who has to approve: the limits are on the order's cumulative sum."""
        others = sum(one.amount for one in claim.sold.claims if one is not claim and one.approved)
        whole = claim.amount + others
        reaching = {role for role, most in LIMITS.items() if most is None or whole <= most}
        return [reaching, SECOND] if whole > TWO_ABOVE else [reaching]

    def _beyond_the_book(self, claim: Claim) -> bool:
        sold = claim.sold
        kept = sold.paid - sold.in_flight - sold.refunded + claim.in_book
        return claim.amount > kept or any(
            sum(given) > line.goods + line.freight - sold.gone(line_no, None, besides=claim)
            for line_no, given in claim.gives.items()
            for line in [sold.lines[line_no]]
        )


def sold(number: str, lines: list[tuple[int, int]], *, discount: int, freight: int, shipped: bool) -> Sold:
    """An order of these lines (pieces, paid before the discount)."""
    sums = [paid for _, paid in lines]
    goods, delivery = spread(sum(sums) - discount, sums), spread(freight, sums)
    parts = zip(lines, goods, delivery, strict=True)
    told = {place: Line(pieces, worth, way) for place, ((pieces, _), worth, way) in enumerate(parts, start=1)}
    return Sold(number, shipped, told)


def _not_now(claim: Claim, verb: str, seen: int | None) -> Expected | None:
    if seen is not None and seen != claim.version:
        return Expected(412, "stale-version")
    return None if verb in claim.allowed else UNDRAWN


def _too_many(claim: Claim) -> Expected | None:
    for line_no, count in claim.pieces.items():
        others = sum(one.pieces[line_no] for one in claim.sold.taken(line_no, besides=claim))
        if count > claim.sold.lines[line_no].quantity - others:
            return Expected(409, "more-than-bought")
    return None


def _no_money(claim: Claim, kept: dict[int, tuple[int, int]] | None = None) -> Expected | None:
    """Weighs it; pieces that are the same as before stay worth what they were."""
    claim.weigh()
    for line_no, share in (kept or {}).items():
        claim.shares[line_no] = share
        left = claim.sold.lines[line_no].goods - claim.sold.gone(line_no, 0, besides=claim)
        goods = min(share[0], left) if claim.kind in MONEY else 0
        claim.gives[line_no] = (goods, share[1] if claim._freight_is_given() else 0)
    if claim.kind not in MONEY:
        return None
    if claim.wanted is not None:
        if claim.wanted > claim.amount:
            return Expected(422, "invalid-request")
        wanted = spread(claim.wanted, [sum(given) for given in claim.gives.values()])
        for (line_no, (_, freight)), most in zip(list(claim.gives.items()), wanted, strict=True):
            claim.gives[line_no] = (most - min(freight, most), min(freight, most))
    return None if claim.amount else Expected(409, "more-than-kept")
