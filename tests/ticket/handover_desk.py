"""The end of a shift: Ming signs over to Hua (T46)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from roster_desk import Roster

from kit.ids import new_id

CALLERS = {"outgoing": "agent", "incoming": "agent", "stranger": "agent", "lead": "supervisor", "auditor": "auditor"}
MAY = {"sign": "outgoing", "recall": "outgoing", "accept": "incoming", "dispute": "incoming"}


@dataclass
class Change:
    """Ming's shift ends at 20:00, Hua is on until midnight."""

    roster: Roster
    ming: UUID
    hua: UUID
    shift: dict[str, Any]
    next: dict[str, Any]

    async def tickets(self, count: int) -> list[dict[str, Any]]:
        """Tickets in Ming's hand."""
        made = []
        for _ in range(count):
            ticket = await self.roster.desk.open(kind="inquiry", channel="email")
            if ticket["assignee_staff_id"] != str(self.ming):
                body = {"staff_id": str(self.ming)}
                given = await self.roster.desk.verb(ticket, "assign", "supervisor", **body)
                assert given.status_code == 200, given.text
                ticket = given.json()
            made.append(ticket)
        return made

    async def draft(self, **facts: Any) -> dict[str, Any]:
        answer = await self.try_draft(**facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def try_draft(self, by: UUID | None = None, **facts: Any) -> httpx.Response:
        body = {"shift_id": self.shift["shift_id"], **facts}
        return await self.roster.call("POST", "/v1/handovers", "agent", by or self.ming, json=body)

    async def move(self, sheet: dict[str, Any], verb: str, caller: str, **facts: Any) -> httpx.Response:
        by = {"outgoing": self.ming, "incoming": self.hua}.get(caller) or new_id()
        body: dict[str, Any] | None = {
            "sign": {"to_staff_id": str(self.hua), **facts},
            "dispute": {"reason": "数目不对"},
        }.get(verb)
        path = f"/v1/handovers/{sheet['handover_id']}/{verb}"
        return await self.roster.call("POST", path, CALLERS[caller], by, json=body)

    async def signed(self, **facts: Any) -> dict[str, Any]:
        answer = await self.move(await self.draft(), "sign", "outgoing", **facts)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def owner(self, ticket: dict[str, Any]) -> UUID:
        shown = await self.roster.desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")
        return UUID(shown.json()["assignee_staff_id"])
