"""What the chaos run does to tickets: some are complaints that go through the whole loop, with messages, an attachment
and clocks (T1, T11, T12, T43); some are refunds (`payouts`); the others are inquiries. Every operation stands in the
history."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from history import GivenUpError, History
from payouts import Office, answered

from ops.callers import Caller, Callers, File

VERBS = (("start", None), ("solve", {"solution": "已处理"}), ("close", None))
# Of eight tickets; the story that a ticket goes through to its end.
MIXED = ("complaint", "refund", "inquiry", "inquiry", "inquiry", "refund", "inquiry", "inquiry")
REFUNDS = ("refund",)
# A PNG of one pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8ffff3f0005fe02fea7356d400000000049454e44ae426082"
)


@dataclass(frozen=True)
class Desk:
    """Who works on the tickets, the unit at whose door complaints are laid, and where refunds are paid."""

    agent: Caller
    lead: Caller
    unit_id: str
    office: Office
    history: History


async def desk(people: Callers, agent: Caller, office: Office, history: History) -> Desk:
    """An agent, a supervisor, a unit."""
    unit = {"code": "chaos", "name": "混沌仓", "kind": "warehouse"}
    made = await people.staff("admin").expect(201, "POST", "/v1/units", unit, Idempotency_Key="chaos-unit")
    return Desk(agent, office.approver, made["unit_id"], office, history)


async def one_ticket(desk: Desk, number: int, kinds: tuple[str, ...]) -> str | None:
    """One ticket from its opening to its end; its id, or None where its client has given up on it."""
    stories: dict[str, Callable[[], Awaitable[str]]] = {
        "complaint": lambda: a_complaint(desk, f"{desk.history.seed}-{number}"),
        "inquiry": lambda: an_inquiry(desk, f"{desk.history.seed}-{number}"),
        "refund": lambda: desk.office.refund(number),
    }
    try:
        return await stories[kinds[number % len(kinds)]]()
    except GivenUpError:
        return None


async def an_inquiry(desk: Desk, key: str) -> str:
    """Open, start, solve and close."""
    asked = {"subject": f"转办 {key}", "channel": "phone"}
    ticket = await desk.history.ask(desk.agent, "open", key, "POST", "/v1/tickets", asked, wanted=201)
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for verb, body in VERBS:
        await desk.history.ask(desk.agent, verb, key, "POST", f"{path}/{verb}", body)
    return str(ticket["ticket_id"])


async def a_complaint(desk: Desk, key: str) -> str:
    """The closed loop, once round and once more: the customer was not satisfied the first time (T12)."""
    now = datetime.now(UTC)
    asked = {
        "category": "quality", "subject": f"投诉 {key}", "description": "包装破损", "wish": "补发",
        "occurred_at": (now - timedelta(hours=3)).isoformat(),
    }  # fmt: skip
    complaint = await desk.history.ask(desk.agent, "file", key, "POST", "/v1/complaints", asked, wanted=201)
    case = Case(desk, str(complaint["ticket"]["ticket_id"]), key, complaint)
    await case.attach()
    await case.reply()
    await case.step("judge", {"nature": "founded", "severity": 2}, by=desk.lead)
    await case.step("fix", {"unit_id": desk.unit_id}, by=desk.lead)
    await case.step("explain", {"code": "packing", "cause": "缓冲材料不足"})
    promise = {
        "solutions": ["exchange"],
        "details": "补发一件",
        "estimated_for": (now + timedelta(days=1)).isoformat(),
    }
    for turn, said in enumerate(("unsatisfied", "satisfied")):
        await case.step("propose", promise, turn=turn)
        await case.step("inform", {"channel": "phone"}, turn=turn)
        await case.step("verify", {"result": "settled", "confirmed_by": "仓库"}, turn=turn)
        await case.step("call-back", {"result": said}, turn=turn)
    await case.step("end", None)
    return case.ticket_id


@dataclass
class Case:
    """A complaint under way, with the last answer about it."""

    desk: Desk
    ticket_id: str
    key: str
    last: dict[str, Any]

    async def step(self, verb: str, body: object, *, by: Caller | None = None, turn: int = 0) -> None:
        """One verb of the loop, decided on the version that was seen last."""
        version = f'"{self.last["ticket"]["version"]}"'
        path = f"/v1/complaints/{self.ticket_id}/{'close' if verb == 'end' else verb}"
        who, key = by or self.desk.agent, f"{self.key}-{turn}"
        self.last = await self.desk.history.ask(who, verb, key, "POST", path, body, If_Match=version)

    async def attach(self) -> None:
        """A picture."""
        await self._beside("attach", "attachments", File("破损.png", PICTURE))

    async def reply(self) -> None:
        """A message that the customer can see; it stops the clock of the first reply (T48)."""
        await self._beside("reply", "messages", {"text": "我们已收到您的投诉。"})

    async def _beside(self, name: str, what: str, body: object) -> None:
        path = f"/v1/tickets/{self.ticket_id}/{what}"
        await self.desk.history.ask(self.desk.agent, name, self.key, "POST", path, body, wanted=201)
        self.last = await answered(self.desk.agent, "GET", f"/v1/complaints/{self.ticket_id}")
