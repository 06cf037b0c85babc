"""The desk of the tea shop (茶叶店): who works there today, in which group, on which shift, and by which rules.

Everything is made once: what an earlier run has made is found again. The shop has two policies of its own, so that
its day fits into a minute of ours: it is open around the clock, and a complaint is answered within seconds (X3, T43).
Clocks are neither set forward nor written by hand; what is late has really waited too long.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.callers import Caller, Callers
from ops.demo.asking import every, put_in_force
from ops.environment import StackError
from ops.hiring import hire

SHOP = "tea"
GROUP = "tea-desk"
FIRST_REPLY_SECONDS = 15
ON_SHIFT = {"菲菲": "林菲", "阿明": "陈明", "小雨": "周小雨"}
EVENING = {"大刘": "刘大成"}
LEADS = {"王姐": ("王芳", "supervisor"), "老赵": ("赵国强", "manager")}
UNITS = {"tea-east": ("华东仓", "warehouse"), "tea-zto": ("中通快递", "courier"), "tea-pack": ("包装组", "floor")}
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_READINGS = 20
_SEEN_EVERY = 0.1
Thing = dict[str, Any]


@dataclass(frozen=True)
class Agent:
    """Somebody who answers: the name in remarks, the file, the login, and today's shift."""

    alias: str
    staff_id: str
    caller: Caller
    shift_id: str


@dataclass(frozen=True)
class Desk:
    """Everybody of the tea shop; the clerk writes down what comes by phone or from another platform."""

    storefront: Caller
    clerk: Caller
    supervisor: Caller
    manager: Caller
    on_shift: tuple[Agent, ...]
    evening: Agent
    units: Mapping[str, str]

    def agent_of(self, ticket: Thing) -> Caller:
        """The login of whoever has the ticket; of anybody on shift when nobody of the desk has it."""
        for agent in (*self.on_shift, self.evening):
            if agent.staff_id == ticket["assignee_staff_id"]:
                return agent.caller
        return self.on_shift[0].caller

    async def act(self, caller: Caller, path: str, body: object = None, *, wanted: int = 200) -> Thing:
        """Do what the path's last word says to what stands there now; what changed since it was read is read again
        (T49). Raises `StackError` when it is refused."""
        status, answer = 412, Thing()
        for _ in range(_READINGS):
            thing = await self.supervisor.expect(200, "GET", path.rpartition("/")[0])
            version = thing.get("ticket", thing)["version"]
            headers = {"If_Match": f'"{version}"', "Idempotency_Key": secrets.token_hex(8)}
            status, answer = await caller.call("POST", path, body, **headers)
            if status != 412:
                break
        if status != wanted:
            raise StackError(f"POST {path} answered {status}: {answer}")
        return answer


async def open_desk(people: Callers) -> Desk:
    """Hire, plan and sign in, unless it is done."""
    manager = people.staff("manager")
    await _rules(manager)
    agents = [await _agent(people, alias, name) for alias, name in (ON_SHIFT | EVENING).items()]
    leads = [(await hire(people, alias, name=name, role=role, shop=SHOP))[1] for alias, (name, role) in LEADS.items()]
    supervisor = leads[0]
    await _group(people.staff("supervisor"), [staff_id for _, staff_id, _ in agents])
    planned = [await _shift(supervisor, staff_id, alias in EVENING) for alias, staff_id, _ in agents]
    everybody = [
        Agent(alias, staff_id, caller, shift["shift_id"])
        for (alias, staff_id, caller), shift in zip(agents, planned, strict=True)
    ]
    for agent, shift in zip(everybody, planned, strict=True):
        if agent.alias in ON_SHIFT and shift["status"] == "planned":
            await sign_in(agent)
    units = await _units(manager)
    clerk = people.staff("agent")
    return Desk(people.storefront, clerk, supervisor, leads[1], tuple(everybody[:-1]), everybody[-1], units)


async def sign_in(agent: Agent) -> None:
    """到岗: from now on they are given work (T44)."""
    await agent.caller.expect(
        200, "POST", f"/v1/shifts/{agent.shift_id}/start", Idempotency_Key=f"{agent.shift_id}-start"
    )


