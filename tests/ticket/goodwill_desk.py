"""Goodwill as its tests work with it: paid orders with a ticket, who offers and who approves, a payment side that
answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from stage import NOON
from ticket_desk import PAID, Desk, under_a_key

from kit.ids import new_id
from kit.money import Money
from kit.principals import system
from services.ticket.payment.port import Answer, Result, Way
from services.ticket.payout.applying import take_answers

OFFERS, AGENT, LEAD, CHIEF, FINANCE = (new_id() for _ in range(5))
ROLE_OF = {OFFERS: "agent", AGENT: "agent", LEAD: "supervisor", CHIEF: "manager", FINANCE: "finance"}
Json = dict[str, Any]


@dataclass
class GoodwillDesk:
    """The desk that gives a little back."""

    desk: Desk
    answers: int = 0

    async def ticket(self, number: str = "A-1", amount: str = "200.00", **facts: Any) -> Json:
        """A ticket about a paid order of one line."""
        line = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": amount}
        paid = {"lines": [line], "paid": amount, "paid_at": PAID, "payer_token": "payer-1"}
        await self.desk.put(number, **{**paid, **facts})
        return await self.desk.open(order_no=number, by={"staff_id": OFFERS})

    async def call(
        self, method: str, path: str, who: UUID = OFFERS, *, json: object = None, match: int | None = None, **by: Any
    ) -> httpx.Response:
        claims = {"role": ROLE_OF[who], "staff_id": who, **by}
        role = claims.pop("role")
        return await self.desk.call(method, path, role, json=json, headers=under_a_key(match), **claims)

    async def try_offering(
        self, ticket: Json, amount: str = "10.00", who: UUID = OFFERS, **facts: Any
    ) -> httpx.Response:
        body = {"line_no": 1, "amount": amount, "defect": "外盒压痕", **facts}
        return await self.call("POST", f"/v1/tickets/{ticket['ticket_id']}/goodwill", who, json=body)

    async def offer(self, ticket: Json, amount: str = "10.00", who: UUID = OFFERS, **facts: Any) -> Json:
        """Offer some; it must be taken."""
        answer = await self.try_offering(ticket, amount, who, **facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def get(self, goodwill: Json, who: UUID = OFFERS) -> httpx.Response:
        return await self.call("GET", place(goodwill), who)

    async def verb(
        self, goodwill: Json, verb: str, who: UUID = AGENT, *, match: int | None = -1, **body: Any
    ) -> httpx.Response:
        """Ask for a verb, with the version that is present unless told otherwise."""
        if match == -1:
            match = int((await self.get(goodwill)).headers["etag"].strip('"'))
        if verb in ("refuse", "withdraw"):
            body = {"reason": "不需要了", **body}
        return await self.call("POST", f"{place(goodwill)}/{verb}", who, json=body or None, match=match)

    async def done(self, goodwill: Json, verb: str, who: UUID = AGENT, **body: Any) -> Json:
        """Ask for a verb; it must be done."""
        answer = await self.verb(goodwill, verb, who, **body)
        assert answer.status_code == 200, f"{verb}: {answer.text}"
        return dict(answer.json())

    async def answered(self, goodwill: Json, result: str = "paid", *, retryable: bool = True) -> Any:
        """The payment side answers; what became of the answer."""
        self.answers += 1
        answer = Answer(
            number=UUID(goodwill["goodwill_id"]),
            result=Result(result),
            reference=f"pay-{self.answers}",
            amount=Money.parse(goodwill["amount"]["amount"]),
            at=NOON,
            failure=None if result == "paid" else "account_closed",
            retryable=retryable,
        )
        async with self.desk.client.transactions.begin(system("test")) as work:
            (outcome,) = await take_answers(work, [answer], Way.SENT)
        return outcome

    async def book(self, number: str = "A-1") -> tuple[int, int, int]:
        """Kept, in flight, refunded."""
        (row,) = await self.desk.rows(
            "SELECT b.* FROM order_book b JOIN shop_order o USING (order_id) WHERE o.order_no = :one", one=number
        )
        assert row.paid_minor == row.kept_minor + row.in_flight_minor + row.refunded_minor
        return row.kept_minor, row.in_flight_minor, row.refunded_minor

    async def written(self) -> Json:
        """All that was written down, refused attempts aside."""
        found = {}
        for table in ("goodwill", "approval_case", "approval", "order_book", "order_book_line", "payment", "ticket"):
            rows = await self.desk.rows(f"SELECT to_jsonb(t) AS row FROM {table} t")
            found[table] = sorted(str(one.row) for one in rows)
        (counts,) = await self.desk.rows(
            "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit WHERE action <> 'refuse')"
        )
        return {**found, "counts": tuple(counts)}


def place(goodwill: Json) -> str:
    return f"/v1/tickets/{goodwill['ticket_id']}/goodwill/{goodwill['goodwill_id']}"


def problem(answer: httpx.Response, status: int) -> str:
    """What a refused request was told; it must be that status."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["type"].removeprefix("/problems/"))
