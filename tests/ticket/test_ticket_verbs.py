"""T2: a ticket's life over HTTP, verb by verb, with its versions, events and trail (I10, X7)."""

from datetime import timedelta
from typing import Any

import orjson
from test_ticket_doors import DOORS
from ticket_desk import Desk, a_colleague, faults

from contracts.permissions import ROLES, roles_with
from kit.ids import new_id
from kit.testing.poll import eventually

BODIES: dict[str, dict[str, Any]] = {
    "start": {},
    "wait": {"waiting_on": "courier", "reason": "等快递回复"},
    "resume": {},
    "solve": {"solution": "已补发"},
    "close": {},
    "reopen": {"reason": "客户又来电"},
    "cancel": {"reason": "误开"},
}
WAY_TO = {
    "new": (), "open": ("start",), "waiting": ("start", "wait"), "solved": ("start", "solve"),
    "closed": ("start", "solve", "close"), "cancelled": ("cancel",),
}  # fmt: skip


async def brought_to(desk: Desk, status: str) -> dict[str, Any]:
    """A ticket in that status."""
    ticket = await desk.open()
    for verb in WAY_TO[status]:
        answer = await desk.verb(ticket, verb, **BODIES[verb])
        assert answer.status_code == 200, answer.text
        ticket = answer.json()
    assert ticket["status"] == status
    return ticket


