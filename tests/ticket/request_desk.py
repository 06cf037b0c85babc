"""Service requests as their tests work with them: good forms of every type, and a request taken through its life."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson
from ticket_desk import Desk

from contracts.appraisal.staff import UnitChanged, UnitKind, UnitState
from kit.ids import new_id

UNITS = {
    code: new_id()
    for code in ("content", "subscriptions", "finance", "merchants", "delivery", "logistics", "logistics-platform")
}
PHONE, ADDRESS, NAME = "13812345678", "上海市浦东新区世纪大道100号", "李小明"
CARGO = {
    "cargo": "电煤", "quantity": "1000", "unit": "t", "from_port": "秦皇岛", "to_port": "广州",
    "loading_from": "2026-12-01", "loading_until": "2026-12-05",
}  # fmt: skip
WHO = {"name": NAME, "phone": PHONE, "address": ADDRESS}
# A good form of every type that is shipped.
FORMS: dict[str, dict[str, Any]] = {
    "correction": {"about": "page", "place": "/goods/TEA-1", "wrong": "净含量 500 克", "right": "净含量 250 克"},
    "cancellation": {"what": "鲜奶订阅", "reason": "搬家了"},
    "invoice": {"title": "上海某某公司", "title_kind": "company", "tax_number": "91310000MA1FL00000",
                "delivery": "monthly", "address": ADDRESS},
    "open-shop": {"company": "福记食品", "licence_number": "91310000MA1FL11111", "contact": NAME, "phone": PHONE,
                  "goods": "茶叶"},
    "change-address": WHO,
    "pause-subscription": {"subscription": "SUB-2026-0001", "from_day": "2026-12-01", "until_day": "2026-12-31"},
    "resume-subscription": {"subscription": "SUB-2026-0001", "from_day": "2027-01-01"},
    "replace-box": {"why": "broken", "phone": PHONE, "address": ADDRESS},
    "phone-order": {**WHO, "items": [{"article": "鲜奶 950 毫升", "quantity": 2}]},
    "logistics": CARGO,
    "logistics-plan": CARGO,
    "charter": {**CARGO, "vessel": "灵便型"},
}  # fmt: skip
OFFER = {"carrier": "中远海运", "price": "52000.00", "currency": "CNY", "arrival": "2026-12-09"}
# What is recorded of the steps of every type, in their order, and how it ends.
STEPS: dict[str, list[dict[str, Any]]] = {
    "correction": [{"step": "checked"}, {"step": "corrected"}],
    "cancellation": [{"step": "save-attempt", "facts": {"offer": "赠送一周", "said": "不用了"}}],
    "invoice": [
        {"step": "issued", "facts": {"number": "24312000000001"}},
        {"step": "sent", "facts": {"carrier": "中通", "number": "ZT1234567890"}},
    ],
    "open-shop": [{"step": one} for one in ("registration", "display", "company-check", "opened")],
    "change-address": [{"step": "changed"}],
    "pause-subscription": [{"step": "paused"}],
    "resume-subscription": [{"step": "resumed"}],
    "replace-box": [{"step": "replaced"}],
    "phone-order": [{"step": "accepted"}],
    "logistics": [{"step": "booked", "facts": {"reference": "LP-1"}}],
    "logistics-plan": [
        {"step": "offer", "facts": OFFER},
        {"step": "choose", "choice": "offer"},
        {"step": "payment", "facts": {"order_no": "A-9"}},
    ],
    "charter": [
        {"step": "quote", "facts": OFFER},
        {"step": "offer", "facts": {**OFFER, "price": "55000.00"}, "choice": "quote"},
        {"step": "agree", "choice": "offer"},
        {"step": "sign", "facts": {"contract": "C-2026-1"}},
    ],
}
ENDS: dict[str, dict[str, str]] = {
    "correction": {"outcome": "confirmed"}, "cancellation": {"outcome": "saved", "cause": "price"},
    "phone-order": {"outcome": "delivered"}, "logistics": {"outcome": "carried"},
    "logistics-plan": {"outcome": "paid"}, "charter": {"outcome": "signed"},
}  # fmt: skip
REVIEWED = {"correction": 1, "open-shop": 3}  # how many of the steps belong to the review


@dataclass
class Requests:
    """The desk, with the units that requests are dispatched to."""

    desk: Desk

    async def settle_in(self) -> "Requests":
        """The units become known."""
        for code, unit_id in UNITS.items():
            state = UnitState(unit_id=unit_id, code=code, name=code, kind=UnitKind.SUPPORT)
            await self.desk.hear(UnitChanged(unit=state, changed_at=self.desk.clock.now()))
        return self

    async def ask(
        self, method: str, path: str = "", role: str = "agent", *, by: dict[str, Any] | None = None, **options: Any
    ) -> httpx.Response:
        """One request to the room's door."""
        return await self.desk.call(method, f"/v1/service-requests{path}", role, **options, **(by or {}))

    async def submit(
        self, kind: str = "invoice", role: str = "agent", *, by: dict[str, Any] | None = None, **facts: Any
    ) -> dict[str, Any]:
        """Hand one in; it must be taken."""
        body = {"type": kind, "form": FORMS[kind], **facts}
        answer = await self.ask("POST", role=role, json=body, by=by)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def verb(
        self, request: dict[str, Any], verb: str, role: str = "agent", *, by: dict[str, Any] | None = None,
        match: str | None = "present", **body: Any,
    ) -> httpx.Response:  # fmt: skip
        """Ask for a verb of it."""
        headers = {}
        if match == "present":
            headers["If-Match"] = f'"{(await self.get(request))["ticket"]["version"]}"'
        elif match is not None:
            headers["If-Match"] = match
        path = f"/{request['service_request_id']}/{verb}"
        return await self.ask("POST", path, role, json=body, headers=headers, by=by)

    async def done(self, request: dict[str, Any], *verbs: str, **body: Any) -> dict[str, Any]:
        """Take it through these verbs; each must be done."""
        for verb in verbs:
            answer = await self.verb(request, verb, **body)
            assert answer.status_code == 200, f"{verb}: {answer.text}"
        return await self.get(request)

    async def record(self, request: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Record a step; a choice may name the step whose last record it picks."""
        if isinstance(body.get("choice"), str) and len(body["choice"]) < 36:
            body["choice"] = self.records(await self.get(request), body["choice"])[-1]["step_id"]
        return await self.done(request, "record", **body)

    def records(self, request: dict[str, Any], step: str) -> list[dict[str, Any]]:
        """What was recorded of a step."""
        (found,) = [one for one in request["steps"] if one["step"] == step]
        return list(found["records"])

    async def get(self, request: dict[str, Any], role: str = "agent", **claims: Any) -> dict[str, Any]:
        """The request as it stands."""
        answer = await self.ask("GET", f"/{request['service_request_id']}", role, by=claims)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def at(self, status: str, kind: str = "invoice", **facts: Any) -> dict[str, Any]:
        """A request of that type at that status."""
        request = await self.submit(kind, **facts)
        if status in ("submitted", "withdrawn"):
            return request if status == "submitted" else await self.done(request, "withdraw", reason="不需要了")
        await self.done(request, "review")
        if status == "returned":
            return await self.done(request, "return", missing=[next(iter(FORMS[kind]))])
        if status == "rejected":
            return await self.done(request, "reject", reason="不在受理范围")
        if status != "under_review":
            await self._approved(request, kind, status)
        found = await self.get(request)
        assert found["status"] == status, found
        return found

    async def _approved(self, request: dict[str, Any], kind: str, status: str) -> None:
        for step in STEPS[kind][: REVIEWED.get(kind, 0)]:
            await self.record(request, **step)
        if kind == "open-shop":
            await self.give(request, "business-licence")
        if (await self.done(request, "approve"))["status"] == "approved" and status != "approved":
            await self.done(request, "dispatch")
        if status == "done":
            for step in STEPS[kind][REVIEWED.get(kind, 0) :]:
                await self.record(request, **step)
            await self.tick_all(request)
            await self.done(request, "finish", **ENDS.get(kind, {}))

    async def give(self, request: dict[str, Any], document: str) -> httpx.Response:
        """Attach a file to the ticket and say that it is that document."""
        file = await self.attach(request)
        path = f"/{request['service_request_id']}/documents/{document}"
        answer = await self.ask("PUT", path, json={"attachment_id": str(file)})
        assert answer.status_code == 200, answer.text
        return answer

    async def attach(self, request: dict[str, Any]) -> UUID:
        """A file of the request's ticket."""
        headers = self.desk.client.as_("agent")
        files = {"file": ("licence.txt", "营业执照".encode(), "text/plain")}
        path = f"/v1/tickets/{request['service_request_id']}/attachments"
        answer = await self.desk.client.http.post(path, files=files, headers=headers)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["attachment_id"])

    async def tick_all(self, request: dict[str, Any]) -> None:
        """Tick off all checklists of its ticket (T53)."""
        path = f"/v1/tickets/{request['service_request_id']}/procedures"
        for procedure in (await self.desk.call("GET", path)).json()["items"]:
            for step in procedure["steps"]:
                ticked = await self.desk.call(
                    "POST", f"{path}/{procedure['procedure']}/tick", json={"step": step["step"]}
                )
                assert ticked.status_code == 200, ticked.text

    async def told(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The request's own events, in their order, which has no gap (E4)."""
        found = await self.desk.rows(
            "SELECT subject, sequence, body FROM outbox WHERE aggregate_id = :one AND noun = 'service_request'"
            " ORDER BY id",
            one=request["service_request_id"],
        )
        assert [row.sequence for row in found] == list(range(1, len(found) + 1))
        return [{**orjson.loads(bytes(row.body)), "subject": row.subject} for row in found]

    async def written(self) -> list[int]:
        """How much is written down: events, trail, requests and what belongs to them."""
        tables = (
            "outbox", "audit", "service_request", "service_request_form", "service_request_step",
            "service_request_document", "service_request_over_short", "service_request_claim", "ticket_message",
        )  # fmt: skip
        counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return list((await self.desk.rows(f"SELECT {counted}, (SELECT coalesce(sum(version), 0) FROM ticket)"))[0])
