"""T11, T12: a complaint's way round the loop over HTTP, with its events, trail, ticket and tally (I1, I10, X7)."""

import orjson
import pytest
from complaint_desk import CULPRIT, LOOP, UNIT, Complaints
from ticket_desk import Desk


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def test_a_whole_loop(complaints: Complaints) -> None:
    """T11, T16: each stage opens the next; the customer's confirmation ends it, and every step is told and noted."""
    desk = complaints.desk
    complaint = await complaints.open()
    assert (complaint["stage"], complaint["status"], complaint["ticket"]["status"]) == ("recorded", "new", "new")
    stages = []
    for verb in LOOP:
        complaint = await complaints.done(complaint, verb)
        stages.append((complaint["stage"], complaint["ticket"]["status"]))
    assert stages == [
        ("judged", "open"), ("responsibility_fixed", "open"), ("cause_found", "open"), ("solution_proposed", "open"),
        ("customer_informed", "open"), ("verified_inside", "open"), ("called_back", "solved"), ("closed", "closed"),
    ]  # fmt: skip
    inside = complaint["inside"]
    assert (inside["nature"], inside["unit_id"], inside["responsible_staff_id"]) == (
        "founded",
        str(UNIT),
        str(CULPRIT),
    )
    assert complaint["ticket"]["unit_id"] == str(UNIT)
    assert (inside["promise_kept"], inside["grade"], complaint["round"]) == (True, "ordinary", 1)
    told = await desk.rows(
        "SELECT noun, subject FROM outbox WHERE aggregate_id = :one ORDER BY id", one=complaint["complaint_id"]
    )
    assert [row.subject for row in told if row.noun == "complaint"] == [
        "complaint.judged", "complaint.responsibility_fixed", "complaint.promised", "complaint.called_back",
    ]  # fmt: skip
    assert [row.subject for row in told if row.noun == "ticket"] == [
        "ticket.opened", "ticket.assigned", "ticket.solved", "ticket.closed"
    ]  # fmt: skip
    trail = await desk.rows("SELECT action FROM audit WHERE noun = 'complaint' ORDER BY id")
    assert [row.action for row in trail] == ["record", *LOOP]
    (closed,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.closed'")
    event = orjson.loads(bytes(closed.body))
    assert (event["outcome"], event["promise_kept"]) == ("solved", True)


async def test_what_was_promised_is_the_estimate_and_half_of_it(complaints: Complaints) -> None:
    """T16: noon to noon two days later, promised for three; told with its buffer."""
    complaint = await complaints.at("solution_proposed")
    assert complaint["promised_for"] == "2026-11-24T04:00:00Z"
    (row,) = await complaints.desk.rows("SELECT body FROM outbox WHERE subject = 'complaint.promised'")
    event = orjson.loads(bytes(row.body))
    assert (event["buffer"], event["round"], event["solution"]) == ("1.50", 1, "refund")
    assert complaint["due_at"] is None
    assert (await complaints.done(complaint, "inform"))["due_at"] == "2026-11-24T04:00:00Z"
