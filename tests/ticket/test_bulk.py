"""One thing done to many tickets: a bad one falls out alone, and nothing is done twice (T53)."""

import asyncio
from typing import Any

import pytest
from ticket_desk import Desk, a_colleague, faults

from kit.ids import new_id
from services.ticket.macro import bulk, carrying

ANN: dict[str, Any] = {"staff_id": new_id()}
TAG = [{"do": "tag", "add": ["批量"]}]
REPLY = [{"do": "reply", "text": "{number} 已登记"}]


async def bulk_of(desk: Desk, tickets: list[Any], role: str = "agent", **asked: Any) -> Any:
    headers = asked.pop("headers", {})
    ids = [one["ticket_id"] if isinstance(one, dict) else str(one) for one in tickets]
    by = asked.pop("by", ANN)
    return await desk.call("POST", "/v1/tickets/bulk", role, json={"ticket_ids": ids, **asked}, headers=headers, **by)


async def count(desk: Desk, table: str = "ticket_message") -> int:
    return int((await desk.rows(f"SELECT count(*) FROM {table}"))[0][0])


async def test_each_is_told_apart_and_a_bad_one_falls_out_alone(desk: Desk) -> None:
    await desk.hear(a_colleague(staff_id=ANN["staff_id"]))
    tickets: list[Any] = [await desk.open(subject=f"单{n}") for n in range(5)]
    await desk.verb(tickets[1], "cancel", reason="误开")
    foreign = await desk.open(shop="other")
    asked = [*tickets, foreign, new_id()]
    answer = await bulk_of(desk, asked, actions=[*REPLY, {"do": "start"}], by={**ANN, "shops": ["main"]})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["done"], told["failed"]) == (4, 3)
    assert [one["done"] for one in told["results"]] == [True, False, True, True, True, False, False]
    assert [one["ticket_id"] for one in told["results"]] == [
        *(ticket["ticket_id"] for ticket in tickets), foreign["ticket_id"], str(asked[-1]),
    ]  # fmt: skip
    problems = [one["problem"]["type"] for one in told["results"] if not one["done"]]
    assert problems == ["/problems/transition-refused", "/problems/not-found", "/problems/not-found"]
    assert told["results"][1]["problem"]["action"] == 0
    assert {one["status"] for one in told["results"] if one["done"]} == {"open"}
    assert await count(desk) == 4
    for ticket, version in zip(tickets, told["results"], strict=False):
        current = (await desk.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).json()
        assert not version["done"] or current["version"] == version["version"]


async def test_a_macro_is_done_to_all_with_its_version_in_the_trail(desk: Desk) -> None:
    made = await desk.call("POST", "/v1/tickets/macros", json={"name": "x", "actions": TAG}, **ANN)
    tickets = [await desk.open() for _ in range(3)]
    answer = await bulk_of(desk, tickets, macro_id=made.json()["macro_id"])
    assert answer.json()["done"] == 3
    assert await desk.audits(made.json()["macro_id"]) == ["save", "run", "run", "run"]


async def test_a_key_does_it_once_also_when_it_was_cut_off_in_the_middle(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [await desk.open() for _ in range(4)]
    key = {"Idempotency-Key": "many"}
    one, seen = bulk._one, 0

    async def cut(work: Any, ticket_id: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise KeyboardInterrupt
        return await one(work, ticket_id)

    monkeypatch.setattr(bulk, "_one", cut)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - the process as good as died
        await bulk_of(desk, tickets, actions=REPLY, headers=key)
    assert await count(desk) == 2
    monkeypatch.setattr(bulk, "_one", one)
    first = await bulk_of(desk, tickets, actions=REPLY, headers=key)
    assert (first.status_code, first.json()["done"], await count(desk)) == (200, 4, 4)
    again = await bulk_of(desk, tickets, actions=REPLY, headers=key)
    assert (again.content, again.headers["idempotent-replayed"], await count(desk)) == (first.content, "true", 4)
    other = await bulk_of(desk, tickets[:2], actions=TAG, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await desk.rows("SELECT 1 FROM ticket_tag") == []


async def test_the_same_at_once_is_done_once(desk: Desk) -> None:
    tickets = [await desk.open() for _ in range(5)]
    key = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(*(bulk_of(desk, tickets, actions=REPLY, headers=key) for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await count(desk) == 5


async def test_two_who_change_the_same_tickets_in_other_orders_never_wait_for_each_other(desk: Desk) -> None:
    await desk.hear(a_colleague(staff_id=ANN["staff_id"]))
    tickets = [await desk.open() for _ in range(12)]
    answers = await asyncio.gather(
        bulk_of(desk, tickets, actions=TAG), bulk_of(desk, tickets[::-1], actions=[{"do": "start"}])
    )
    assert [answer.json()["done"] for answer in answers] == [12, 12]


async def test_what_the_caller_may_not_do_is_refused_as_a_whole(desk: Desk) -> None:
    ticket = await desk.open()
    answer = await bulk_of(desk, [ticket], actions=[*TAG, {"do": "assign", "group": "x"}])
    assert (answer.status_code, answer.json()["permission"]) == (403, "ticket:assign")
    assert (await bulk_of(desk, [ticket], macro_id=str(new_id()))).status_code == 404
    assert (await bulk_of(desk, [ticket], "auditor", actions=TAG)).status_code == 403
    assert await desk.audits(ticket["ticket_id"]) == ["open"]


async def test_what_goes_wrong_inside_is_an_item_s_problem(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of an error of ours comes out."""
    tickets = [await desk.open() for _ in range(2)]
    done = carrying.carry_out

    async def broken(work: Any, ticket_id: Any, actions: Any) -> Any:
        if str(ticket_id) == tickets[0]["ticket_id"]:
            raise ZeroDivisionError("secret")
        return await done(work, ticket_id, actions)

    monkeypatch.setattr(carrying, "carry_out", broken)
    answer = await bulk_of(desk, tickets, actions=TAG)
    assert [one["done"] for one in answer.json()["results"]] == [False, True]
    assert answer.json()["results"][0]["problem"]["type"] == "/problems/internal-error"
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ticket_ids": [], "actions": TAG}, "/ticket_ids"),
        ({"ticket_ids": [str(new_id()) for _ in range(101)], "actions": TAG}, "/ticket_ids"),
        ({"ticket_ids": ["x"], "actions": TAG}, "/ticket_ids/0"),
        ({"ticket_ids": [str(ANN["staff_id"])] * 2, "actions": TAG}, ""),
        ({"ticket_ids": [str(new_id())]}, ""),
        ({"ticket_ids": [str(new_id())], "actions": TAG, "macro_id": str(new_id())}, ""),
        ({"ticket_ids": [str(new_id())], "actions": []}, "/actions"),
        ({"ticket_ids": [str(new_id())], "actions": TAG * 11}, "/actions"),
    ],
)
async def test_a_malformed_request_is_refused(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    assert faults(await desk.call("POST", "/v1/tickets/bulk", json=body, **ANN)) == [pointer]
