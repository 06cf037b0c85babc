"""Messages that left the house, for those who look after them; and a channel that isn't configured (N1, N4)."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from notify_desk import Desk
from post_office import Post
from stage import Starter

from kit.ids import new_id


@pytest.fixture
async def desk(start_service: Starter, notify_url: str) -> AsyncIterator[Desk]:
    """The service over the same database as the post; its own courier has nothing to send with."""
    async with start_service("notify", database_url=notify_url) as client:
        yield Desk(client)


async def test_one_message_with_every_attempt(post: Post, desk: Desk) -> None:
    customer = new_id()
    message = await post.close_ticket(customer)
    post.office.orders.append("later")
    await post.carry()
    answer = await desk.client.call("GET", f"/v1/notifications/{message}", "auditor")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["channel"], body["status"], body["recipient_customer_id"]) == ("email", "pending", str(customer))
    assert (body["attempts"], body["event"], body["allowed"]) == (1, "ticket.closed", [])
    assert body["next_attempt_at"] == "2026-11-21T04:01:00Z"
    (attempt,) = body["tries"]
    assert (attempt["outcome"], attempt["answer"]) == ("postponed", "451 4.3.0 come back later")
    assert "ming" not in answer.text
    assert (await desk.client.call("GET", f"/v1/notifications/{new_id()}", "auditor")).status_code == 404


async def test_what_failed_is_found_and_sent_again_for_a_reason(post: Post, desk: Desk) -> None:
    message = await post.close_ticket(new_id())
    post.office.orders.append("never")
    await post.carry()
    listed = await desk.client.call("GET", "/v1/notifications?status=failed&channel=email", "manager")
    (found,) = listed.json()["items"]
    assert (found["notification_id"], found["failure"]) == (str(message), "refused")
    path = f"/v1/notifications/{message}/resend"
    unreasoned = await desk.client.call("POST", path, "manager", json={})
    assert (unreasoned.status_code, unreasoned.json()["errors"][0]["pointer"]) == (422, "/reason")
    etag = (await desk.client.call("GET", f"/v1/notifications/{message}", "manager")).headers["etag"]
    stale = await desk.client.call("POST", path, "manager", json={"reason": "x"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    reason = {"reason": "ming@example.com 已更正"}
    again = await desk.client.call("POST", path, "manager", json=reason, headers={"If-Match": etag})
    assert (again.status_code, again.json()["status"], again.json()["failure"]) == (200, "pending", None)
    twice = await desk.client.call("POST", path, "manager", json=reason)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/transition-refused")
    assert (twice.json()["from"], twice.json()["allowed"]) == ("pending", [])
    await post.carry()
    assert (await post.state(message)).status == "sent"
    ((told,),) = await desk.rows("SELECT reason FROM audit WHERE action = 'resend'")
    assert told == "**** 已更正"


async def test_a_message_of_an_inbox_is_never_sent_again(desk: Desk) -> None:
    from notify_desk import a_ticket, opened

    ann = new_id()
    await desk.hear(opened(a_ticket(assignee_staff_id=ann)))
    (message,) = await desk.inbox(ann)
    path = f"/v1/notifications/{UUID(message['notification_id'])}/resend"
    assert (await desk.client.call("POST", path, "manager", json={"reason": "x"})).status_code == 409


async def test_a_channel_that_is_not_configured_is_shown_and_its_messages_wait(post: Post, desk: Desk) -> None:
    await post.close_ticket(new_id())
    answer = await desk.client.call("GET", "/v1/notifications/channels", "manager")
    inbox, email = answer.json()["items"]
    assert (inbox["channel"], inbox["configured"], inbox["by"]) == ("inbox", True, "inbox")
    assert (email["channel"], email["configured"], email["by"], email["waiting"]) == ("email", False, None, 1)
    assert email["missing"] == ["KEFU_SERVICE_CLIENT_ID", "KEFU_SERVICE_CLIENT_SECRET"]
    assert (await post.one("SELECT status FROM notification"))[0] == "pending"


async def test_a_customers_messages_are_found(post: Post, desk: Desk) -> None:
    customer = new_id()
    message = await post.close_ticket(customer)
    await post.close_ticket(new_id())
    path = f"/v1/notifications?recipient_customer_id={customer}"
    (found,) = (await desk.client.call("GET", path, "auditor")).json()["items"]
    assert found["notification_id"] == str(message)


async def test_customers_are_copied_from_their_stream(desk: Desk) -> None:
    from notify_desk import arrival
    from stage import NOON

    from contracts.customer.customer import CustomerChanged, CustomerState

    customer = new_id()
    for sequence, language in ((1, "zh-CN"), (3, "en"), (2, "de")):
        event = CustomerChanged(customer=CustomerState(customer_id=customer, language=language), changed_at=NOON)
        await desk._apply("notify-customer-copy", [arrival(event, sequence)])
    assert [row.language for row in await desk.rows("SELECT language FROM customer_copy")] == ["en"]
