"""T2: the status of a kind with stages follows from them. Every status × whatever the stages say, written out by hand;
then the same through the service, with its clocks, seats and refusals."""

from typing import Any

import orjson
import pytest
from stage import NOON
from test_ticket_life import AGENT, AT, ME, Paper, in_state
from ticket_desk import Desk

from contracts.ticket.ticket import IntakeChannel, TicketKind, TicketOutcome, TicketStatus, WaitingOn
from kit.principals import Principal
from kit.problems import Problem
from kit.work import Work
from services.ticket.ticket import service as tickets
from services.ticket.ticket.derived import Derived, follow
from services.ticket.ticket.lifecycle import COMMON, HANDING, LIFE, Opening, allowed, state_of

# To (down) from (across): the events that tell it; · the ticket says so already, - is never so.
STATES = ("new", "open", "waiting", "solved", "closed", "cancelled")
TOLD = {
    "new":       "·                 -                -                  -                  -                  -",
    "open":      "assigned          ·                waiting            reopened           reopened           -",
    "courier":   "assigned+waiting  waiting          ·                  reopened+waiting   reopened+waiting   -",
    "customer":  "assigned+waiting  waiting          waiting            reopened+waiting   reopened+waiting   -",
    "solved":    "solved            solved           solved             ·                  -                  -",
    "closed":    "closed            closed           closed             closed             ·                  -",
    "cancelled": "cancelled         cancelled        cancelled          -                  -                  ·",
}  # fmt: skip
PRODUCT = [(to, state, cell) for to, row in TOLD.items() for state, cell in zip(STATES, row.split(), strict=True)]


def wanted(to: str) -> Derived:
    if to in ("courier", "customer"):
        return Derived(TicketStatus.WAITING, WaitingOn(to))
    outcome = TicketOutcome.UNREACHABLE if to == "closed" else None
    return Derived(TicketStatus(to), outcome=outcome, promise_kept=True if to == "closed" else None)


@pytest.mark.parametrize(("to", "state", "cell"), PRODUCT, ids=[f"{state}-{to}" for to, state, _ in PRODUCT])
def test_whatever_the_stages_say_in_every_status(to: str, state: str, cell: str) -> None:
    """T2, I10: the last event tells the state that the ticket is left in; what is never so changes nothing."""
    ticket = in_state(state)
    ticket.kind = "complaint"
    if cell == "-":
        before = state_of(ticket)
        with pytest.raises(Problem) as refused:
            follow(ticket, wanted(to), AGENT, AT)
        assert (refused.value.slug, state_of(ticket)) == ("transition-refused", before)
        return
    told = follow(ticket, wanted(to), AGENT, AT)
    names = [] if cell == "·" else [f"ticket.{name}" for name in cell.split("+")]
    assert [one.SUBJECT for one in told] == names
    assert (ticket.status, ticket.waiting_on) == (wanted(to).status, wanted(to).waiting_on)
    if told:
        assert told[-1].ticket == state_of(ticket)
    if to == "closed" and told:
        assert (told[-1].model_dump()["outcome"], told[-1].model_dump()["promise_kept"]) == ("unreachable", True)
        assert ticket.outcome == "unreachable"


def test_the_drawing_covers_all_there_is() -> None:
    assert {state.value for state in TicketStatus} == set(STATES)
    assert len(PRODUCT) == 42


@pytest.mark.parametrize("kind", sorted(set(TicketKind) - COMMON))
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", sorted(LIFE.table))
def test_verbs_of_the_common_life_are_not_for_stages(kind: TicketKind, state: str, verb: str) -> None:
    """T2: refused in every status, naming what stays: giving it to somebody. Nothing changes."""
    from test_ticket_life import VERBS

    ticket = in_state(state)
    ticket.kind = kind
    before = state_of(ticket)
    with pytest.raises(Problem) as refused:
        VERBS[verb](ticket)
    assert refused.value.slug == "transition-refused"
    assert refused.value.facts["allowed"] == (list(HANDING) if state in ("new", "open", "waiting") else [])
    assert (state_of(ticket), allowed(ticket)) == (before, refused.value.facts["allowed"])


