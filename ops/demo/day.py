"""A day at the tea shop's desk: orders and their flags, complaints round their loop, what else customers bring,
replies that come too late, and the change of shifts.

Every thing has a number or a key of its own and is taken up where it stands, so a day that was cut off goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from kit.clock import business_date
from ops.callers import settled
from ops.demo.cases import Case, Cases, ComplaintCase, OrderCase, OtherCase, StagedCase
from ops.demo.desk import FIRST_REPLY_SECONDS, SHOP, Agent, Desk, Thing, end_of_shift
from ops.environment import StackError

BUYERS = 12
_WITH_ADDRESS = 8
_AT_ONCE = 6
_MOST_STEPS = 40
_PATIENCE = 30.0
_OUTCOMES = {"suggestion": "adopted"}
Step = Callable[[Thing], Awaitable[object]]
C = TypeVar("C", bound=Case)


class Key(NamedTuple):
    """Which case it is, and which time of it."""

    case: int
    time: int

    def __str__(self) -> str:
        return f"{self.case:02d}-{self.time:02d}"


@dataclass
class Day:
    """One day, which began then."""

    desk: Desk
    began_at: datetime
    progress: Callable[[int], None]

    async def work(self, cases: Cases) -> None:
        """From the first order to the change of shifts. Raises `StackError` at what doesn't go as it should."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def bounded(work: Awaitable[object]) -> None:
            async with gate:
                await work
                self.progress(1)

        await self._know_buyers()
        await asyncio.gather(*(bounded(self._order(key, case)) for key, case in _each(cases.orders)))
        complaints = _each(cases.complaints)
        opened = await asyncio.gather(*(self._complain(key, case) for key, case in complaints))
        others = [self._other(key, case) for key, case in _each(cases.others)]
        walked = [self._walk(case, one) for (_, case), one in zip(complaints, opened, strict=True)]
        staged = [self._staged(key, case) for key, case in _each(cases.staged)]
        await asyncio.gather(*map(bounded, (*others, *staged, *walked)))
        await end_of_shift(self.desk)

    async def _know_buyers(self) -> None:
        """Some buyers have a file with an address to write to (C1)."""
        for place in range(1, _WITH_ADDRESS + 1):
            file = {
                "name": f"茶客{place:02d}", "emails": [f"tea-{place:02d}@example.com"],
                "accounts": [{"shop": SHOP, "buyer_ref": _buyer(place)}],
            }  # fmt: skip
            await self.desk.storefront.expect(201, "POST", "/v1/customers", file, Idempotency_Key=f"tea-{place:02d}")

    async def _order(self, key: Key, case: OrderCase) -> None:
        order_no, agent = f"TEA-{key}", self.desk.on_shift[key.time % len(self.desk.on_shift)]
        await self._put(key, order_no, case.title)
        known = await agent.caller.expect(200, "GET", f"/v1/orders/{SHOP}/{order_no}/flags")
        for colour, content in case.flags[len(known["items"]) :]:
            await self._flag(agent, order_no, colour, content)
        tickets = await agent.caller.expect(200, "GET", f"/v1/tickets?shop={SHOP}&order_no={order_no}&kind=inquiry")
        for ticket in tickets["items"] if case.done else ():
            await self._work_off(ticket, "closed")
        if case.shipped:
            await self._put(key, order_no, case.title, revision=2)

    async def _put(self, key: Key, order_no: str, title: str, *, revision: int = 1) -> None:
        bought = self.began_at - timedelta(hours=6, minutes=-key.time)
        paid = f"{38 + key.case * 20 + key.time * 3}.{key.time % 10}0"
        order: dict[str, Any] = {
            "revision": revision, "buyer_ref": _buyer(key.case + key.time), "paid": paid,
            "placed_at": bought.isoformat(), "paid_at": (bought + timedelta(minutes=2)).isoformat(),
            "lines": [{"line_no": 1, "sku": "TEA", "product_name": title, "quantity": 1, "paid_total": paid}],
        }  # fmt: skip
        if revision > 1:
            number = f"ZT{key.case:05d}{key.time:05d}"
            order |= {"courier": "中通", "tracking_number": number, "shipped_at": self.began_at.isoformat()}
        status, answer = await self.desk.storefront.call("PUT", f"/v1/orders/{SHOP}/{order_no}", order)
        if status not in (200, 201):
            raise StackError(f"PUT of {order_no} answered {status}: {answer}")

    async def _flag(self, agent: Agent, order_no: str, colour: str, content: str) -> None:
        """The agent ticks off what is confirmed before clearing (T34), and signs the remark (T31)."""
        path = f"/v1/orders/{SHOP}/{order_no}"
        if colour == "red":
            found = await agent.caller.expect(200, "GET", f"{path}/confirmation")
            steps = {"steps": [step["code"] for step in found["steps"]]}
            await agent.caller.expect(200, "POST", f"{path}/confirmation", steps, Idempotency_Key=f"{order_no}-ticks")
        flag = {"colour": colour, "remark": f"【{agent.alias}】({content}){business_date(self.began_at):%-m/%-d}"}
        await agent.caller.expect(201, "POST", f"{path}/flags", flag, Idempotency_Key=f"{order_no}-{colour}")

    async def _complain(self, key: Key, case: ComplaintCase) -> Thing:
        """The buyer complains in the shop's own pages; whoever gets it answers at once, or nobody does (T41)."""
        order_no = f"TEA-C-{key}"
        await self._put(key, order_no, case.subject)
        told = {
            "shop": SHOP, "category": case.category, "subject": case.subject, "description": case.subject,
            "wish": case.wish, "occurred_at": (self.began_at - timedelta(hours=1)).isoformat(), "channel": "wechat",
            "order_no": order_no,
        }  # fmt: skip
        made: Thing = await self.desk.storefront.expect(
            201, "POST", "/v1/complaints", told, Idempotency_Key=f"tea-complaint-{key}"
        )
        complaint = await self._look(made["complaint_id"])
        if not case.neglected:
            await self._reply(complaint["ticket"], f"非常抱歉，{case.subject}一事我们马上核查。")
        return complaint

    async def _walk(self, case: ComplaintCase, complaint: Thing) -> None:
        """Round the loop to where it ends today (T11, T12)."""
        if case.neglected:
            await self._neglect(complaint)
        steps = self._steps(case)
        for _ in range(_MOST_STEPS):
            complaint = await self._look(complaint["complaint_id"])
            if complaint["stage"] == case.ending:
                return
            await steps[complaint["stage"]](complaint)
        raise StackError(f"{complaint['number']} ({case.subject}) stands at {complaint['stage']}.")

    async def _neglect(self, complaint: Thing) -> None:
        """The target passes, the clock says so by itself, and only then somebody answers (T43, T48)."""
        look = partial(self._look, complaint["complaint_id"])
        late = await settled(look, _reply_is_late, within=FIRST_REPLY_SECONDS + _PATIENCE)
        if not _reply_is_late(late):
            raise StackError(f"Nobody noticed that {complaint['number']} was not answered.")
        await self._reply(late["ticket"], "让您久等了，我们正在处理。")

    def _steps(self, case: ComplaintCase) -> Mapping[str, Step]:
        """What is done at each stage."""
        circumstances = {"injury_or_safety": True} if case.injured else {}
        judged = {"nature": case.nature, "severity": case.severity, "reason": "已核实", **circumstances}
        fixed = {"unit_id": self.desk.units[case.unit]} if case.nature == "founded" else {"reason": "不属实"}
        two_days = (datetime.now(self.began_at.tzinfo) + timedelta(days=2)).isoformat()
        proposed = {"solutions": [case.solution], "details": case.wish, "estimated_for": two_days}
        recorded = self._withdraw if case.ending == "withdrawn" else self._does("judge", judged, lead=True)
        return {
            "recorded": recorded,
            "judged": self._does("fix", fixed, lead=True),
            "responsibility_fixed": self._does("explain", {"code": "checked", "cause": f"{case.subject}，已查明"}),
            "cause_found": self._does("propose", proposed),
            "solution_proposed": self._does("inform", {"channel": "phone"}),
            "customer_informed": self._does("verify", {"result": "settled", "confirmed_by": "仓库 王"}),
            "verified_inside": partial(self._call_back, case),
            "called_back": self._does("close", None),
        }

    def _does(self, verb: str, body: object, *, lead: bool = False) -> Step:
        async def do(complaint: Thing) -> None:
            caller = self.desk.supervisor if lead else self.desk.agent_of(complaint["ticket"])
            await self.desk.act(caller, f"/v1/complaints/{complaint['complaint_id']}/{verb}", body)

        return do

    async def _withdraw(self, complaint: Thing) -> None:
        await self._does("withdraw", {"reason": "客户自行撤销"})(complaint)

    async def _call_back(self, case: ComplaintCase, complaint: Thing) -> None:
        satisfied = complaint["inside"]["times_unsatisfied"] >= case.unsatisfied
        heard = {"result": "satisfied" if satisfied else "unsatisfied", "manner": "call"}
        await self._does("call-back", heard)(complaint)

    async def _other(self, key: Key, case: OtherCase) -> None:
        told = {
            "kind": case.kind, "shop": SHOP, "subject": case.subject, "description": case.subject,
            "channel": "wechat", "details": dict(case.details) or None,
        }  # fmt: skip
        made = await self.desk.storefront.expect(
            201, "POST", "/v1/tickets", told, Idempotency_Key=f"tea-ticket-{key}"
        )
        await self._work_off(made, case.ending)

    async def _staged(self, key: Key, case: StagedCase) -> None:
        """Open it and do what its status asks for (T42, T45)."""
        told = {"shop": SHOP, "subject": case.subject, "description": case.subject, **case.details}
        named = {"Idempotency_Key": f"tea-{case.room}-{key}"}
        made = await self.desk.clerk.expect(201, "POST", f"/v1/{case.room}", told, **named)
        path = f"/v1/{case.room}/{made['ticket']['ticket_id']}"
        for _ in range(_MOST_STEPS):
            thing = await self.desk.supervisor.expect(200, "GET", path)
            if thing["status"] not in case.steps:
                return
            verb, body = case.steps[thing["status"]]
            await self.desk.act(self.desk.agent_of(thing["ticket"]), f"{path}/{verb}", body)
        raise StackError(f"{made['ticket']['number']} ({case.subject}) does not end.")

    async def _work_off(self, ticket: Thing, ending: str) -> None:
        """Answer, start, solve, close, as far as it goes today (T2)."""
        path = f"/v1/tickets/{ticket['ticket_id']}"
        verbs: Mapping[str, tuple[str, object]] = {
            "new": ("start", None),
            "open": ("solve", {"solution": "已处理并回复客户", "outcome": _OUTCOMES.get(ticket["kind"])}),
            "solved": ("close", None),
        }
        for _ in range(_MOST_STEPS):
            ticket = await self.desk.supervisor.expect(200, "GET", path)
            if ticket["status"] == ending:
                return
            if ticket["status"] == "new":
                await self._reply(ticket, f"您好，“{ticket['subject']}”已收到，我们会尽快处理。")
            verb, body = verbs[ticket["status"]]
            await self.desk.act(self.desk.agent_of(ticket), f"{path}/{verb}", body)
        raise StackError(f"{ticket['number']} stands at {ticket['status']}.")

    async def _reply(self, ticket: Thing, text: str) -> None:
        """Answer the customer, unless that has been done (T48)."""
        if all(one["status"] in ("met", "dropped") for one in ticket["clocks"] if one["kind"] == "first_reply"):
            return
        path = f"/v1/tickets/{ticket['ticket_id']}/messages"
        await self.desk.act(self.desk.agent_of(ticket), path, {"text": text}, wanted=201)

    async def _look(self, complaint_id: str) -> Thing:
        found: Thing = await self.desk.supervisor.expect(200, "GET", f"/v1/complaints/{complaint_id}")
        return found


def _each(cases: Sequence[C]) -> list[tuple[Key, C]]:
    """Every case as often as it happens, under a key that it has in a day of any size."""
    return [(Key(place, time), one) for place, one in enumerate(cases, start=1) for time in range(1, one.cases + 1)]


def _buyer(place: int) -> str:
    return f"tea-buyer-{1 + (place - 1) % BUYERS:02d}"


def _reply_is_late(complaint: Thing) -> bool:
    return any(one["kind"] == "first_reply" and one["late"] for one in complaint["ticket"]["clocks"])
