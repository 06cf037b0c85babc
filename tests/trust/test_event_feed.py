"""The feed of published events over HTTP, in the order of the stream (E4)."""

from typing import Any

import pytest
from stage import NOON, Client, Starter

from kit.ids import new_id
from kit.testing.poll import eventually
from kit.testing.servers import NatsServer

FEED = "/v1/events/ticket"
INSERT = """
INSERT INTO outbox (event_id, noun, aggregate_id, sequence, subject, body, occurred_at, published_at, stream_sequence)
VALUES ($1, $2, $3, 1, $4, '{}', $5, $6, $7)
"""


class Outbox:
    """Rows as the relay leaves them."""

    def __init__(self, ticket: Client, connection: Any) -> None:
        self.ticket, self.connection = ticket, connection

    async def add(self, place: int | None, noun: str = "order", *, minute: int = 0) -> None:
        """An event that happened at that minute and was published a minute later, or waits when it has no place."""
        at = NOON.replace(minute=minute)
        published = NOON.replace(minute=minute + 1) if place else None
        values = (new_id(), noun, new_id(), f"{noun}.changed", at, published, place)
        await self.connection.execute(INSERT, *values)

    async def read(self, **asked: Any) -> tuple[list[str], int]:
        """The types of the events found, and where to go on."""
        answer = await self.ticket.http.get(FEED, params=asked, headers=self.ticket.as_("service"))
        assert answer.status_code == 200, answer.text
        return [item["type"] for item in answer.json()["items"]], answer.json()["next"]


@pytest.fixture
async def outbox(ticket: Client) -> Any:
    connection = await ticket.runtime.database.connect()
    yield Outbox(ticket, connection)
    await connection.close()


async def test_what_was_published_is_told_as_cloudevents(
    start_service: Starter, nats: NatsServer, nats_url: str
) -> None:
    async with start_service("appraisal", nats_url=nats_url) as client:
        hired = await client.call("POST", "/v1/staff", "manager", json={"name": "林菲", "role": "agent"})
        staff_id = hired.json()["staff_id"]

        async def told() -> Any:
            return (await client.call("GET", "/v1/events/appraisal", "service")).json()["items"]

        (event,) = await eventually(told)
        assert event.pop("id")
        data = event.pop("data")
        assert event == {
            "specversion": "1.0", "type": "kefu.staff.hired.v1", "source": "/kefu/appraisal", "subject": staff_id,
            "time": "2026-11-21T04:00:00Z", "sequence": "1", "datacontenttype": "application/json", "traceparent": None,
        }  # fmt: skip
        assert data["staff"]["staff_id"] == staff_id
        assert "林菲" not in str(data)
        (again,) = (await client.call("GET", "/v1/events/appraisal?after=0&noun=staff", "auditor")).json()["items"]
        assert again["data"] == data
        assert (await client.call("GET", "/v1/events/appraisal?after=1", "admin")).json() == {"items": [], "next": 1}


async def test_pages_follow_the_stream(outbox: Outbox) -> None:
    for place in (3, 1, 2, 7):
        await outbox.add(place)
    assert await outbox.read(limit=3) == (["kefu.order.changed.v1"] * 3, 3)
    assert await outbox.read(after=3) == (["kefu.order.changed.v1"], 7)
    assert await outbox.read(after=7) == ([], 7)


async def test_of_one_noun_the_next_place_goes_past_the_others(outbox: Outbox) -> None:
    for place, noun in enumerate(("order", "ticket", "order", "ticket", "ticket"), 1):
        await outbox.add(place, noun)
    assert await outbox.read(noun="order", limit=1) == (["kefu.order.changed.v1"], 1)
    assert await outbox.read(noun="order", after=1) == (["kefu.order.changed.v1"], 5)
    assert await outbox.read(noun="refund") == ([], 5)


async def test_what_a_latecomer_may_come_before_is_held_back(outbox: Outbox) -> None:
    """An acknowledgement was lost: the broker has the event in place 2, the table doesn't know it yet."""
    await outbox.add(1, minute=1)
    await outbox.add(None, "late", minute=3)
    await outbox.add(3, minute=4)
    assert await outbox.read() == (["kefu.order.changed.v1"], 1)
    await outbox.connection.execute(
        "UPDATE outbox SET published_at = occurred_at + interval '1 hour', stream_sequence = 2 WHERE noun = 'late'"
    )
    assert await outbox.read(after=1) == (["kefu.late.changed.v1", "kefu.order.changed.v1"], 3)


async def test_what_the_relay_has_given_up_on_holds_nothing_back(outbox: Outbox) -> None:
    await outbox.add(None, "bad", minute=1)
    await outbox.connection.execute("UPDATE outbox SET blocked_at = occurred_at WHERE noun = 'bad'")
    await outbox.add(1, minute=2)
    assert await outbox.read() == (["kefu.order.changed.v1"], 1)


async def test_who_may(ticket: Client) -> None:
    for role in ("agent", "supervisor", "manager", "finance", "storefront"):
        assert (await ticket.call("GET", FEED, role)).status_code == 403
    for role in ("service", "auditor", "admin"):
        assert (await ticket.call("GET", FEED, role)).status_code == 200
    assert (await ticket.call("GET", FEED, "service", shops=["B2C"])).status_code == 403
    assert (await ticket.call("GET", FEED, "service", account_id=new_id())).status_code == 403
    assert (await ticket.http.get(FEED)).status_code == 401


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=201", "cursor=a", "after=9223372036854775808"]
)
async def test_bad_questions_are_told(ticket: Client, query: str) -> None:
    assert (await ticket.call("GET", f"{FEED}?{query}", "service")).status_code == 422
