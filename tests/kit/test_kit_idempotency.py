"""Idempotency-Key and If-Match: a repeated request has the effect of one, a stale one none (I1, I5)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from kit_probe import Probe
from kit_rig import Peek

from kit.clock import FrozenClock
from kit.db import Database
from kit.kept import forget_answers, forget_in_time
from kit.testing.poll import eventually

THINGS = "SELECT count(*) FROM thing"
REPLAYED = "Idempotent-Replayed"


async def test_fifty_at_once_with_one_key_make_one_thing(probe: Probe, peek: Peek) -> None:
    """I5: one is answered, the others get the same answer or are told that it is being worked on."""
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(probe.make(headers=key) for _ in range(50)))
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {201, 409, 503}
    assert await peek.one(THINGS) == 1
    made = [answer for answer in answers if answer.status_code == 201]
    assert sum(REPLAYED not in answer.headers for answer in made) == 1
    assert len({answer.content for answer in made}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/idempotency-in-flight"
        if answer.status_code != 201:
            assert answer.headers["Retry-After"]
    again = await probe.make(headers=key)
    assert (again.status_code, again.content) == (201, made[0].content)


async def test_a_replay_is_the_first_answer_byte_by_byte(probe: Probe, peek: Peek) -> None:
    key = {"Idempotency-Key": "!~" + "k" * 198}
    first, again = await probe.make("名称", headers=key), await probe.make("名称", headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("content-type", "etag", "location", "content-length"):
        assert again.headers[name] == first.headers[name]
    assert again.headers[REPLAYED] == "true"
    assert REPLAYED not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await peek.one(THINGS) == 1
    assert await peek.one("SELECT count(*) FROM outbox") == 1


async def test_another_body_under_the_same_key_is_refused(probe: Probe, peek: Peek) -> None:
    key = {"Idempotency-Key": "one"}
    assert (await probe.make("a", headers=key)).status_code == 201
    other = await probe.make("b", headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert await peek.all("SELECT name FROM thing") == ["a"]


async def test_keys_belong_to_their_caller(probe: Probe, peek: Peek) -> None:
    key = {"Idempotency-Key": "one"}
    answers = [await probe.make(sub, headers=key | probe.as_("agent", sub=sub)) for sub in ("agent:1", "agent:2")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert all(REPLAYED not in answer.headers for answer in answers)
    assert await peek.all("SELECT name FROM thing ORDER BY name") == ["agent:1", "agent:2"]


async def test_while_a_request_is_in_flight_its_key_is_a_409(probe: Probe, peek: Peek) -> None:
    async with peek.connection.transaction():
        await peek.connection.execute("LOCK TABLE thing IN EXCLUSIVE MODE")
        running = asyncio.create_task(probe.make(headers={"Idempotency-Key": "one"}))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'thing'::regclass"
        await eventually(lambda: peek.one(waiting))
        refused = await probe.make(headers={"Idempotency-Key": "one"})
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/idempotency-in-flight"
        assert refused.headers["Retry-After"] == "1"
    assert (await running).status_code == 201
    assert REPLAYED in (await probe.make(headers={"Idempotency-Key": "one"})).headers
    assert await peek.one(THINGS) == 1


@pytest.mark.parametrize(
    ("fields", "status"), [({"fails": "problem"}, 403), ({"dangling": True}, 409), ({"how_many": 0}, 422)]
)
async def test_a_failed_request_leaves_its_key_free(
    probe: Probe, peek: Peek, fields: dict[str, object], status: int
) -> None:
    """I1: the answer is stored in the effect's own transaction, or not at all."""
    key = {"Idempotency-Key": "one"}
    assert (await probe.make(headers=key, **fields)).status_code == status
    assert await peek.one("SELECT count(*) FROM idempotency") == 0
    assert (await probe.make(headers=key)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 201, "tab\t", "ключ".encode().decode("latin-1"), "\x7f"])
