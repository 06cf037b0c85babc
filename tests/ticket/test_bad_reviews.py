"""Bad reviews: the cause first, the phone before the text, and what became of it (T45)."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import orjson
import pytest
from stage import NOON
from ticket_desk import Desk

from contracts.ticket.aftercare import ReviewManner
from contracts.ticket.ticket import TicketStatus
from kit.clock import BUSINESS_ZONE, FrozenClock
from services.ticket.bad_review.lifecycle import LIFE, OUTCOME, STATUS, ReviewStatus, price
from services.ticket.bad_review.policy import REVIEW_HOURS, ReviewHours, in_order

HOURS = REVIEW_HOURS.default
OPEN = {"subject": "一星差评", "stars": 1, "description": "味道不对"}
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "find-cause": ("find-cause", {"cause": "cannot_use"}),
    "phone": ("contact", {"manner": "phone", "reached": True}),
    "write": ("contact", {"manner": "text", "message": "您好，这样用就可以。"}),
    "settle": ("settle", {"result": "changed"}),
    "reopen": ("reopen", {"reason": "买家又留言"}),
    "cancel": ("cancel", {"reason": "重复登记"}),
}
WAY_TO = {
    ReviewStatus.RECORDED: [],
    ReviewStatus.CAUSE_FOUND: ["find-cause"],
    ReviewStatus.PHONED: ["find-cause", "phone"],
    ReviewStatus.WRITTEN: ["find-cause", "phone", "write"],
    ReviewStatus.SETTLED: ["find-cause", "phone", "settle"],
    ReviewStatus.CANCELLED: ["cancel"],
}


def at(text: str) -> datetime:
    """A time of the business zone."""
    return datetime.fromisoformat(text).replace(tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-21T10:59:59", "2026-11-21T11:00"),
        ("2026-11-21T11:00", "2026-11-21T11:00"),
        ("2026-11-21T11:59:59", "2026-11-21T11:59:59"),
        ("2026-11-21T12:00", "2026-11-21T15:00"),
        ("2026-11-21T16:29", "2026-11-21T16:29"),
        ("2026-11-21T16:30", "2026-11-21T20:00"),
        ("2026-11-21T21:00", "2026-11-22T11:00"),
        ("2026-12-31T23:59", "2027-01-01T11:00"),
    ],
)
def test_when_buyers_are_spoken_to(now: str, opening: str) -> None:
    assert HOURS.next_opening(at(now)) == at(opening)
    assert HOURS.is_open(at(now)) is (now == opening)


@pytest.mark.parametrize(
    ("windows", "pointer"),
    [
        ([("12:00", "11:00")], "/windows/0/ends"),
        ([("11:00", "11:00")], "/windows/0/ends"),
        ([("11:00", "12:00"), ("11:59", "13:00")], "/windows/1/begins"),
        ([("15:00", "16:00"), ("11:00", "12:00")], "/windows/1/begins"),
    ],
)
def test_hours_that_cannot_be_are_refused(windows: list[tuple[str, str]], pointer: str) -> None:
    document = ReviewHours.model_validate({"windows": [{"begins": one, "ends": two} for one, two in windows]})
    assert [fault.pointer for fault in in_order(document)] == [pointer]


def test_every_status_has_its_common_one() -> None:
    assert set(STATUS) == set(ReviewStatus)
    assert {
        status for status, common in STATUS.items() if common in (TicketStatus.CLOSED, TicketStatus.CANCELLED)
    } == (set(OUTCOME))


def test_an_offer_in_words() -> None:
    assert price(None, None) is None
    assert price(5_00, "CNY").model_dump() == {"amount": "5.00", "currency": "CNY"}  # type: ignore[union-attr]


async def opened(desk: Desk, **facts: Any) -> str:
    made = await desk.client.call("POST", "/v1/bad-reviews", json={**OPEN, **facts})
    assert made.status_code == 201, made.text
    return str(made.json()["review_id"])


async def step(desk: Desk, review_id: str, verb: str, role: str = "agent", **facts: Any) -> Any:
    path, body = STEPS[verb]
    who = {"staff_id": "01a200b4-d8cb-74cb-a79f-53780dd4fa13"}
    return await desk.client.call("POST", f"/v1/bad-reviews/{review_id}/{path}", role, json={**body, **facts}, **who)


async def brought_to(desk: Desk, status: ReviewStatus) -> str:
    review_id = await opened(desk)
    for verb in WAY_TO[status]:
        answer = await step(desk, review_id, verb)
        assert answer.status_code == 200, answer.text
    return review_id


async def written(desk: Desk) -> tuple[int, ...]:
    """How many rows there are that a change would add to."""
    tables = ("outbox", "audit", "review_contact", "ticket_message")
    return tuple([(await desk.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables])


async def test_what_is_drawn_is_done_and_what_is_not_writes_nothing(desk: Desk) -> None:
    for status, verb in product(ReviewStatus, STEPS):
        review_id = await brought_to(desk, status)
        before = await written(desk)
        answer = await step(desk, review_id, verb)
        after = LIFE.table[verb].get(status)
        if after is None:
            assert (answer.status_code, answer.json()["type"]) == (409, "/problems/transition-refused"), (
                status,
                verb,
            )
            assert answer.json()["allowed"] == LIFE.allowed(status)
            assert await written(desk) == before, (status, verb)
        else:
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] == after
            assert answer.json()["ticket"]["status"] == STATUS[after]


async def test_only_the_floor_works_on_reviews(desk: Desk) -> None:
    review_id = await opened(desk)
    before = await written(desk)
    for role, verb in product(("storefront", "finance", "auditor", "admin", "service"), STEPS):
        assert (await step(desk, review_id, verb, role)).status_code == 403
    assert await written(desk) == before


async def test_a_text_is_a_message_to_the_buyer_and_stops_the_first_reply(desk: Desk) -> None:
    """T48"""
    review_id = await brought_to(desk, ReviewStatus.PHONED)
    first = "SELECT status FROM clock WHERE kind = 'first_reply'"
    assert await desk.rows(first) == [("running",)]
    answer = (await step(desk, review_id, "write")).json()
    assert [contact["manner"] for contact in answer["contacts"]] == ["text", "phone"]
    messages = (await desk.client.call("GET", f"/v1/tickets/{review_id}/messages")).json()["items"]
    assert [message["text"] for message in messages] == ["您好，这样用就可以。"]
    assert await desk.rows(first) == [("met",)]


async def test_what_became_of_it_is_told_with_the_last_offer(desk: Desk) -> None:
    review_id = await brought_to(desk, ReviewStatus.CAUSE_FOUND)
    await step(desk, review_id, "phone", offered={"amount": "5.00", "currency": "CNY"})
    await step(desk, review_id, "write", offered={"amount": "8.00", "currency": "CNY"})
    await step(desk, review_id, "write")
    await step(desk, review_id, "settle", result="removed")
    ((sequence, body),) = await desk.rows("SELECT sequence, body FROM outbox WHERE subject = 'review.worked'")
    told = orjson.loads(body)
    assert sequence == 1
    assert {name: told[name] for name in ("cause", "manner", "result", "offered")} == {
        "cause": "cannot_use", "manner": "text", "result": "removed", "offered": {"amount": "8.00", "currency": "CNY"},
    }  # fmt: skip
    assert "这样用" not in body.decode()


async def test_a_contact_outside_the_hours_says_so(desk: Desk, clock: FrozenClock) -> None:
    review_id = await brought_to(desk, ReviewStatus.CAUSE_FOUND)
    assert (await step(desk, review_id, "phone")).json()["contacts"][0]["outside_hours"]
    clock.advance(timedelta(hours=3))
    answer = (await step(desk, review_id, "phone")).json()
    assert not answer["contacts"][0]["outside_hours"]
    assert answer["workable_at"] == (NOON + timedelta(hours=3)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"manner": "text"}, ""),
        ({"manner": "letter"}, "/manner"),
        ({"manner": "phone", "offered": {"amount": "1.234", "currency": "CNY"}}, "/offered/amount"),
        ({"manner": "phone", "offered": {"amount": "-1", "currency": "CNY"}}, "/offered/amount"),
        ({"manner": "phone", "stars": 1}, "/stars"),
    ],
)
async def test_a_contact_that_cannot_be_is_refused(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    review_id = await brought_to(desk, ReviewStatus.PHONED)
    before = await written(desk)
    answer = await desk.client.call("POST", f"/v1/bad-reviews/{review_id}/contact", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await written(desk) == before


@pytest.mark.parametrize("stars", [0, 4, "1", 1.5, None])
async def test_a_good_review_is_no_bad_one(desk: Desk, stars: object) -> None:
    answer = await desk.client.call("POST", "/v1/bad-reviews", json={**OPEN, "stars": stars})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/stars")


async def test_reviews_are_listed_by_what_became_of_them(desk: Desk) -> None:
    settled, _ = await brought_to(desk, ReviewStatus.SETTLED), await opened(desk)
    found = (await desk.client.call("GET", "/v1/bad-reviews?result=changed")).json()["items"]
    assert [one["review_id"] for one in found] == [settled]
    first = (await desk.client.call("GET", "/v1/bad-reviews?limit=1")).json()
    rest = (await desk.client.call("GET", f"/v1/bad-reviews?limit=1&cursor={first['next_cursor']}")).json()
    assert [one["review_id"] for one in rest["items"]] == [settled]


async def test_a_settled_review_can_be_taken_up_again_for_thirty_days(desk: Desk, clock: FrozenClock) -> None:
    """T2"""
    review_id = await brought_to(desk, ReviewStatus.SETTLED)
    clock.advance(timedelta(days=30))
    before = await written(desk)
    assert (await step(desk, review_id, "reopen")).status_code == 409
    assert await written(desk) == before
    clock.advance(timedelta(seconds=-1))
    answer = (await step(desk, review_id, "reopen")).json()
    assert (answer["status"], answer["cause"], answer["result"]) == ("cause_found", "cannot_use", None)


async def test_the_generic_verbs_are_not_for_reviews(desk: Desk) -> None:
    review_id = await opened(desk)
    answer = await desk.client.call("POST", f"/v1/tickets/{review_id}/start")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/transition-refused")


def test_every_manner_has_its_verb() -> None:
    from services.ticket.bad_review.lifecycle import VERB_OF

    assert set(VERB_OF) == set(ReviewManner)
    assert set(VERB_OF.values()) < set(LIFE.table)
