"""The complaint desk as its tests work with it: people, a unit, a complaint, and its way round the loop."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from stage import NOON
from ticket_desk import Desk, a_colleague

from contracts.appraisal.staff import UnitChanged, UnitKind, UnitState
from kit.ids import new_id

ME, LEAD, CULPRIT, CHIEF = new_id(), new_id(), new_id(), new_id()
UNIT = new_id()
ROLES = {ME: "agent", LEAD: "supervisor", CHIEF: "manager", CULPRIT: "agent"}
CAUSE = {"code": "packing", "cause": "包装破损"}
# The loop's verbs with good bodies and the role that may; in the order of the loop.
BODIES: dict[str, dict[str, Any]] = {
    "judge": {"nature": "founded", "severity": 2},
    "fix": {"unit_id": str(UNIT), "staff_id": str(CULPRIT)},
    "explain": CAUSE,
    "propose": {"solutions": ["refund"], "details": "全额退款", "estimated_for": "2026-11-23T12:00:00+08:00"},
    "inform": {"channel": "phone"},
    "verify": {"result": "settled", "confirmed_by": "仓库老王"},
    "call-back": {"result": "satisfied", "manner": "call"},
    "close": {},
    "reopen": {"reason": "客户又来电"},
    "withdraw": {"reason": "客户撤回"},
    "cancel": {"reason": "误开"},
    "weigh": {"media_or_regulator": True, "reason": "媒体来电"},
    "lower": {"grade": "ordinary", "reason": "查无实据"},
    "discipline": {"violation_code": "unfriendly", "proposal": "扣 5 分"},
    "improvements": {"measure": "换更厚的纸箱", "owner_staff_id": str(LEAD), "due_on": "2026-12-01"},
}
ROLE_OF = dict.fromkeys(BODIES, "agent") | {
    "judge": "supervisor", "fix": "supervisor", "cancel": "supervisor", "discipline": "supervisor", "lower": "manager",
}  # fmt: skip
LOOP = ("judge", "fix", "explain", "propose", "inform", "verify", "call-back", "close")
STAGES = (
    "recorded", "judged", "responsibility_fixed", "cause_found", "solution_proposed", "customer_informed",
    "verified_inside", "called_back", "closed",
)  # fmt: skip


@dataclass
class Complaints:
    """The desk, with the people and the unit that complaints are about."""

    desk: Desk
    by: dict[str, UUID] = field(default_factory=lambda: {role: staff_id for staff_id, role in ROLES.items()})

    async def settle_in(self) -> "Complaints":
        """People and the unit become known."""
        self.by["agent"] = ME
        people = [a_colleague(f"花名{n}", staff_id=one, role=ROLES[one]) for n, one in enumerate(ROLES)]
        await self.desk.hear(*people)
        await self.desk.hear(self.unit(UNIT))
        return self

    def unit(self, unit_id: UUID, name: str = "一号仓", code: str | None = None) -> UnitChanged:
        """That a unit is there, led by the lead."""
        state = UnitState(
            unit_id=unit_id, code=code or f"u-{unit_id}", name=name, kind=UnitKind.WAREHOUSE, lead_staff_id=LEAD
        )
        return UnitChanged(unit=state, changed_at=NOON)

    async def open(self, role: str = "agent", **facts: Any) -> dict[str, Any]:
        """Record a complaint; it must be taken."""
        answer = await self.ask_to_open(role, **facts)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def ask_to_open(
        self,
        role: str = "agent",
        headers: dict[str, str] | None = None,
        by: dict[str, Any] | None = None,
        **facts: Any,
    ) -> httpx.Response:
        """Ask to record a complaint."""
        body = {
            "category": "quality", "subject": "茶壶碎了", "description": "打开包裹时茶壶已经碎了",
            "occurred_at": "2026-11-20T10:00:00+08:00", "wish": "退款并道歉", **facts,
        }  # fmt: skip
        claims = {"staff_id": self.by.get(role)} if by is None else by
        return await self.desk.call("POST", "/v1/complaints", role, json=body, headers=headers or {}, **claims)

    async def verb(
        self, complaint: dict[str, Any], verb: str, role: str | None = None, *, staff_id: UUID | None = None,
        match: str | None = "present", body: dict[str, Any] | None = None, **facts: Any,
    ) -> httpx.Response:  # fmt: skip
        """Ask for a verb of the loop, with a good body unless told otherwise."""
        asked = role or ROLE_OF.get(verb, "agent")
        path = f"/v1/complaints/{complaint['complaint_id']}/{verb}"
        headers = {}
        if match == "present":
            headers["If-Match"] = f'"{(await self.get(complaint))["ticket"]["version"]}"'
        elif match is not None:
            headers["If-Match"] = match
        content = body if body is not None else {**BODIES.get(verb, {}), **facts}
        claims = {"staff_id": staff_id or self.by.get(asked)}
        return await self.desk.call(
            "POST", path, asked, json=content if body is not None else content or None, headers=headers, **claims
        )

    async def done(self, complaint: dict[str, Any], *verbs: str, **facts: Any) -> dict[str, Any]:
        """Take it through these verbs; each must be done."""
        for verb in verbs:
            answer = await self.verb(complaint, verb, **facts)
            assert answer.status_code in (200, 201), f"{verb}: {answer.text}"
        return await self.get(complaint)

    async def at(self, stage: str, **facts: Any) -> dict[str, Any]:
        """A complaint at that stage."""
        complaint = await self.open(**facts)
        if stage in ("withdrawn", "cancelled"):
            return await self.done(complaint, "withdraw" if stage == "withdrawn" else "cancel")
        if stage == "unreachable":
            complaint = await self.done(complaint, *LOOP[:6])
            for days in (0, 0, 3):  # Saturday, Saturday, Tuesday
                self.desk.clock.advance(timedelta(days=days))
                complaint = await self.done(complaint, "call-back", result="missed")
            self.desk.clock.advance(timedelta(days=-3))
        else:
            complaint = await self.done(complaint, *LOOP[: STAGES.index(stage)])
        assert complaint["stage"] == stage
        return complaint

    async def get(self, complaint: dict[str, Any], role: str = "supervisor") -> dict[str, Any]:
        """The complaint as it stands."""
        answer = await self.desk.call("GET", f"/v1/complaints/{complaint['complaint_id']}", role)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def listed(self, query: str = "", role: str = "supervisor", **claims: Any) -> list[str]:
        """The numbers that a list shows."""
        answer = await self.desk.call("GET", f"/v1/complaints{query}", role, **claims)
        assert answer.status_code == 200, answer.text
        return [one["number"] for one in answer.json()["items"]]

    async def written(self) -> list[int]:
        """How much is written down: events, trail, complaints and their history. What clocks tell, time alone tells."""
        tables = (
            "outbox WHERE noun <> 'clock'", "audit", "complaint", "complaint_judgement", "complaint_responsibility",
            "complaint_grading", "complaint_solution", "complaint_check", "complaint_call", "complaint_discipline",
            "complaint_improvement", "ticket_message",
        )  # fmt: skip
        counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return list((await self.desk.rows(f"SELECT {counted}, (SELECT coalesce(sum(version), 0) FROM ticket)"))[0])