async def test_a_key_that_is_no_key_is_pointed_at(probe: Probe, peek: Peek, key: str) -> None:
    refused = await probe.make(headers={"Idempotency-Key": key.encode("latin-1")})  # type: ignore[dict-item]
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/header/idempotency-key"
    assert await peek.one(THINGS) == 0


async def test_without_a_key_every_request_counts(probe: Probe, peek: Peek) -> None:
    await asyncio.gather(*(probe.make() for _ in range(5)))
    assert await peek.one(THINGS) == 5
    assert await peek.one("SELECT count(*) FROM idempotency") == 0


async def test_a_stale_if_match_changes_nothing(probe: Probe, peek: Peek) -> None:
    thing = (await probe.make()).json()
    path, rename = f"/v1/things/{thing['id']}", {"name": "renamed"}
    shown = await probe.call("GET", path)
    assert shown.headers["ETag"] == '"1"'
    renamed = await probe.call("PATCH", path, json=rename, headers={"If-Match": shown.headers["ETag"]})
    assert (renamed.status_code, renamed.headers["ETag"]) == (200, '"2"')
    stale = await probe.call("PATCH", path, json={"name": "lost"}, headers={"If-Match": shown.headers["ETag"]})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    for any_version in ({"If-Match": "*"}, {}):
        assert (await probe.call("PATCH", path, json=rename, headers=any_version)).status_code == 200
    assert await peek.all("SELECT name, version FROM thing") == [("renamed", 4)]


async def test_of_two_writers_with_the_same_etag_one_wins(probe: Probe, peek: Peek) -> None:
    """20 at once: the row's lock makes the check and the change one."""
    path = f"/v1/things/{(await probe.make()).json()['id']}"
    patches = (probe.call("PATCH", path, json={"name": f"n{n}"}, headers={"If-Match": '"1"'}) for n in range(20))
    told = Counter(answer.status_code for answer in await asyncio.gather(*patches))
    assert told == {200: 1, 412: 19}
    assert await peek.one("SELECT version FROM thing") == 2


@pytest.mark.parametrize("tag", ['W/"1"', "1", '""', '"x"', '"1", "2"', '"' + "9" * 19 + '"', '"-1"', "'1'"])
async def test_what_is_no_etag_of_ours_is_pointed_at(probe: Probe, tag: str) -> None:
    path = f"/v1/things/{(await probe.make()).json()['id']}"
    refused = await probe.call("PATCH", path, json={"name": "x"}, headers={"If-Match": tag})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/header/if-match"


async def test_answers_are_kept_for_seven_days(probe: Probe, peek: Peek, database: Database) -> None:
    """Neither more, for they hold what people wrote, nor less."""
    key = {"Idempotency-Key": "one"}
    made = await probe.make(headers=key)
    stored_at = await peek.one("SELECT stored_at FROM idempotency")
    for after, gone in ((timedelta(days=7), 0), (timedelta(days=7, seconds=1), 1)):
        async with database.transaction() as session:
            assert await forget_answers(session, stored_at + after) == gone
        assert await peek.one("SELECT count(*) FROM idempotency") == 1 - gone
    again = await probe.make(headers=key)
    assert REPLAYED not in again.headers
    assert again.json()["id"] != made.json()["id"]


async def test_the_leading_process_forgets_by_itself(probe: Probe, peek: Peek, database: Database) -> None:
    """What is over goes while others still count, more than one round of it."""
    await probe.make(headers={"Idempotency-Key": "new"})
    await peek.connection.execute(
        "INSERT INTO idempotency SELECT caller, n::text, fingerprint, status, headers, body,"
        " stored_at - interval '8 days' FROM idempotency, generate_series(1, 700) n"
    )
    leads = asyncio.Event()
    leads.set()
    forgetting = asyncio.create_task(forget_in_time(database, FrozenClock(datetime.now(UTC)), leads))
    try:
        await eventually(lambda: peek.one("SELECT count(*) = 1 FROM idempotency"))
    finally:
        forgetting.cancel()
    assert await peek.one("SELECT key FROM idempotency") == "new"
