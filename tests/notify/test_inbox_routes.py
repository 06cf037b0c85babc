"""One's own inbox over HTTP (N1, X8)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from notify_desk import Desk, a_ticket, assigned, opened
from stage import Starter

from contracts.catalogue import decode
from kit.ids import new_id


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("notify") as client:
        yield Desk(client)


async def told(desk: Desk, staff_id: UUID, times: int = 1) -> list[dict[str, Any]]:
    for number in range(times):
        await desk.hear(opened(a_ticket(assignee_staff_id=staff_id, number=f"T{number}")))
    return await desk.inbox(staff_id)


async def test_messages_are_in_the_language_asked_for(desk: Desk) -> None:
    ann = new_id()
    await told(desk, ann)
    assert (await desk.inbox(ann))[0]["title"] == "新工单 T0（转办工单）"
    (english,) = await desk.inbox(ann, language="en-GB,zh;q=0.5")
    assert (english["title"], english["language"]) == ("New ticket T0 (inquiry)", "en")
    answer = await desk.client.call(
        "GET", "/v1/inbox", "agent", staff_id=ann, headers={"Accept-Language": "fr,en;q=0.8"}
    )
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == ("en", "Accept-Language")


async def test_an_inbox_is_newest_first_and_paged(desk: Desk) -> None:
    ann = new_id()
    await told(desk, ann, 5)
    pages, cursor = [], ""
    for _ in range(3):
        answer = await desk.client.call("GET", f"/v1/inbox?limit=2{cursor}", "agent", staff_id=ann)
        pages.append([message["title"] for message in answer.json()["items"]])
        cursor = f"&cursor={answer.json()['next_cursor']}"
    assert pages == [[f"新工单 T{n}（转办工单）" for n in numbers] for numbers in ([4, 3], [2, 1], [0])]
    assert cursor == "&cursor=None"


async def test_nobody_sees_anothers_messages(desk: Desk) -> None:
    ann, ben = new_id(), new_id()
    (message,) = await told(desk, ann)
    assert await desk.inbox(ben) == []
    path = f"/v1/inbox/{message['notification_id']}/read"
    assert (await desk.client.call("POST", path, "agent", staff_id=ben)).status_code == 404
    assert (await desk.client.call("POST", path, "admin")).status_code == 404
    assert (await desk.client.call("POST", f"/v1/inbox/{uuid4()}/read", "agent", staff_id=ann)).status_code == 404
    assert (await desk.inbox(ann))[0]["status"] == "unread"


async def test_a_caller_who_is_no_member_of_staff_has_an_empty_inbox(desk: Desk) -> None:
    await told(desk, new_id())
    assert (await desk.client.call("GET", "/v1/inbox", "admin")).json() == {"items": [], "next_cursor": None}
    assert (await desk.client.call("GET", "/v1/inbox/unread-count", "admin")).json() == {"unread": 0}


async def test_a_message_is_read_once_and_tells_so(desk: Desk) -> None:
    ann = new_id()
    first, *_ = await told(desk, ann, 2)
    assert (await desk.client.call("GET", "/v1/inbox/unread-count", "agent", staff_id=ann)).json() == {"unread": 2}
    path = f"/v1/inbox/{first['notification_id']}/read"
    read = await desk.client.call("POST", path, "agent", staff_id=ann)
    assert (read.status_code, read.json()["status"], read.headers["ETag"]) == (200, "read", '"2"')
    assert read.json()["read_at"] is not None
    again = await desk.client.call("POST", path, "agent", staff_id=ann)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/transition-refused")
    assert (again.json()["from"], again.json()["allowed"]) == ("read", [])
    assert (await desk.client.call("GET", "/v1/inbox/unread-count", "agent", staff_id=ann)).json() == {"unread": 1}
    unread = await desk.inbox(ann, "?unread=true")
    assert [message["title"] for message in unread] == ["新工单 T0（转办工单）"]
    assert len(await desk.inbox(ann)) == 2
    rows = await desk.rows(
        "SELECT subject, body, sequence FROM outbox WHERE aggregate_id = :id ORDER BY sequence",
        id=UUID(first["notification_id"]),
    )
    assert [(row.subject, row.sequence) for row in rows] == [("notification.sent", 1), ("notification.read", 2)]
    event: Any = decode(rows[1].subject, rows[1].body)
    assert event.staff_id == ann
    assert [row.action for row in await desk.rows("SELECT action FROM audit ORDER BY id")] == ["send", "send", "read"]


async def test_operators_see_what_was_told_to_whom_without_the_words(desk: Desk) -> None:
    ann, ben = new_id(), new_id()
    ticket = a_ticket(assignee_staff_id=ben)
    await told(desk, ann, 2)
    await desk.hear(assigned(ticket))
    first = (await desk.client.call("GET", "/v1/notifications?limit=2", "auditor")).json()
    rest = (
        await desk.client.call("GET", f"/v1/notifications?limit=2&cursor={first['next_cursor']}", "auditor")
    ).json()
    seen = first["items"] + rest["items"]
    assert [one["rule"] for one in seen] == ["ticket-assigned", "ticket-opened", "ticket-opened"]
    assert not {"title", "body", "variables"} & seen[0].keys()
    for query in (f"recipient_staff_id={ben}", f"ticket_id={ticket.ticket_id}", f"event_id={seen[0]['event_id']}"):
        found = (await desk.client.call("GET", f"/v1/notifications?{query}", "auditor")).json()["items"]
        assert [one["notification_id"] for one in found] == [seen[0]["notification_id"]]
    assert (await desk.client.call("GET", "/v1/notifications?status=read", "auditor")).json()["items"] == []


async def test_a_parameter_that_doesnt_exist_is_refused(desk: Desk) -> None:
    for path in ("/v1/inbox?read=true", "/v1/inbox?unread=maybe", "/v1/inbox?limit=201", "/v1/inbox?cursor=abc"):
        assert (await desk.client.call("GET", path, "agent", staff_id=new_id())).status_code == 422
