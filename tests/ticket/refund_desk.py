"""After-sales as its tests work with it: paid orders, requests, who reviews and who approves them, and a payment side
that answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from stage import NOON
from ticket_desk import Desk, a_colleague, under_a_key

from kit.ids import new_id
from kit.money import Money
from kit.principals import system
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payout.applying import take_answers

ASKER, AGENT, LEAD, CHIEF, OTHER_CHIEF, FINANCE = (new_id() for _ in range(6))
ROLE_OF = {
    ASKER: "agent", AGENT: "agent", LEAD: "supervisor", CHIEF: "manager", OTHER_CHIEF: "manager", FINANCE: "finance",
}  # fmt: skip
PLACED = "2026-11-10T10:00:00+08:00"
PAID = "2026-11-10T10:01:00+08:00"
SHIPPED = "2026-11-11T10:00:00+08:00"
RECEIVED = "2026-11-20T10:00:00+08:00"
LEFT = {"shipped_at": SHIPPED, "received_at": RECEIVED}
Json = dict[str, Any]


@dataclass
class Refunds:
    """The after-sales desk."""

    desk: Desk
    answers: int = field(default=0)

    async def settle_in(self) -> "Refunds":
        """The people become known."""
        staffed = {one: role for one, role in ROLE_OF.items() if role != "finance"}
        people = [a_colleague(f"花名{n}", staff_id=one, role=staffed[one]) for n, one in enumerate(staffed)]
        await self.desk.hear(*people)
        return self

    async def order(
        self, number: str = "A-1", *lines: tuple[int, str], discount: str = "0", freight: str = "0", **facts: Any
    ) -> Json:
        """A paid order of these lines (pieces, paid for all of them); shipped and received unless `facts` say else."""
        sold = [
            {"line_no": place, "sku": f"SKU-{place}", "quantity": pieces, "paid_total": amount}
            for place, (pieces, amount) in enumerate(lines or [(2, "40.00")], start=1)
        ]
        due = sum(Money.parse(amount).minor for _, amount in lines or [(2, "40.00")])
        due += Money.parse(freight).minor - Money.parse(discount).minor
        told = {
            "lines": sold, "discount": discount, "freight": freight, "paid": Money(due).amount, "placed_at": PLACED,
            "paid_at": PAID, "payer_token": "payer-1", **LEFT, **facts,
        }  # fmt: skip
        return await self.desk.put(number, **{name: fact for name, fact in told.items() if fact is not None})

    async def call(
        self, method: str, path: str, who: UUID = ASKER, *, json: object = None, match: int | None = None,
        by: Json | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One request by that member of staff, or as `by` says."""
        claims = dict(by or {"role": ROLE_OF[who], "staff_id": who})
        role = claims.pop("role")
        return await self.desk.call(method, path, role, json=json, headers=under_a_key(match), **claims)

    async def try_asking(self, who: UUID = ASKER, *, by: Json | None = None, **asked: Any) -> httpx.Response:
        """Ask for something: two pieces of the first line back, unless told otherwise."""
        return await self.call("POST", "/v1/refunds", who, json=wish(**asked), by=by)

    async def ask(self, who: UUID = ASKER, **asked: Any) -> Json:
        """Ask for something; it must be taken."""
        answer = await self.try_asking(who, **asked)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def quote(self, who: UUID = ASKER, *, by: Json | None = None, **asked: Any) -> httpx.Response:
        """What it would give."""
        return await self.call("POST", "/v1/refunds/quotes", who, json=wish(**asked), by=by)

    async def get(self, refund: Json, who: UUID = ASKER, *, by: Json | None = None) -> Json:
        """The request as it is now."""
        answer = await self.call("GET", f"/v1/refunds/{refund['refund_id']}", who, by=by)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def verb(
        self, refund: Json, verb: str, who: UUID = AGENT, *, match: int | None = -1, by: Json | None = None,
        **body: Any,
    ) -> httpx.Response:  # fmt: skip
        """Ask for a verb, with the version that is present unless told otherwise."""
        if match == -1:
            match = (await self.get(refund))["ticket"]["version"]
        path = f"/v1/refunds/{refund['refund_id']}/{verb}"
        return await self.call("POST", path, who, json=body or None, match=match, by=by)

    async def done(self, refund: Json, verb: str, who: UUID = AGENT, **body: Any) -> Json:
        """Ask for a verb; it must be done."""
        answer = await self.verb(refund, verb, who, **body)
        assert answer.status_code == 200, f"{verb}: {answer.text}"
        return dict(answer.json())

    async def edit(self, refund: Json, who: UUID = AGENT, *, match: int | None = -1, **body: Any) -> httpx.Response:
        """Put it right."""
        if match == -1:
            match = (await self.get(refund))["ticket"]["version"]
        return await self.call("PATCH", f"/v1/refunds/{refund['refund_id']}", who, json=body, match=match)

    async def approved(self, *approvers: UUID, **asked: Any) -> Json:
        """A request that was reviewed and approved by these, the chief unless told otherwise."""
        refund = await self.done(await self.ask(**asked), "review")
        for who in approvers or (CHIEF,):
            refund = await self.done(refund, "approve", who)
        return refund

    async def answered(
        self, refund: Json, result: str = "paid", *, retryable: bool = True, reference: str | None = None,
        amount: str | None = None, at: datetime = NOON,
    ) -> Any:  # fmt: skip
        """The payment side answers; what became of the answer."""
        self.answers += 1
        answer = Answer(
            number=UUID(refund["payment_key"]),
            result=Result(result),
            reference=reference or f"pay-{self.answers}",
            amount=Money.parse(amount or refund["amount"]["amount"]),
            at=at,
            failure=None if result == "paid" else "account_closed",
            retryable=retryable,
        )
        async with self.desk.client.transactions.begin(system("test")) as work:
            (outcome,) = await take_answers(work, [answer], Way.SENT)
        return outcome

    async def book(self, number: str = "A-1") -> tuple[int, int, int, int]:
        """Paid, kept, in flight, refunded; their sum is checked (T55)."""
        (row,) = await self.desk.rows(
            "SELECT b.* FROM order_book b JOIN shop_order o USING (order_id) WHERE o.order_no = :number",
            number=number,
        )
        assert row.paid_minor == row.kept_minor + row.in_flight_minor + row.refunded_minor
        return row.paid_minor, row.kept_minor, row.in_flight_minor, row.refunded_minor

    async def written(self) -> dict[str, Any]:
        """All that was written down about requests, tickets, books, events and the trail."""
        tables = ("refund", "refund_line", "order_book", "order_book_line", "ticket", "clock", "payment", "approval")
        found = {}
        for table in tables:
            rows = await self.desk.rows(f"SELECT to_jsonb(t) AS row FROM {table} t")
            found[table] = sorted(str(one.row) for one in rows)
        (counts,) = await self.desk.rows(
            "SELECT (SELECT count(*) FROM outbox) AS events, (SELECT count(*) FROM audit WHERE action <> 'refuse') AS audits"
        )
        return {**found, "counts": (counts.events, counts.audits)}


def wish(**asked: Any) -> Json:
    """A request in the words of HTTP: two pieces of the first line, back for their quality."""
    pieces = asked.pop("pieces", {1: 2})
    lines = [{"line_no": line_no, "quantity": count} for line_no, count in pieces.items()]
    return {"order_no": "A-1", "kind": "return_and_money", "reason": "quality", "lines": lines, **asked}


def problem(answer: httpx.Response, status: int) -> str:
    """What a refused request was told; it must be that status."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["type"].removeprefix("/problems/"))
