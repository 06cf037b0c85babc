"""`kefu replay`: what a broker lost is published again from the outbox, and an intact stream gains nothing (I7)."""

from typing import Any

import nats as nats_client
import pytest
from stage import Client, Starter

from kit.bus import NoStreamError, missing_streams, provision, stored_events
from kit.replay import Compared, publish_all, replay
from kit.testing.poll import eventually

STREAM = "APPRAISAL"
HIRED = 40


@pytest.fixture
async def streamed(start_service: Starter, nats_url: str) -> Any:
    """A service with a stream of forty aggregates, two events each."""
    async with start_service("appraisal", nats_url=nats_url) as client:
        for number in range(HIRED):
            hired = await client.call("POST", "/v1/staff", "manager", json={"name": f"林{number}", "role": "agent"})
            path = f"/v1/staff/{hired.json()['staff_id']}"
            headers = {"If-Match": hired.headers["ETag"]}
            changed = await client.call("PATCH", path, "manager", json={"role": "supervisor"}, headers=headers)
            assert changed.status_code == 200, changed.text
        await eventually(lambda: _holds(nats_url, 2 * HIRED))
        yield client


async def _holds(nats_url: str, count: int) -> bool:
    return len(await stored_events(nats_url, STREAM)) == count


async def rows(client: Client) -> list[tuple[Any, ...]]:
    connection = await client.runtime.database.connect()
    try:
        found = await connection.fetch("SELECT event_id, stream_sequence FROM outbox ORDER BY id")
        return [tuple(row) for row in found]
    finally:
        await connection.close()


async def told(nats_url: str) -> list[tuple[str, int]]:
    """What the stream holds, in its order: whose event, and which of its events."""
    connection = await nats_client.connect(nats_url)
    try:
        js = connection.jetstream()
        state = (await js.stream_info(STREAM)).state
        kept = [await js.get_msg(STREAM, at) for at in range(state.first_seq, state.last_seq + 1)]
        return [(one.headers["ce-subject"], int(one.headers["ce-sequence"])) for one in kept if one.headers]
    finally:
        await connection.close()


def expect_order(events: list[tuple[str, int]]) -> None:
    last: dict[str, int] = {}
    for aggregate, sequence in events:
        assert sequence == last.get(aggregate, 0) + 1
        last[aggregate] = sequence


async def test_an_intact_stream_gains_nothing(streamed: Client, nats_url: str) -> None:
    before = await rows(streamed)
    for _ in range(2):
        assert await replay(streamed.runtime.database, nats_url, STREAM) == Compared(present=2 * HIRED)
    assert await rows(streamed) == before
    assert len(await told(nats_url)) == 2 * HIRED


async def test_a_stream_whose_store_is_gone_comes_back_whole_and_in_order(streamed: Client, nats_url: str) -> None:
    before = [event_id for event_id, _ in await rows(streamed)]
    operator = await nats_client.connect(nats_url)
    await operator.jetstream().delete_stream(STREAM)
    await operator.close()
    with pytest.raises(NoStreamError):
        await replay(streamed.runtime.database, nats_url, STREAM)
    await provision(nats_url)
    assert await replay(streamed.runtime.database, nats_url, STREAM) == Compared(lost=2 * HIRED)
    streamed.runtime.relay.wake()
    await eventually(lambda: _holds(nats_url, 2 * HIRED))
    assert set(await stored_events(nats_url, STREAM)) == set(before)
    expect_order(await told(nats_url))
    assert dict(await rows(streamed)) == await stored_events(nats_url, STREAM)


async def test_a_stream_that_is_made_anew_gets_everything_in_its_order(streamed: Client, nats_url: str) -> None:
    operator = await nats_client.connect(nats_url)
    await operator.jetstream().delete_stream(STREAM)
    await operator.close()
    assert await missing_streams(nats_url) == [STREAM]
    assert await publish_all(streamed.runtime.database) == 2 * HIRED
    await provision(nats_url)
    assert await missing_streams(nats_url) == []
    streamed.runtime.relay.wake()
    await eventually(lambda: _holds(nats_url, 2 * HIRED))
    expect_order(await told(nats_url))
    assert await replay(streamed.runtime.database, nats_url, STREAM) == Compared(present=2 * HIRED)


async def test_a_stream_that_lost_its_beginning_gets_that_back_and_nothing_else(
    streamed: Client, nats_url: str
) -> None:
    operator = await nats_client.connect(nats_url)
    config = (await operator.jetstream().stream_info(STREAM)).config
    config.duplicate_window = 0.1  # the broker forgets what it has seen two minutes ago; that much time is over here
    await operator.jetstream().update_stream(config)
    await operator.jetstream().purge_stream(STREAM, seq=31)
    await operator.close()
    assert await replay(streamed.runtime.database, nats_url, STREAM) == Compared(present=2 * HIRED - 30, lost=30)
    streamed.runtime.relay.wake()
    await eventually(lambda: _holds(nats_url, 2 * HIRED))
    assert sorted(await told(nats_url)) == sorted({*await told(nats_url)})
