"""`/v1/ticket-clocks` and a single clock by hand: what is late and by whom, under the rules of sight (T43, T47, X1)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from clock_bench import Bench, a_ticket
from stage import NOON
from ticket_desk import faults

from contracts.ticket.clock import ClockKind
from contracts.ticket.ticket import TicketKind
from kit.clock import FrozenClock
from kit.ids import new_id
from services.ticket.clock import service
from services.ticket.clock.policy import SlaCase

K = ClockKind
PATH = "/v1/ticket-clocks"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def listed(bench: Bench, query: str = "", role: str = "agent", **options: Any) -> list[dict[str, Any]]:
    answer = await bench.client.call("GET", f"{PATH}?{query}", role, **options)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_what_is_late_leads_and_says_by_whom(bench: Bench, clock: FrozenClock) -> None:
    """T47"""
    fei, lin = new_id(), new_id()
    early = a_ticket(owner_staff_id=fei, number="T-1")
    late = a_ticket(TicketKind.SUGGESTION, owner_staff_id=lin, number="T-2", group="office")
    for ticket in (early, late):
        await bench.do(service.begin, ticket, open_chats=None)
    clock.advance(3 * DAY)
    await bench.sweep()
    found = await listed(bench, "state=breached")
    assert [(one["ticket_number"], one["kind"], one["owner_staff_id"], one["late"]) for one in found] == [
        ("T-1", "first_reply", str(fei), True)
    ]
    assert [one["ticket_number"] for one in await listed(bench)] == ["T-1", "T-1", "T-2"]
    assert [one["kind"] for one in await listed(bench, "state=running")] == ["solution", "solution"]
    assert [one["ticket_number"] for one in await listed(bench, f"owner={lin}")] == ["T-2"]
    assert [one["ticket_number"] for one in await listed(bench, "group=office&kind=solution")] == ["T-2"]
    before = (NOON + 5 * DAY).isoformat().replace("+00:00", "Z")
    assert [one["kind"] for one in await listed(bench, f"before={before}")] == ["first_reply", "solution"]
    assert await listed(bench, "state=paused") == []


async def test_late_and_standing_still_is_both(bench: Bench, clock: FrozenClock) -> None:
    ticket = a_ticket()
    await bench.do(service.begin, ticket, open_chats=None)
    clock.advance(9 * DAY)
    await bench.do(service.pause, ticket, "等")
    (paused,) = await listed(bench, "state=paused")
    assert (paused["kind"], paused["status"], paused["due_at"]) == ("solution", "breached_paused", None)
    assert len(await listed(bench, "state=breached")) == 1  # the first reply is late too, but nobody has looked yet
    await bench.sweep()
    assert len(await listed(bench, "state=breached")) == 2


async def test_pages_follow_each_other_without_a_gap(bench: Bench) -> None:
    """Several due at the same instant, in several states."""
    tickets = [a_ticket(number=f"T-{number}") for number in range(9)]
    for number, ticket in enumerate(tickets):
        await bench.do(service.begin, ticket, open_chats=None)
        if number % 3 == 0:
            await bench.do(service.pause, ticket, "等")
    everything = [one["clock_id"] for one in await listed(bench, "limit=200")]
    assert len(everything) == len(set(everything)) == 18
    walked: list[str] = []
    path = f"{PATH}?limit=4"
    while path:
        answer = await bench.client.call("GET", path)
        walked += [one["clock_id"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        path = f"{PATH}?limit=4&cursor={cursor}" if cursor else ""
    assert walked == everything
    ours = (await bench.client.call("GET", f"{PATH}?limit=4")).json()["next_cursor"]
    assert faults(await bench.client.call("GET", f"/v1/tickets?cursor={ours}")) == ["/query/cursor"]


@pytest.mark.parametrize(
    "query", ["state=late", "owner=fei", "before=yesterday", "status=running", "limit=0", "kind=x"]
)
async def test_what_cannot_be_asked_is_refused(bench: Bench, query: str) -> None:
    answer = await bench.client.call("GET", f"{PATH}?{query}")
    assert faults(answer) == [f"/query/{query.split('=', maxsplit=1)[0]}"]


async def test_a_list_shows_the_shops_of_its_caller(bench: Bench) -> None:
    """X1: and nothing of another shop is found by its id."""
    ours, theirs = a_ticket(shop="main"), a_ticket(shop="wuhan")
    for ticket in (ours, theirs):
        await bench.do(service.begin, ticket, open_chats=None)
    assert {one["shop"] for one in await listed(bench, shops=["wuhan"])} == {"wuhan"}
    assert {one["shop"] for one in await listed(bench, shops=["wuhan", "main"])} == {"main", "wuhan"}
    assert await listed(bench, "shop=main", shops=["wuhan"]) == []
    hidden = (await bench.clock(ours)).clock_id
    for path in (f"{PATH}/{hidden}", f"{PATH}/{hidden}/facts", f"{PATH}/{new_id()}"):
        assert (await bench.client.call("GET", path, shops=["wuhan"])).status_code == 404
    assert (await bench.client.call("GET", f"{PATH}/{hidden}")).json()["shop"] == "main"


async def test_buyers_and_storefronts_never_see_clocks(bench: Bench) -> None:
    """X6"""
    for options in ({}, {"account_id": new_id()}):
        assert (await bench.client.call("GET", PATH, "storefront", **options)).status_code == 403


async def test_the_facts_of_a_clock_page_by_page(bench: Bench, clock: FrozenClock) -> None:
    """T47, T48"""
    ticket = a_ticket()
    await bench.do(service.begin, ticket, open_chats=None)
    for _ in range(3):
        await bench.do(service.pause, ticket, "等客户")
        clock.advance(HOUR)
        await bench.do(service.resume, ticket)
    path = f"{PATH}/{(await bench.clock(ticket)).clock_id}/facts"
    first = (await bench.client.call("GET", f"{path}?limit=4")).json()
    rest = (await bench.client.call("GET", f"{path}?limit=4&cursor={first['next_cursor']}")).json()
    told = [*first["items"], *rest["items"]]
    assert [one["kind"] for one in told] == ["started", *["paused", "resumed"] * 3]
    assert rest["next_cursor"] is None
    assert [(one["reason"], one["author"], one["hold"]) for one in told[1:2]] == [("等客户", "staff:fei", "waiting")]


class ByHand:
    """A ticket of the service itself, and one clock of it."""

    def __init__(self, bench: Bench, ticket: dict[str, Any], clock_id: str) -> None:
        self.bench, self.ticket, self.clock_id = bench, ticket, clock_id

    async def ask(
        self, verb: str, role: str = "supervisor", *, reason: Any = "快递停运", **options: Any
    ) -> httpx.Response:
        path = f"/v1/tickets/{self.ticket['ticket_id']}/clocks/{self.clock_id}/{verb}"
        return await self.bench.client.call("POST", path, role, json={"reason": reason}, **options)

    async def seen(self) -> dict[str, Any]:
        answer = await self.bench.client.call("GET", f"/v1/tickets/{self.ticket['ticket_id']}")
        return dict(answer.json())


@pytest.fixture
async def inquiry(bench: Bench) -> ByHand:
    opened = await bench.client.call("POST", "/v1/tickets", json={"subject": "催发货", "channel": "email"})
    assert opened.status_code == 201, opened.text
    ticket = opened.json()
    clocks = await bench.rows("SELECT * FROM clock WHERE kind = 'solution'")
    return ByHand(bench, ticket, str(clocks[0].clock_id))


async def test_a_lead_pauses_one_clock_and_the_ticket_says_what_is_due_first(
    inquiry: ByHand, clock: FrozenClock
) -> None:
    """T47, T48: with a reason, and written down in the trail."""
    bench = inquiry.bench
    clock.advance(2 * DAY)  # Monday noon
    await bench.do(service.replied, a_ticket(TicketKind.INQUIRY, ticket_id=inquiry.ticket["ticket_id"]))
    paused = await inquiry.ask("pause", reason="快递停运 13812345678")
    assert paused.status_code == 200, paused.text
    assert (paused.json()["status"], paused.json()["by_hand"], paused.json()["due_at"]) == ("paused", True, None)
    assert (await inquiry.seen())["due_at"] is None
    clock.advance(DAY)
    resumed = await inquiry.ask("resume", headers={"If-Match": paused.headers["etag"]})
    assert resumed.status_code == 200, resumed.text
    assert resumed.json()["due_at"] == (await inquiry.seen())["due_at"] == "2026-11-26T10:00:00Z"
    trail = (await bench.client.call("GET", "/v1/audit/ticket?noun=clock", "auditor")).json()["items"]
    assert [(one["action"], one["before"]["status"], one["after"]["status"]) for one in trail] == [
        ("resume", "paused", "running"), ("pause", "running", "paused"),
    ]  # fmt: skip
    assert trail[1]["reason"] == "快递停运 ****"


async def test_paused_by_hand_and_by_waiting_it_goes_on_when_both_are_over(inquiry: ByHand) -> None:
    bench = inquiry.bench
    ticket = a_ticket(TicketKind.INQUIRY, ticket_id=inquiry.ticket["ticket_id"])
    assert (await inquiry.ask("pause")).status_code == 200
    await bench.do(service.pause, ticket, "等客户")
    assert (await inquiry.ask("resume")).json()["status"] == "paused"
    assert (await inquiry.ask("resume")).status_code == 409
    await bench.do(service.resume, ticket)
    assert (await bench.client.call("GET", f"{PATH}/{inquiry.clock_id}")).json()["status"] == "running"


async def test_what_never_stands_still_and_what_has_ended_is_refused(inquiry: ByHand) -> None:
    """T48: nobody pauses a first reply by hand; refused, nothing changes."""
    bench = inquiry.bench
    (first,) = await bench.rows("SELECT * FROM clock WHERE kind = 'first_reply'")
    never = await ByHand(bench, inquiry.ticket, first.clock_id).ask("pause")
    assert (never.status_code, never.json()["type"]) == (409, "/problems/transition-refused")
    assert "pause" not in never.json()["allowed"]
    assert (await inquiry.ask("resume")).status_code == 409
    assert (await inquiry.ask("pause")).status_code == 200
    twice = await inquiry.ask("pause")
    assert (twice.status_code, twice.json()["from"]) == (409, "paused")
    await bench.do(service.drop, a_ticket(ticket_id=inquiry.ticket["ticket_id"]))
    for verb in ("pause", "resume"):
        ended = await inquiry.ask(verb)
        assert (ended.status_code, ended.json()["from"], ended.json()["allowed"]) == (409, "dropped", [])
    kinds = [
        row.kind for row in await bench.rows("SELECT kind FROM clock_fact WHERE clock_id = :id", id=first.clock_id)
    ]
    assert sorted(kinds) == ["dropped", "started"]


async def test_by_hand_only_by_leads_with_a_reason_of_their_own_shop(inquiry: ByHand) -> None:
    """T48, X1"""
    assert (await inquiry.ask("pause", "agent")).status_code == 403
    assert faults(await inquiry.ask("pause", reason=" ")) == ["/reason"]
    assert faults(await inquiry.ask("pause", reason=None)) == ["/reason"]
    assert (await inquiry.ask("pause", shops=["wuhan"])).status_code == 404
    assert (await ByHand(inquiry.bench, inquiry.ticket, str(new_id())).ask("pause")).status_code == 404
    other = a_ticket()
    await inquiry.bench.do(service.begin, other, open_chats=None)
    foreign = str((await inquiry.bench.clock(other)).clock_id)
    assert (await ByHand(inquiry.bench, inquiry.ticket, foreign).ask("pause")).status_code == 404
    assert (await inquiry.ask("pause", headers={"If-Match": '"7"'})).status_code == 412
    assert (await inquiry.bench.client.call("GET", f"{PATH}/{inquiry.clock_id}")).json()["status"] == "running"


async def test_a_leg_is_late_by_its_owner_and_the_case_shows_it(bench: Bench, clock: FrozenClock) -> None:
    """T47"""
    agent, warehouse = new_id(), new_id()
    case = a_ticket(TicketKind.REFUND, case=SlaCase.RETURN, owner_staff_id=agent)
    await bench.do(service.start_leg, case, K.AGREE)
    await bench.do(service.meet_leg, case, K.AGREE)
    inspect = a_ticket(TicketKind.REFUND, case=SlaCase.RETURN, owner_staff_id=warehouse, ticket_id=case.ticket_id)
    await bench.do(service.start_leg, inspect, K.INSPECT)
    clock.advance(9 * DAY)
    await bench.sweep()
    (late,) = await listed(bench, "state=breached")
    assert (late["kind"], late["owner_staff_id"], late["ticket_id"]) == (
        "inspect",
        str(warehouse),
        str(case.ticket_id),
    )
