"""Complaints under many hands at once: one decision per version, one tally however many open and move (I1, I4, T15)."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from complaint_desk import ME, Complaints
from test_report_routes import recounted, tallied
from ticket_desk import Desk

from services.ticket.complaint import service


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def test_of_two_who_decide_at_once_one_has_seen_the_newest(complaints: Complaints) -> None:
    """Conventions: both read the same version; one decides, the others are told that theirs is stale."""
    complaint = await complaints.at("verified_inside")
    match = f'"{complaint["ticket"]["version"]}"'
    results = ("satisfied", "unsatisfied", "not_settled", "missed")
    asked = [complaints.verb(complaint, "call-back", match=match, result=result) for result in results]
    answers = await asyncio.gather(*asked)
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    assert len(await complaints.desk.rows("SELECT 1 FROM complaint_call")) == 1
    told = await complaints.desk.rows("SELECT count(*) FROM outbox WHERE subject = 'complaint.called_back'")
    assert told[0][0] == 1


async def test_the_tally_adds_up_however_many_move_at_once(complaints: Complaints) -> None:
    """T15: complaints of two shops opened, judged, laid at a door, weighed and withdrawn side by side; no deadlock."""

    hands = asyncio.Semaphore(4)  # as many as a test's pool has connections
    ways = (("judge", "fix", "weigh"), ("judge", "withdraw"), ("weigh", "cancel"), ("judge", "weigh", "withdraw"))

    async def live(number: int) -> None:
        async with hands:
            complaint = await complaints.open(shop=("main", "outlet")[number % 2])
            for verb in ways[number % 4]:
                assert (await complaints.verb(complaint, verb)).status_code == 200

    await asyncio.gather(*(live(number) for number in range(24)))
    kept = await tallied(complaints.desk)
    assert kept == await recounted(complaints.desk)
    by_measure: Counter[str] = Counter()
    for (_, measure, _, _), count in kept.items():
        by_measure[measure] += count
    assert (by_measure["opened"], by_measure["cancelled"], by_measure["ended"]) == (18, 6, 12)


async def test_a_complaint_about_an_order_just_closed_is_seen_by_the_next(complaints: Complaints) -> None:
    """T13: of several about one order at once none is repeat, because none has been closed yet."""
    await complaints.desk.put("A-1")
    made = await asyncio.gather(*(complaints.open(order_no="A-1") for _ in range(4)))
    assert {one["inside"]["grade"] for one in made} == {"ordinary"}
    assert len({one["number"] for one in made}) == 4


async def test_promises_due_are_those_of_whoever_has_the_ticket(complaints: Complaints) -> None:
    """T16, T46: told to the customer, due before that instant, not confirmed yet; earliest first."""
    desk = complaints.desk
    told = await complaints.at("customer_informed")
    await complaints.at("solution_proposed")
    await complaints.at("verified_inside")
    holder = UUID(told["ticket"]["assignee_staff_id"])
    until = desk.clock.now() + timedelta(hours=72)
    async with desk.client.runtime.database.reading() as session:
        due = await service.promises_due(session, holder, until + timedelta(microseconds=1))
        assert [(row["number"], row["due_at"]) for row in due] == [(told["number"], until)]
        assert await service.promises_due(session, holder, until) == []
        assert await service.promises_due(session, ME, until + timedelta(days=1)) == []
