"""Order changes as their tests ask for them: an order paid 100.00, people of every rank, and a payment side that
answers."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from ticket_desk import PAID, Desk, a_colleague, under_a_key

from kit.ids import new_id

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}
LINES: list[dict[str, Any]] = [
    {"line_no": 1, "sku": "TEA", "options": "红 / M", "quantity": 4, "paid_total": "80.00"},
    {"line_no": 2, "sku": "CUP", "quantity": 1, "paid_total": "20.00"},
]


def lines(first: str = "80.00", **facts: Any) -> list[dict[str, Any]]:
    """The order's lines, the first one with these facts."""
    return [{**LINES[0], "paid_total": first, **facts}, LINES[1]]


@dataclass
class Changes:
    """The desk with an order on which something is to be another."""

    desk: Desk
    staff: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: int = 0

    async def order(self, number: str = "A-1", *, paid: str | None = "100.00", **facts: Any) -> dict[str, Any]:
        """An order of 100.00, paid unless it is said not to be."""
        told = {"lines": LINES, "courier": "中通", "region": "江苏", "recipient": RECIPIENT, **facts}
        if paid is not None:
            told = {"paid": paid, "paid_at": PAID, "payer_token": "payer-1", **told}
        return await self.desk.put(number, **told)

    async def revise(self, revision: int, number: str = "A-1", **facts: Any) -> dict[str, Any]:
        """A new version of it."""
        return await self.order(number, revision=revision, **facts)

    def who(self, rank: str) -> dict[str, Any]:
        """The claims of a member of staff of that rank, the same one each time."""
        return self.staff.setdefault(rank, {"staff_id": new_id()})

    async def ask(self, role: str = "agent", number: str = "A-1", **wanted: Any) -> httpx.Response:
        """Ask for a change."""
        body = {"order_no": number, "reason": "buyer_asked", **wanted}
        claims = self.who(role) if role != "storefront" else {}
        return await self.desk.call("POST", "/v1/order-changes", role, json=body, headers=under_a_key(), **claims)

    async def asked(self, role: str = "agent", number: str = "A-1", **wanted: Any) -> dict[str, Any]:
        """The same; it must be taken."""
        answer = await self.ask(role, number, **wanted)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/v1/order-changes/{answer.json()['change_id']}"
        return dict(answer.json())

    async def verb(
        self, change: dict[str, Any], verb: str, role: str = "manager", *, version: int | None = None, **body: Any
    ) -> httpx.Response:
        """Ask for a verb of it; `agree` on the version it has now."""
        seen = await self.desk.call("GET", f"/v1/order-changes/{change['change_id']}", "manager")
        headers = under_a_key((version or seen.json()["version"]) if verb == "agree" else None)
        claims = self.who(role) if role != "storefront" else {}
        return await self.desk.call(
            "POST",
            f"/v1/order-changes/{change['change_id']}/{verb}",
            role,
            json=body or None,
            headers=headers,
            **claims,
        )

    async def done(self, change: dict[str, Any], verb: str, role: str = "manager", **body: Any) -> dict[str, Any]:
        """The same; it must be taken."""
        answer = await self.verb(change, verb, role, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def agreed(self, role: str = "agent", number: str = "A-1", **wanted: Any) -> dict[str, Any]:
        """A change asked for by somebody and agreed to by a manager."""
        return await self.done(await self.asked(role, number, **wanted), "agree")

    async def shown(self, change: dict[str, Any]) -> dict[str, Any]:
        """As it stands now."""
        return dict((await self.desk.call("GET", f"/v1/order-changes/{change['change_id']}", "manager")).json())

    async def pay(self, change: dict[str, Any], result: str = "paid", **facts: Any) -> httpx.Response:
        """The payment side says what became of the difference."""
        self.answered += 1
        amount = change["difference"]["amount"].removeprefix("-")
        body = {
            "payment_key": change["payment_key"], "result": result, "payment_reference": f"R-{self.answered}",
            "amount": amount, "currency": "CNY", "at": "2026-11-21T12:00:00+08:00",
            **({"failure": "account_closed"} if result == "failed" else {}), **facts,
        }  # fmt: skip
        return await self.desk.call("POST", "/v1/payments/answers", "storefront", json=body)

    async def book(self, number: str = "A-1") -> tuple[str, str, str, str]:
        """Paid, kept, refunded and in flight of an order, in yuan."""
        ((row),) = await self.desk.rows(
            "SELECT book.* FROM order_book book JOIN shop_order USING (order_id) WHERE order_no = :number",
            number=number,
        )
        minors = (row.paid_minor, row.kept_minor, row.refunded_minor, row.in_flight_minor)
        return tuple(f"{minor / 100:.0f}" for minor in minors)  # type: ignore[return-value]

    async def told(self) -> list[dict[str, Any]]:
        """The `order.change_requested` events, in order."""
        rows = await self.desk.rows("SELECT body FROM outbox WHERE subject = 'order.change_requested' ORDER BY id")
        return [orjson.loads(bytes(row.body)) for row in rows]

    async def know(self, *staff_ids: Any) -> None:
        """These are members of staff."""
        await self.desk.hear(*(a_colleague(f"花{place}", staff_id=one) for place, one in enumerate(staff_ids)))
