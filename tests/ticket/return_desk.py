"""Returns and replacements as their tests work with them: goods that customers send back, what the warehouse counts
and finds, and what is sent instead."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from refund_desk import AGENT, CHIEF, Json, Refunds
from ticket_desk import Desk

PARCEL: Json = {"carrier": "中通", "tracking_number": "ZT1234567890"}


@dataclass
class Returns:
    """The returns desk, on the after-sales desk."""

    refunds: Refunds

    @property
    def desk(self) -> Desk:
        """The service."""
        return self.refunds.desk

    async def waiting(self, *approvers: UUID, **asked: Any) -> Json:
        """An approved return or exchange whose goods are waited for: two pieces of the first line."""
        refund = await self.refunds.approved(*approvers, **asked)
        assert refund["status"] == "waiting_for_goods"
        return refund

    async def get(self, refund: Json, who: UUID = AGENT, *, by: Json | None = None) -> Json:
        """Where its goods are."""
        answer = await self.refunds.call("GET", f"/v1/refunds/{refund['refund_id']}/return", who, by=by)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def try_(self, refund: Json, verb: str, who: UUID = AGENT, **body: Any) -> httpx.Response:
        """Ask for a verb of a return."""
        return await self.refunds.verb(refund, verb, who, **body)

    async def ship(self, refund: Json, pieces: dict[int, int] | None = None, **facts: Any) -> Json:
        """The customer sends a parcel; it must be taken. Returns the parcel."""
        body = {**PARCEL, **facts, **({"lines": lines(pieces)} if pieces else {})}
        answer = await self.try_(refund, "ship-back", **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["parcels"][-1])

    async def parcel(self, refund: Json, parcel: Json, verb: str, **body: Any) -> httpx.Response:
        """Ask for a verb of a parcel."""
        given = {"reason": "已签收未见货", **body} if verb != "correct" else body
        return await self.try_(refund, f"parcels/{parcel['parcel_id']}/{verb}", **given)

    async def receive(self, refund: Json, pieces: dict[int, int], **facts: Any) -> Json:
        """The warehouse counts; it must be taken."""
        answer = await self.try_(refund, "receipts", lines=lines(pieces), **facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def try_inspecting(
        self, refund: Json, found: dict[int, Json], *, match: int | None = -1, who: UUID = AGENT, **facts: Any
    ) -> httpx.Response:
        """The warehouse says what it found of each line."""
        body = {"lines": [{"line_no": line_no, **one} for line_no, one in found.items()], **facts}
        return await self.try_(refund, "inspect", who, match=match, **body)

    async def inspect(self, refund: Json, found: dict[int, Json], **facts: Any) -> Json:
        """As `try_inspecting`; it must be taken."""
        answer = await self.try_inspecting(refund, found, **facts)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def inspected(self, pieces: int = 2, **asked: Any) -> Json:
        """A request whose pieces all came back sound."""
        refund = await self.waiting(CHIEF, pieces={1: pieces}, **asked)
        await self.ship(refund)
        await self.receive(refund, {1: pieces})
        await self.inspect(refund, {1: {"sound": pieces}})
        return await self.refunds.get(refund)

    async def exchange(self, refund: Json, verb: str, who: UUID = AGENT, **body: Any) -> httpx.Response:
        """Ask for a verb of a replacement."""
        match = body.pop("match", (await self.refunds.get(refund))["ticket"]["version"])
        path = f"/v1/exchanges/{refund['refund_id']}/{verb}"
        return await self.refunds.call("POST", path, who, json=body or None, match=match)

    async def done(self, refund: Json, verb: str, who: UUID = AGENT, **body: Any) -> Json:
        """As `exchange`; it must be done."""
        answer = await self.exchange(refund, verb, who, **body)
        assert answer.status_code == 200, f"{verb}: {answer.text}"
        return dict(answer.json())

    async def replacement(self, refund: Json, who: UUID = AGENT, *, by: Json | None = None) -> Json:
        """The replacement as it is."""
        answer = await self.refunds.call("GET", f"/v1/exchanges/{refund['refund_id']}", who, by=by)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def choose(self, refund: Json, *articles: Json, **facts: Any) -> Json:
        """The customer chooses what is sent instead of the first line."""
        return await self.done(
            refund, "replace", articles=[{"line_no": 1, "quantity": 1, **one} for one in articles], **facts
        )

    async def legs(self, refund: Json) -> dict[str, str]:
        """The clocks of its legs and how they stand; of several of a kind the last (T47)."""
        rows = await self.desk.rows(
            "SELECT kind, status FROM clock WHERE ticket_id = :id ORDER BY clock_id", id=refund["refund_id"]
        )
        return {row.kind: row.status for row in rows if row.kind != "agree"}

    async def waits_for(self, refund: Json) -> tuple[str, str | None]:
        """The status of its ticket, and for whom it waits."""
        ticket = (await self.refunds.get(refund))["ticket"]
        return ticket["status"], ticket["waiting_on"]

    async def written(self) -> dict[str, Any]:
        """All that was written down, of returns and replacements as well."""
        found = await self.refunds.written()
        tables = (
            "return_parcel", "return_receipt", "return_inspection", "exchange", "exchange_article", "exchange_sending",
            "exchange_top_up", "exchange_call",
        )  # fmt: skip
        for table in tables:
            rows = await self.desk.rows(f"SELECT to_jsonb(t) AS row FROM {table} t")
            found[table] = sorted(str(one.row) for one in rows)
        return found


def lines(pieces: dict[int, int]) -> list[Json]:
    """Pieces by line, in the words of HTTP."""
    return [{"line_no": line_no, "quantity": count} for line_no, count in pieces.items()]