def test_who_had_solved_it_is_told_when_it_comes_back() -> None:
    """A19: credit is taken back from whoever had it."""
    ticket = Paper(status="solved", kind="complaint", solved_by_staff_id=ME)
    (told,) = follow(ticket, Derived(TicketStatus.OPEN), Principal("staff:other", frozenset()), AT)
    assert told.model_dump()["solved_by_staff_id"] == ME
    assert (ticket.solved_by_staff_id, ticket.times_reopened) == (None, 1)


async def staged(desk: Desk, **facts: Any) -> str:
    """A complaint as its room opens it."""
    opening = Opening(TicketKind.COMPLAINT, "main", "投诉", channel=IntakeChannel.PHONE, **facts)
    async with desk.client.transactions.begin(AGENT) as work:
        return str((await tickets.open_staged(work, opening)).ticket_id)


async def followed(desk: Desk, ticket_id: str, status: str, **facts: Any) -> None:
    """Its room says what its stages come to."""

    async def say(work: Work) -> None:
        from uuid import UUID

        ticket = await tickets.lock(work, UUID(ticket_id), TicketKind.COMPLAINT)
        await tickets.follow(work, ticket, TicketStatus(status), verb="judge", **facts)

    async with desk.client.transactions.begin(AGENT) as work:
        await say(work)


