"""Macros: several changes in one click, all or nothing (T53)."""

from typing import Any, get_args

import pytest
from ticket_desk import Desk, a_colleague, faults

from contracts.permissions import ROLES, roles_with
from kit.ids import new_id
from kit.problems import InvalidValue
from services.ticket.macro.actions import ACTIONS, Action
from services.ticket.macro.carrying import _WAYS
from services.ticket.macro.variables import VARIABLES, expect_known, filled_in

ANN: dict[str, Any] = {"staff_id": new_id()}
BOB: dict[str, Any] = {"staff_id": new_id()}
SOLVE = [
    {"do": "start"},
    {"do": "tag", "add": ["补发", "已道歉"]},
    {"do": "edit", "priority": "high"},
    {"do": "reply", "text": "您好，工单 {number} 已处理。{{谢谢}}"},
    {"do": "reply", "text": "{shop} {today}", "visibility": "internal"},
    {"do": "solve", "solution": "已补发：{subject}"},
    {"do": "close"},
]


async def saved(
    desk: Desk, *actions: dict[str, Any], role: str = "agent", by: dict[str, Any] = ANN, **facts: Any
) -> dict[str, Any]:
    body = {"name": "补发", "actions": list(actions or SOLVE), **facts}
    answer = await desk.call("POST", "/v1/tickets/macros", role, json=body, **by)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def run(desk: Desk, macro: dict[str, Any], ticket: dict[str, Any], role: str = "agent", **options: Any) -> Any:
    body = {"ticket_id": ticket["ticket_id"]}
    return await desk.call("POST", f"/v1/tickets/macros/{macro['macro_id']}/run", role, json=body, **(options or ANN))


async def messages(desk: Desk, ticket: dict[str, Any]) -> list[str]:
    return [row.body for row in await desk.rows("SELECT body FROM ticket_message ORDER BY message_id")]


def test_every_action_has_a_way_and_a_permission() -> None:
    kinds = get_args(get_args(Action)[0])
    assert set(_WAYS) == set(kinds)
    for kind in kinds:
        assert roles_with(kind.permission)


async def test_all_of_it_is_done_in_one_transaction(desk: Desk) -> None:
    await desk.hear(a_colleague(staff_id=ANN["staff_id"]))
    ticket = await desk.open(subject="少发一件")
    macro = await saved(desk)
    answer = await run(desk, macro, ticket)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["tags"], told["priority"]) == ("closed", ["补发", "已道歉"], "high")
    assert told["solution"] == "已补发：少发一件"
    assert answer.headers["etag"] == f'"{told["version"]}"'
    assert await messages(desk, ticket) == [f"您好，工单 {ticket['number']} 已处理。{{谢谢}}", "main 2026-11-21"]
    subjects = await desk.subjects(ticket["ticket_id"])
    assert subjects[0] == "ticket.opened"
    assert subjects[-2:] == ["ticket.solved", "ticket.closed"]
    assert await desk.audits(macro["macro_id"]) == ["save", "run"]
    instants = await desk.rows("SELECT DISTINCT xact FROM audit WHERE action IN ('start', 'solve', 'close', 'run')")
    assert len(instants) == 1


async def test_nothing_of_it_is_done_when_one_can_not(desk: Desk) -> None:
    await desk.hear(a_colleague(staff_id=ANN["staff_id"]))
    ticket = await desk.open()
    before = await desk.rows("SELECT to_jsonb(t) FROM ticket t")
    for actions, status, place in (
        ([{"do": "reply", "text": "一"}, {"do": "close"}], 409, 1),
        ([{"do": "tag", "add": ["a"]}, {"do": "reply", "text": "{order_no}"}], 422, 1),
        ([{"do": "start"}, {"do": "watch", "staff_id": str(new_id())}], 409, 1),
        ([{"do": "start"}, {"do": "edit", "unit_id": str(new_id())}], 409, 1),
    ):
        macro = await saved(desk, *actions)
        answer = await run(desk, macro, ticket)
        assert (answer.status_code, answer.json()["action"]) == (status, place), answer.text
    assert await desk.rows("SELECT to_jsonb(t) FROM ticket t") == before
    assert await messages(desk, ticket) == []
    assert await desk.subjects(ticket["ticket_id"]) == ["ticket.opened"]


async def test_a_macro_gives_nobody_more_rights(desk: Desk) -> None:
    """Whoever may not do it by hand may not do it by macro, and then nothing of it happens."""
    await desk.hear(a_colleague(staff_id=BOB["staff_id"]))
    ticket = await desk.open()
    shared = {"to": "shop", "code": "main"}
    actions: list[dict[str, Any]] = [{"do": "tag", "add": ["a"]}, {"do": "assign", "staff_id": str(BOB["staff_id"])}]
    macro = await saved(desk, *actions, role="supervisor", shared=shared)
    refused = await run(desk, macro, ticket, **BOB)
    assert (refused.status_code, refused.json()["permission"]) == (403, "ticket:assign")
    assert (await run(desk, macro, ticket, "supervisor", **BOB)).json()["assignee_staff_id"] == str(BOB["staff_id"])
    for role in ROLES:
        allowed = role in ("agent", "supervisor", "manager")
        assert ((await desk.call("GET", "/v1/tickets/macros", role)).status_code == 200) is allowed