async def test_a_whole_life(desk: Desk) -> None:
    """T2, A21: each verb is answered with the new state and version, told once and written down once."""
    me, colleague = new_id(), new_id()
    ticket = await desk.open(by={"staff_id": me})
    steps = [
        ("start", {}, "open"), ("wait", {"waiting_on": "courier", "reason": "等回复"}, "waiting"),
        ("wait", {"waiting_on": "customer", "reason": "等回复"}, "waiting"), ("resume", {}, "open"),
        ("solve", {"solution": "已补发"}, "solved"), ("reopen", {"reason": "没收到"}, "open"),
        ("solve", {"solution": "已退款"}, "solved"), ("close", {}, "closed"),
    ]  # fmt: skip
    for place, (verb, body, status) in enumerate(steps):
        answer = await desk.verb(ticket, verb, by={"staff_id": colleague if verb == "solve" else me}, **body)
        shown = answer.json()
        assert (answer.status_code, shown["status"], answer.headers["etag"]) == (200, status, f'"{place + 2}"')
        assert shown["waiting_on"] == body.get("waiting_on")
        assert (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json() == shown
    assert (shown["solution"], shown["times_reopened"], shown["assignee_staff_id"]) == ("已退款", 1, str(me))
    assert await desk.subjects(ticket["ticket_id"]) == [
        "ticket.opened", "ticket.assigned", "ticket.waiting", "ticket.waiting", "ticket.waiting", "ticket.solved",
        "ticket.reopened", "ticket.solved", "ticket.closed",
    ]  # fmt: skip
    assert await desk.audits(ticket["ticket_id"]) == ["open", *(verb for verb, _, _ in steps)]
    (closed,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.closed'")
    event = orjson.loads(bytes(closed.body))
    assert (event["touched_by"], event["times_reopened"]) == ([str(me), str(colleague)], 1)


async def test_what_is_not_drawn_is_refused_and_names_what_is(desk: Desk) -> None:
    """T2, I10: over HTTP as in the drawing; nothing changes."""
    for status in WAY_TO:
        ticket = await brought_to(desk, status)
        for verb in set(BODIES) - set(ticket["allowed"]):
            answer = await desk.verb(ticket, verb, **BODIES[verb])
            problem = answer.json()
            assert (answer.status_code, problem["type"]) == (409, "/problems/transition-refused")
            assert (problem["from"], problem["verb"], problem["allowed"]) == (status, verb, ticket["allowed"])
        assert (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json() == ticket


async def test_every_status_verb_and_role(desk: Desk) -> None:
    """T2, I10, G2: whoever may not is told so in every status; whoever may is refused what isn't drawn; neither
    leaves anything behind."""
    bodies = BODIES | {
        "assign": {"group": "nobody"}, "take": {}, "release": {"reason": "忙"}, "messages": {"text": "好"},
        "merge": {"into_ticket_id": str(new_id()), "reason": "同"}, "split": {"subject": "另", "message_ids": [str(new_id())]},
        "links": {"kind": "parent", "ticket_id": str(new_id())}, "watchers": {"staff_id": str(new_id())},
    }  # fmt: skip
    asked = {verb: asked_of(f"/v1/tickets/{{ticket_id}}/{verb}") for verb in bodies}
    tickets = {status: await brought_to(desk, status) for status in WAY_TO}
    written = (
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM audit) + (SELECT count(*) FROM ticket_message)"
    )
    before = await desk.rows(written)
    for status, ticket in tickets.items():
        for verb, body in bodies.items():
            for role in ROLES:
                if role not in roles_with(asked[verb]):
                    answer = await desk.verb(ticket, verb, role, **body)
                    assert (answer.status_code, answer.json()["permission"]) == (403, asked[verb]), (
                        status,
                        verb,
                        role,
                    )
                elif verb in BODIES and verb not in ticket["allowed"]:
                    answer = await desk.verb(ticket, verb, role, **body)
                    assert (answer.status_code, answer.json()["allowed"]) == (409, ticket["allowed"])
    assert await desk.rows(written) == before


def asked_of(path: str) -> str:
    """The permission that a verb asks for."""
    return DOORS.get(f"POST {path}", "ticket:join")


async def test_the_trail_says_who_when_what_and_why(desk: Desk) -> None:
    """X7: with the reason as it was given, but for what identifies a person (X6)."""
    ticket = await brought_to(desk, "open")
    await desk.verb(ticket, "wait", by={"sub": "staff:feifei"}, waiting_on="customer", reason="等 13812345678 回电")
    (line,) = await desk.rows("SELECT * FROM audit WHERE action = 'wait'")
    assert (line.actor, line.at, line.reason) == ("staff:feifei", desk.clock.now(), "等 **** 回电")
    assert (line.before["status"], line.after["status"], line.after["waiting_on"]) == ("open", "waiting", "customer")
    answer = await desk.verb(ticket, "resume", headers={"X-Request-Id": "call-42"})
    assert answer.headers["x-request-id"] == "call-42"
    assert (await desk.rows("SELECT request_id FROM audit WHERE action = 'resume'"))[0].request_id == "call-42"


async def test_a_ticket_can_be_reopened_for_thirty_days(desk: Desk) -> None:
    """T2, X3: the window of the policy, counted from the end; too late is refused without naming the verb."""
    for status, left in (("solved", ["close"]), ("closed", [])):
        in_time, too_late = await brought_to(desk, status), await brought_to(desk, status)
        desk.clock.advance(timedelta(days=30, microseconds=-1))
        assert (await desk.verb(in_time, "reopen", reason="又坏了")).json()["status"] == "open"
        desk.clock.advance(timedelta(microseconds=1))
        answer = await desk.verb(too_late, "reopen", reason="又坏了")
        assert (answer.status_code, answer.json()["allowed"], answer.json()["verb"]) == (409, left, "reopen")


async def test_a_shop_may_give_another_window(desk: Desk) -> None:
    """T2, X3: the shop's own policy."""
    row = (
        "INSERT INTO policy (name, shop, version, effective_from, document, saved_by)"
        " VALUES ('ticket-life', 'outlet', 1, '1970-01-01T00:00:00Z', '{\"reopen_days\"\\: 0}', 'staff:chief')"
    )
    await desk.change(row)
    statuses = []
    for shop in ("main", "outlet"):
        ticket = await desk.open(shop=shop)
        for verb in ("start", "solve"):
            await desk.verb(ticket, verb, **BODIES[verb])
        statuses.append((await desk.verb(ticket, "reopen", reason="又坏了")).status_code)
    assert statuses == [200, 409]


async def test_a_supervisor_gives_a_ticket_to_somebody(desk: Desk) -> None:
    """T4: who is known here and has not left; an agent gives nothing away."""
    colleague, gone = a_colleague("菲菲"), a_colleague("阿强", status="left")
    await desk.hear(colleague, gone)
    ticket = await desk.open()
    given = await desk.verb(ticket, "assign", "supervisor", staff_id=str(colleague.staff_id))
    assert (given.status_code, given.json()["assignee_staff_id"]) == (200, str(colleague.staff_id))
    assert given.json()["status"] == "new"
    started = await desk.verb(ticket, "start", by={"staff_id": new_id()})
    assert started.json()["assignee_staff_id"] == str(colleague.staff_id)
    assert faults(await desk.verb(ticket, "assign", "supervisor", staff_id=str(gone.staff_id))) == ["/staff_id"]
    assert (await desk.verb(ticket, "assign", staff_id=str(colleague.staff_id))).status_code == 403
    unknown = await desk.verb(ticket, "assign", "manager", staff_id=str(new_id()))
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/problems/not-yet-known")
    assert (unknown.json()["noun"], unknown.headers["retry-after"]) == ("staff", "1")
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened", "ticket.assigned", "ticket.assigned"]


async def test_a_ticket_that_has_ended_is_given_to_nobody(desk: Desk) -> None:
    """T4, I10."""
    colleague = a_colleague()
    await desk.hear(colleague)
    for status in ("solved", "closed", "cancelled"):
        ticket = await brought_to(desk, status)
        answer = await desk.verb(ticket, "assign", "supervisor", staff_id=str(colleague.staff_id))
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/transition-refused")
        assert (answer.json()["from"], answer.json()["allowed"]) == (status, ticket["allowed"])


async def test_a_verb_may_ask_for_the_version_it_was_decided_on(desk: Desk) -> None:
    """If-Match: stale is 412 before anything else is looked at, any is any, nonsense is nonsense."""
    ticket = await brought_to(desk, "open")
    for verb in ("solve", "close"):
        stale = await desk.verb(ticket, verb, headers={"If-Match": '"1"'}, **BODIES[verb])
        assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    for tag in ("2", 'W/"2"', '"two"', '"-2"', '"2", "3"'):
        assert faults(await desk.verb(ticket, "solve", headers={"If-Match": tag}, **BODIES["solve"])) == [
            "/header/if-match"
        ]
    assert (await desk.verb(ticket, "solve", headers={"If-Match": '"2"'}, **BODIES["solve"])).status_code == 200
    assert (await desk.verb(ticket, "close", headers={"If-Match": "*"})).status_code == 200


async def test_a_key_does_a_verb_once(desk: Desk) -> None:
    """The same request again gets the answer of the first time, not a refusal."""
    ticket = await brought_to(desk, "open")
    headers = {"Idempotency-Key": "solve-1"}
    first = await desk.verb(ticket, "solve", headers=headers, **BODIES["solve"])
    again = await desk.verb(ticket, "solve", headers=headers, **BODIES["solve"])
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    other = await desk.verb(ticket, "close", headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_body_that_a_verb_can_not_use_is_refused(desk: Desk) -> None:
    """X6: by its place; a change of status is a verb and nothing else (I10)."""
    ticket = await brought_to(desk, "open")
    for verb, pointer, body in (
        ("wait", "/waiting_on", {"reason": "等"}),
        ("wait", "/waiting_on", {"waiting_on": "godot", "reason": "等"}),
        ("wait", "/reason", {"waiting_on": "courier"}),
        ("wait", "/reason", {"waiting_on": "courier", "reason": " "}),
        ("solve", "/solution", {"solution": ""}),
        ("solve", "/status", {"solution": "好", "status": "closed"}),
        ("reopen", "/reason", {"reason": "两\n行"}),
        ("cancel", "/reason", {"reason": None}),
        ("assign", "/staff_id", {"staff_id": "菲菲"}),
    ):
        assert faults(await desk.verb(ticket, verb, "supervisor", **body)) == [pointer], (verb, body)
    path = f"/v1/tickets/{ticket['ticket_id']}"
    assert (await desk.call("POST", f"{path}/explode", json={})).status_code == 404
    assert faults(await desk.call("PATCH", path, json={"status": "closed"})) == ["/status"]
    assert faults(await desk.call("GET", "/v1/tickets/T20261121-000001")) == ["/path/ticket_id"]


async def test_a_ticket_out_of_sight_is_not_there(desk: Desk) -> None:
    """X1, T40: unknown, or of a shop that the token doesn't serve."""
    ticket = await desk.open(shop="outlet")
    unknown = {"ticket_id": str(new_id())}
    for verb, body in BODIES.items():
        assert (await desk.verb(ticket, verb, by={"shops": ["main"]}, **body)).status_code == 404
        assert (await desk.verb(unknown, verb, **body)).status_code == 404
    assert (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}", shops=["main"])).status_code == 404


async def test_events_reach_the_broker_in_order(desk: Desk) -> None:
    """I4: published as they were recorded."""
    ticket = await brought_to(desk, "closed")

    async def published() -> bool:
        rows = await desk.rows(
            "SELECT stream_sequence FROM outbox WHERE aggregate_id = :one ORDER BY sequence", one=ticket["ticket_id"]
        )
        places = [row.stream_sequence for row in rows]
        return None not in places and places == sorted(places)

    await eventually(published)
