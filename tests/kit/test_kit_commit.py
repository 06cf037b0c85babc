"""State, audit and event commit together, before the answer, or not at all (I1, I2, I3)."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import orjson
import pytest
from kit_probe import Probe
from kit_rig import Peek

from kit import audit, failpoints
from kit.db import Database
from kit.ids import new_id
from kit.principals import Principal, system
from kit.problems import Problem
from kit.work import Transactions

COUNTS = "SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit)"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


async def written(peek: Peek) -> tuple[int, int, int]:
    """How many things, events and audit rows there are."""
    (counts,) = await peek.all(COUNTS)
    return counts


async def test_state_event_and_audit_are_there_when_the_answer_comes(probe: Probe, peek: Peek) -> None:
    """I1"""
    traceparent = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    made = await probe.make(headers={"X-Request-Id": "r-1", "traceparent": traceparent})
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Location"] == f"/v1/things/{made.json()['id']}"
    assert await written(peek) == (1, 1, 1)
    ((noun, sequence, trace),) = await peek.all("SELECT noun, sequence, traceparent FROM outbox")
    assert (noun, sequence, trace) == ("storefront.order", 1, traceparent)
    ((who, what, after, why, request),) = await peek.all("SELECT actor, action, after, reason, request_id FROM audit")
    assert (who, what, why, request) == ("agent:test", "make", "asked for", "r-1")
    assert orjson.loads(after) == {"name": "a thing"}


async def test_the_answer_is_sent_after_the_commit(probe: Probe, peek: Peek) -> None:
    """I3: at the instant of the first byte others can see what is answered."""
    seen: list[tuple[int, int, int]] = []
    body = orjson.dumps({"name": "seen"})

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 201
            seen.append(await written(peek))

    headers = {**probe.as_("agent"), "content-type": "application/json"}
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/things", "raw_path": b"/v1/things",
        "root_path": "", "scheme": "http", "query_string": b"", "server": ("things", 80), "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await probe.app(scope, receive, send)
    assert seen == [(1, 1, 1)]


async def test_a_commit_that_fails_is_no_success(probe: Probe, peek: Peek) -> None:
    """I3: a deferred constraint refuses at commit, after the endpoint has returned its 201."""
    answered = await probe.make(dangling=True)
    assert answered.status_code == 409
    assert answered.json()["type"] == "/problems/conflict"
    assert "reference" not in answered.text
    assert await written(peek) == (0, 0, 0)
    assert (await probe.make()).status_code == 201


@pytest.mark.parametrize(("fails", "status"), [("problem", 403), ("error", 500)])
async def test_what_an_endpoint_did_before_it_failed_is_undone(
    probe: Probe, peek: Peek, fails: str, status: int
) -> None:
    """I1"""
    answered = await probe.make("Wang Xiaoming", fails=fails, headers={"Idempotency-Key": "k"})
    assert answered.status_code == status
    assert "Xiaoming" not in answered.text
    assert await written(peek) == (0, 0, 0)
    assert (await probe.make("Wang Xiaoming", headers={"Idempotency-Key": "k"})).status_code == 201


async def test_a_process_failing_just_before_the_commit_has_written_nothing(probe: Probe, peek: Peek) -> None:
    """I1, I3"""
    failpoints.arm("before-commit=raise")
    answered = await probe.make(headers={"X-Request-Id": "r-2"})
    assert answered.status_code == 500
    assert answered.headers["X-Request-Id"] == answered.json()["request_id"] == "r-2"
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert await written(peek) == (0, 0, 0)


async def test_a_process_failing_just_after_the_commit_gives_the_answer_to_the_repeated_request(
    probe: Probe, peek: Peek
) -> None:
    """I1, I3: the caller doesn't know; its Idempotency-Key does."""
    failpoints.arm("after-commit=raise")
    key = {"Idempotency-Key": "k"}
    assert (await probe.make(headers=key)).status_code == 500
    assert await written(peek) == (1, 1, 1)
    again = await probe.make(headers=key)
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await written(peek) == (1, 1, 1)


async def test_the_relay_is_woken_by_a_commit_with_events_and_by_nothing_else(
    database: Database, transactions: Transactions, actor: Principal
) -> None:
    woken: list[bool] = []
    waking = Transactions(database, transactions.clock, bytes(32), lambda: woken.append(True))
    async with waking.begin(actor):
        pass
    assert woken == []
    with pytest.raises(Problem, match="conflict"):
        async with waking.begin(actor) as work:
            work.recorded_events = 1
            raise Problem("conflict")
    assert woken == []
    async with waking.begin(actor) as work:
        work.recorded_events = 1
    assert woken == [True]


async def test_a_problem_keeps_its_own_story(transactions: Transactions, actor: Principal) -> None:
    """It isn't its own cause: who follows causes must come to an end."""
    with pytest.raises(Problem) as failure:
        async with transactions.begin(actor):
            raise Problem("not-found") from LookupError()
    assert isinstance(failure.value.__cause__, LookupError)


async def test_a_unit_of_work_that_only_reads_can_record_nothing(transactions: Transactions) -> None:
    async with transactions.look(system("reader")) as work:
        with pytest.raises(RuntimeError, match="records nothing"):
            await audit.record(work, "change", "note", new_id())