async def test_another_s_ticket_and_another_s_macro_are_not_there(desk: Desk) -> None:
    ticket = await desk.open(shop="other")
    macro = await saved(desk, {"do": "tag", "add": ["a"]})
    assert (await run(desk, macro, ticket, **ANN, shops=["main"])).status_code == 404
    assert (await run(desk, macro, ticket, **BOB)).status_code == 404
    assert (await run(desk, macro, {"ticket_id": str(new_id())}, **ANN)).status_code == 404
    stale = await run(desk, macro, ticket, **ANN, headers={"If-Match": '"9"'})
    assert stale.status_code == 412


async def test_a_change_makes_a_version_that_stays(desk: Desk) -> None:
    macro = await saved(desk, {"do": "tag", "add": ["a"]})
    path = f"/v1/tickets/macros/{macro['macro_id']}"
    body = {"actions": [{"do": "tag", "remove": ["a"]}]}
    assert (await desk.call("PATCH", path, json=body, **ANN)).status_code == 428
    changed = await desk.call("PATCH", path, json=body, headers={"If-Match": '"1"'}, **ANN)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (await desk.call("PATCH", path, json=body, headers={"If-Match": '"1"'}, **ANN)).status_code == 412
    versions = (await desk.call("GET", f"{path}/versions?limit=1", **ANN)).json()
    older = (await desk.call("GET", f"{path}/versions?limit=1&cursor={versions['next_cursor']}", **ANN)).json()
    assert [one["items"][0]["version"] for one in (versions, older)] == [2, 1]
    assert older["items"][0]["actions"][0]["add"] == ["a"]
    assert older["next_cursor"] is None
    ticket = await desk.open()
    await run(desk, macro, ticket)
    (row,) = await desk.rows("SELECT after FROM audit WHERE action = 'run'")
    assert row.after == {"ticket_id": ticket["ticket_id"], "version": 2}
    assert (await desk.call("DELETE", path, **BOB)).status_code == 404
    assert (await desk.call("DELETE", path, **ANN)).status_code == 204
    for gone in (path, f"{path}/versions"):
        assert (await desk.call("GET", gone, **ANN)).status_code == 404


@pytest.mark.parametrize(
    ("actions", "pointer"),
    [
        ([], "/actions"),
        ([{"do": "pay"}], "/actions/0"),
        ([{}], "/actions/0"),
        ([{"do": "start", "more": 1}], "/actions/0/start/more"),
        ([{"do": "wait", "waiting_on": "godot", "reason": "x"}], "/actions/0/wait/waiting_on"),
        ([{"do": "assign"}], "/actions/0/assign"),
        ([{"do": "edit"}], "/actions/0/edit"),
        ([{"do": "tag"}], "/actions/0/tag"),
        ([{"do": "reply", "text": "{customer}"}], "/actions/0/reply/text"),
        ([{"do": "reply", "text": "{0.__class__}"}], "/actions/0/reply/text"),
        ([{"do": "reply", "text": "{"}], "/actions/0/reply/text"),
        ([{"do": "start"}] * 11, "/actions"),
    ],
)
async def test_a_malformed_macro_is_refused(desk: Desk, actions: list[Any], pointer: str) -> None:
    answer = await desk.call("POST", "/v1/tickets/macros", json={"name": "x", "actions": actions}, **ANN)
    assert faults(answer) == [pointer]


@pytest.mark.parametrize(
    "text",
    [
        "{}", "{ number }", "{number", "number}", "{number!r}", "{number:>9999999}", "{number.__class__}", "{{{{number}}}", "{order_no[0]}", "{today}{", "{%s}", "{self}", "{{ 7*7 }}}", "{number}}", "{config}",
        "{''.__class__}", "{0}", "{number|safe}", "{\n}", "{number,}", "{NUMBER}", "{nuｍber}", "}{", "{{}", "{}}",
    ],
)  # fmt: skip
def test_only_plain_variables_are_taken(text: str) -> None:
    """Texts are never evaluated."""
    with pytest.raises(InvalidValue):
        expect_known(text)


def test_variables_are_replaced_once() -> None:
    values = dict.fromkeys(VARIABLES, "{number}")
    assert filled_in("{subject}{{x}}", values) == "{number}{x}"
    with pytest.raises(InvalidValue):
        filled_in("{subject}", {**values, "subject": None})
    with pytest.raises(InvalidValue):
        filled_in("{subject}" * 500, {"subject": "x" * 200})


def test_actions_come_back_as_they_were_saved() -> None:
    kept = [action.model_dump(mode="json", exclude_unset=True) for action in ACTIONS.validate_python(SOLVE)]
    assert kept == SOLVE