async def _rules(manager: Caller) -> None:
    around_the_clock = [{"opens": "00:00", "closes": "24:00"}]
    hours = {"zone": "Asia/Shanghai", "week": dict.fromkeys(_WEEK, around_the_clock), "holidays": None}
    await put_in_force(manager, SHOP, "business-hours", hours, "演示店铺全天营业")
    shipped = await manager.expect(200, "GET", "/v1/policies/ticket/sla-targets")
    targets = shipped["in_force"]["document"]
    targets["targets"]["complaint"]["first_reply"] = FIRST_REPLY_SECONDS
    await put_in_force(manager, SHOP, "sla-targets", targets, "演示店铺的一天只有一分钟")


async def _agent(people: Callers, alias: str, name: str) -> tuple[str, str, Caller]:
    person, caller = await hire(people, alias, name=name, shop=SHOP)
    return alias, person["staff_id"], caller


async def _units(manager: Caller) -> Mapping[str, str]:
    known = {one["code"]: one["unit_id"] for one in await every(manager, "/v1/units")}
    for code, (name, kind) in UNITS.items():
        if code not in known:
            made = await manager.expect(
                201, "POST", "/v1/units", {"code": code, "name": name, "kind": kind}, Idempotency_Key=code
            )
            known[code] = made["unit_id"]
    return known


async def _group(lead: Caller, staff_ids: list[str]) -> None:
    """One group for all that the shop's customers bring, so that routing gives it out within it (T4)."""
    known = {one["code"]: one["group_id"] for one in await every(lead, "/v1/groups")}
    if GROUP not in known:
        kinds = ["complaint", "inquiry", "suggestion", "fault_report", "bad_review", "emergency"]
        group = {"code": GROUP, "name": "茶叶店客服组", "shops": [SHOP], "kinds": kinds}
        made = await lead.expect(201, "POST", "/v1/groups", group, Idempotency_Key=GROUP)
        known[GROUP] = made["group_id"]
    for staff_id in staff_ids:
        await lead.expect(200, "PUT", f"/v1/groups/{known[GROUP]}/members/{staff_id}", {})


async def _shift(lead: Caller, staff_id: str, evening: bool) -> Thing:
    """Today's shift: from now on, or beginning in the evening, which is in a moment here."""
    for shift in await every(lead, f"/v1/shifts?shop={SHOP}&staff_id={staff_id}"):
        if shift["status"] in ("planned", "started", "ended"):
            found: Thing = shift
            return found
    starts = datetime.now(UTC) + timedelta(minutes=50 if evening else 0)
    segment = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=8)).isoformat()}
    planned = {"staff_id": staff_id, "shop": SHOP, "segments": [segment]}
    made: Thing = await lead.expect(201, "POST", "/v1/shifts", planned, Idempotency_Key=secrets.token_hex(8))
    return made


async def end_of_shift(desk: Desk) -> None:
    """交接班: the evening shift comes, the others leave, each hands over what is pending and the evening takes it
    over (T46)."""
    shift = await desk.supervisor.expect(200, "GET", f"/v1/shifts/{desk.evening.shift_id}")
    if shift["status"] == "planned":
        await sign_in(desk.evening)
    await asyncio.gather(*(_leave(desk, agent) for agent in desk.on_shift))


async def _leave(desk: Desk, agent: Agent) -> None:
    shift = await desk.supervisor.expect(200, "GET", f"/v1/shifts/{agent.shift_id}")
    if shift["status"] == "started":
        await agent.caller.expect(
            200, "POST", f"/v1/shifts/{agent.shift_id}/end", {}, Idempotency_Key=f"{agent.shift_id}-end"
        )
    for sheet in await every(desk.supervisor, f"/v1/handovers?shift_id={agent.shift_id}"):
        path = f"/v1/handovers/{sheet['handover_id']}"
        if sheet["status"] == "drafted":
            await desk.act(agent.caller, f"{path}/sign", {"to_staff_id": desk.evening.staff_id})
        if sheet["status"] in ("drafted", "signed"):
            await desk.act(desk.evening.caller, f"{path}/accept")
