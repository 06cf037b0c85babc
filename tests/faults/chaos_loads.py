"""What the chaos run does to tickets: every eighth is a complaint that goes through the whole loop, with messages, an
attachment and clocks (T1, T11, T12, T43); the others are inquiries. Every step is asked again with its own key until
there is an answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.callers import Caller, Callers, File
from ops.story import hire

COMPLAINT_EVERY = 8
VERBS = (("start", None), ("solve", {"solution": "已处理"}), ("close", None))
# A PNG of one pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8ffff3f0005fe02fea7356d400000000049454e44ae426082"
)


@dataclass(frozen=True)
class Desk:
    """Who works on the tickets, and the unit at whose door complaints are laid."""

    agent: Caller
    lead: Caller
    unit_id: str


async def desk(people: Callers) -> Desk:
    """A hired agent, a supervisor, a unit."""
    _, agent = await hire(people, "混沌")
    unit = {"code": "chaos", "name": "混沌仓", "kind": "warehouse"}
    made = await people.staff("admin").expect(201, "POST", "/v1/units", unit, Idempotency_Key="chaos-unit")
    return Desk(agent, people.staff("supervisor"), made["unit_id"])


async def one_ticket(desk: Desk, number: int, key: str) -> str:
    """One ticket from its opening to its close; its id."""
    return await (a_complaint(desk, key) if number % COMPLAINT_EVERY == 0 else an_inquiry(desk, key))


async def an_inquiry(desk: Desk, key: str) -> str:
    """Open, start, solve and close."""
    asked = {"subject": f"转办 {key}", "channel": "phone"}
    ticket = await desk.agent.expect(201, "POST", "/v1/tickets", asked, Idempotency_Key=f"open-{key}")
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for verb, body in VERBS:
        await desk.agent.expect(200, "POST", f"{path}/{verb}", body, Idempotency_Key=f"{verb}-{key}")
    return str(ticket["ticket_id"])


async def a_complaint(desk: Desk, key: str) -> str:
    """The closed loop, once round and once more: the customer was not satisfied the first time (T12)."""
    now = datetime.now(UTC)
    asked = {
        "category": "quality", "subject": f"投诉 {key}", "description": "包装破损", "wish": "补发",
        "occurred_at": (now - timedelta(hours=3)).isoformat(),
    }  # fmt: skip
    complaint = await desk.agent.expect(201, "POST", "/v1/complaints", asked, Idempotency_Key=f"open-{key}")
    case = Case(desk, str(complaint["ticket"]["ticket_id"]), key, complaint)
    await case.attach()
    await case.reply("first")
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
    await case.step("close", None)
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
        headers = {"Idempotency_Key": f"{verb}-{turn}-{self.key}", "If_Match": f'"{self.last["ticket"]["version"]}"'}
        path = f"/v1/complaints/{self.ticket_id}/{verb}"
        self.last = await (by or self.desk.agent).expect(200, "POST", path, body, **headers)

    async def attach(self) -> None:
        """A picture."""
        path = f"/v1/tickets/{self.ticket_id}/attachments"
        picture = File("破损.png", PICTURE)
        await self.desk.agent.expect(201, "POST", path, picture, Idempotency_Key=f"attach-{self.key}")
        await self._look()

    async def reply(self, name: str) -> None:
        """A message that the customer can see; it stops the clock of the first reply (T48)."""
        path = f"/v1/tickets/{self.ticket_id}/messages"
        said = {"text": "我们已收到您的投诉。"}
        await self.desk.agent.expect(201, "POST", path, said, Idempotency_Key=f"{name}-{self.key}")
        await self._look()

    async def _look(self) -> None:
        self.last = await self.desk.agent.expect(200, "GET", f"/v1/complaints/{self.ticket_id}")