async def test_a_staged_ticket_is_opened_followed_and_told(desk: Desk) -> None:
    """T2, T43: its clocks pause, run and end with the status; its seat is taken and given back; each step in the trail."""
    ticket = {"ticket_id": await staged(desk, category="quality", emergency=True)}
    path = f"/v1/tickets/{ticket['ticket_id']}"

    async def seen() -> tuple[str, dict[str, str]]:
        shown = (await desk.call("GET", path)).json()
        return shown["status"], {one["kind"]: one["status"] for one in shown["clocks"]}

    assert await seen() == ("new", {"solution": "running", "first_reply": "running", "containment": "running"})
    await followed(desk, ticket["ticket_id"], "open")
    assert (await desk.call("GET", path)).json()["assignee_staff_id"] == str(ME)
    await followed(desk, ticket["ticket_id"], "open")
    await followed(desk, ticket["ticket_id"], "waiting", waiting_on=WaitingOn.CUSTOMER, reason="等照片")
    assert (await seen())[1]["solution"] == "paused"
    await followed(desk, ticket["ticket_id"], "waiting", waiting_on=WaitingOn.SUPPLIER)
    assert (await seen())[1]["solution"] == "running"
    await followed(desk, ticket["ticket_id"], "solved")
    assert (await seen())[1]["solution"] == "met"
    await followed(desk, ticket["ticket_id"], "open", reason="不满意")
    assert (await seen())[0] == "open"
    await followed(desk, ticket["ticket_id"], "closed", outcome=TicketOutcome.UNREACHABLE, promise_kept=False)
    assert await desk.subjects(ticket["ticket_id"]) == [
        "ticket.opened", "ticket.assigned", "ticket.waiting", "ticket.waiting", "ticket.solved", "ticket.reopened",
        "ticket.closed",
    ]  # fmt: skip
    assert await desk.audits(ticket["ticket_id"]) == ["open", *["judge"] * 7]
    (row,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.closed'")
    closed = orjson.loads(bytes(row.body))
    assert (closed["outcome"], closed["promise_kept"], closed["touched_by"]) == ("unreachable", False, [str(ME)])
    seats = await desk.rows("SELECT open_tickets AS n FROM agent_seat WHERE staff_id = :one", one=str(ME))
    assert seats[0].n == 0


async def test_a_staged_ticket_is_moved_by_its_stages_alone(desk: Desk) -> None:
    """T2: over HTTP every verb of the common life is refused and writes nothing; hands, words and watchers stay."""
    ticket = {"ticket_id": await staged(desk)}
    path = f"/v1/tickets/{ticket['ticket_id']}"
    before = (await desk.call("GET", path)).json()
    bodies = {"wait": {"waiting_on": "courier", "reason": "等"}, "solve": {"solution": "好"}, "reopen": {"reason": "又"},
              "cancel": {"reason": "误"}}  # fmt: skip
    for verb in LIFE.table:
        answer = await desk.verb(ticket, verb, **bodies.get(verb, {}))
        assert (answer.status_code, answer.json()["allowed"]) == (409, list(HANDING)), verb
    headers = {"If-Match": '"1"'}
    for name, value in (("category", "service"), ("details", {})):
        refused = await desk.call("PATCH", path, json={name: value}, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    assert (await desk.call("GET", path)).json() == before
    assert (await desk.verb(ticket, "take", by={"staff_id": ME})).status_code == 200
    tagged = await desk.call("PATCH", path, json={"tags": ["急"]}, headers={"If-Match": '"2"'})
    assert tagged.json()["tags"] == ["急"]
    assert (await desk.verb(ticket, "messages", text="您好")).status_code == 201


async def test_a_customer_is_heard_on_a_staged_ticket_until_it_is_closed(desk: Desk) -> None:
    """T2: solved, it is still in its stages, and they alone move it; closed, later contact makes a follow-up."""
    ticket = {"ticket_id": await staged(desk)}
    await followed(desk, ticket["ticket_id"], "open")
    for status in ("waiting", "solved"):
        facts = {"waiting_on": WaitingOn.CUSTOMER} if status == "waiting" else {}
        await followed(desk, ticket["ticket_id"], status, **facts)
        heard = await desk.verb(ticket, "messages", "storefront", text="还没好")
        assert heard.json()["ticket_id"] == ticket["ticket_id"]
        assert (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()["status"] == status
    await followed(desk, ticket["ticket_id"], "closed")
    heard = await desk.verb(ticket, "messages", "storefront", text="又坏了")
    assert heard.json()["ticket_id"] != ticket["ticket_id"]


async def test_a_room_follows_what_it_has_just_opened(desk: Desk) -> None:
    """T2: in the same transaction, and it is kept."""
    async with desk.client.transactions.begin(AGENT) as work:
        ticket = await tickets.open_staged(work, Opening(TicketKind.COMPLAINT, "main", "投诉"))
        await tickets.follow(work, ticket, TicketStatus.OPEN, verb="record")
        ticket_id = ticket.ticket_id
    shown = (await desk.call("GET", f"/v1/tickets/{ticket_id}")).json()
    assert (shown["status"], shown["version"]) == ("open", 2)
    assert await desk.subjects(ticket_id) == ["ticket.opened", "ticket.assigned"]


async def test_a_room_finds_its_own_kind_only(desk: Desk) -> None:
    """T2: another kind's ticket isn't there for it."""
    inquiry = await desk.open()
    with pytest.raises(Problem) as refused:
        await followed(desk, inquiry["ticket_id"], "open")
    assert refused.value.slug == "not-found"


async def test_a_closed_one_comes_back_only_while_its_days_last(desk: Desk) -> None:
    """T2: the window of the policy holds for stages as well."""
    from datetime import timedelta

    assert desk.clock.now() == NOON
    in_time, late = await staged(desk), await staged(desk)
    for one in (in_time, late):
        await followed(desk, one, "closed")
    desk.clock.advance(timedelta(days=30, microseconds=-1))
    await followed(desk, in_time, "open")
    desk.clock.advance(timedelta(microseconds=1))
    with pytest.raises(Problem) as refused:
        await followed(desk, late, "open")
    assert refused.value.slug == "transition-refused"
