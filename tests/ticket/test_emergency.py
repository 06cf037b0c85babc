"""T42: emergencies and complaints of the emergency category, contained by the clock on the wall."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from complaint_desk import ME, Complaints
from complaint_paper import AGENT, AT
from ticket_desk import Desk, faults

from kit.ids import new_id
from kit.policy import InForce
from kit.problems import Problem
from services.ticket.clock.policy import EMERGENCY_CONTAINMENT
from services.ticket.emergency import lifecycle
from services.ticket.emergency.lifecycle import LIFE, STATUS, EmergencyStatus

MYSELF = AGENT.staff_id
RULES = InForce("emergency-containment", "main", 1, EMERGENCY_CONTAINMENT.default)
STATES = ("reported", "contained", "closed", "cancelled")
DRAWING = {
    "contain": ("contained", None, None, None),
    "close": (None, "closed", None, None),
    "reopen": (None, None, "contained", None),
    "cancel": ("cancelled", None, None, None),
}
BODIES: dict[str, dict[str, Any] | None] = {
    "contain": {"measures": "已疏散"}, "close": None, "reopen": {"reason": "保险未结"}, "cancel": {"reason": "误报"},
}  # fmt: skip


def paper(status: str = "reported") -> Any:
    return SimpleNamespace(
        emergency_id=new_id(), number="T-1", shop="main", status=status, opened_at=AT, contained_at=None,
        contained_by=None, measures=None, alone=None, elapsed_seconds=None, lateness=None, policy_version=None,
    )  # fmt: skip


def about(assignee: UUID | None = MYSELF, touched: Sequence[str] = ()) -> Any:
    return SimpleNamespace(customer_id=None, unit_id=None, assignee_staff_id=assignee, touched_by=list(touched))


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(0), "in_time"), (timedelta(minutes=10), "in_time"),
        (timedelta(minutes=10, microseconds=1), "moderate"), (timedelta(minutes=30), "moderate"),
        (timedelta(minutes=30, microseconds=1), "severe"), (timedelta(days=2), "severe"),
    ],
)  # fmt: skip
def test_ten_minutes_are_in_time_and_thirty_moderate(after: timedelta, late: str) -> None:
    """T42: 10:00.000 is in time, anything later moderate, beyond 30:00 severe; by the wall."""
    it = paper()
    told = lifecycle.contain(it, about(), "已疏散", RULES, AGENT, AT + after)
    assert (told.lateness, it.lateness, told.elapsed_seconds) == (late, late, int(after.total_seconds()))
    assert (it.status, told.policy_version, told.contained_at) == ("contained", 1, AT + after)


@pytest.mark.parametrize(
    ("assignee", "touched", "alone"),
    [
        (MYSELF, [], True),
        (MYSELF, [str(MYSELF)], True),
        (MYSELF, [str(MYSELF), "another"], False),
        (None, [], False),
        (new_id(), [], False),
    ],
)
def test_alone_is_without_anybody_else(assignee: UUID | None, touched: list[str], alone: bool) -> None:
    """A4: the assignee contained it, and nobody but them touched it."""
    assert lifecycle.contain(paper(), about(assignee, touched), "x", RULES, AGENT, AT).alone is alone


@pytest.mark.parametrize(
    ("verb", "state", "end"),
    [(verb, state, end) for verb, ends in DRAWING.items() for state, end in zip(STATES, ends, strict=True)],
)
def test_every_verb_in_every_state(verb: str, state: str, end: str | None) -> None:
    """T42, I10."""
    it = paper(state)
    if end is not None:
        LIFE.move(it, verb)
        assert it.status == end
        return
    with pytest.raises(Problem) as refused:
        LIFE.move(it, verb)
    assert refused.value.facts["allowed"] == [one for one, ends in DRAWING.items() if ends[STATES.index(state)]]


def test_the_drawing_covers_all_there_is() -> None:
    assert [one.value for one in EmergencyStatus] == list(STATES)
    assert set(LIFE.table) == set(DRAWING)
    assert set(STATUS) == set(EmergencyStatus)


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def reported(desk: Desk, **facts: Any) -> dict[str, Any]:
    """An emergency that was reported."""
    answer = await desk.call("POST", "/v1/emergencies", json={"subject": "仓库起火", **facts}, staff_id=ME)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def ask(desk: Desk, emergency: dict[str, Any], verb: str, role: str = "supervisor") -> Any:
    """Ask for a verb of an emergency."""
    path = f"/v1/emergencies/{emergency['emergency_id']}/{verb}"
    return await desk.call("POST", path, role, json=BODIES[verb], staff_id=ME)


async def test_an_emergency_is_contained_within_its_minutes(complaints: Complaints) -> None:
    """T42: the clock is met, how late it was is told, insurance and claims are noted."""
    desk = complaints.desk
    emergency = await reported(desk)
    path = f"/v1/emergencies/{emergency['emergency_id']}"
    assert [one["kind"] for one in emergency["ticket"]["clocks"]] == ["containment"]
    desk.clock.advance(timedelta(minutes=10))
    contained = (await ask(desk, emergency, "contain", "agent")).json()
    assert (contained["status"], contained["lateness"], contained["elapsed_seconds"]) == ("contained", "in_time", 600)
    assert (contained["ticket"]["status"], contained["ticket"]["due_at"]) == ("open", None)
    match = {"If-Match": f'"{contained["ticket"]["version"]}"'}
    assert (await desk.call("PATCH", path, json={"insurance": "已报案"})).status_code == 428
    noted = await desk.call("PATCH", path, json={"insurance": "已报案", "claims": "12,000"}, headers=match)
    assert (noted.json()["insurance"], noted.json()["claims"]) == ("已报案", "12,000")
    assert (await desk.call("PATCH", path, json={"claims": "0"}, headers=match)).status_code == 412
    assert (await ask(desk, emergency, "close")).json()["ticket"]["status"] == "closed"
    assert (await ask(desk, emergency, "reopen")).json()["status"] == "contained"
    told = await desk.rows("SELECT body FROM outbox WHERE subject = 'emergency.contained'")
    assert [orjson.loads(bytes(row.body))["lateness"] for row in told] == ["in_time"]


async def test_what_is_not_drawn_writes_nothing(complaints: Complaints) -> None:
    """T42, I10: over HTTP as in the drawing."""
    desk = complaints.desk
    for state, way in {
        "reported": [],
        "contained": ["contain"],
        "closed": ["contain", "close"],
        "cancelled": ["cancel"],
    }.items():
        emergency = await reported(desk)
        for verb in way:
            emergency = (await ask(desk, emergency, verb)).json()
        assert emergency["status"] == state
        before = await complaints.written()
        for verb in set(BODIES) - set(emergency["allowed"]):
            assert (await ask(desk, emergency, verb)).status_code == 409
        assert (await ask(desk, emergency, "cancel", "agent")).status_code == 403
        assert await complaints.written() == before


async def test_a_complaint_of_the_category_runs_the_same_clock(complaints: Complaints) -> None:
    """T10, T42: contained at the complaint; its stages go on; others have no such clock."""
    desk = complaints.desk
    complaint = await complaints.open(category="emergency")
    assert "containment" in [one["kind"] for one in complaint["ticket"]["clocks"]]
    desk.clock.advance(timedelta(minutes=31))
    contain = {"body": {"measures": "已送医"}}
    answer = await complaints.verb(complaint, "contain", **contain)
    assert (answer.status_code, answer.json()["stage"]) == (200, "recorded")
    assert (await complaints.verb(complaint, "contain", **contain)).status_code == 409
    (row,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'emergency.contained'")
    assert orjson.loads(bytes(row.body))["lateness"] == "severe"
    shown = (await desk.call("GET", f"/v1/emergencies/{complaint['complaint_id']}")).json()
    assert (shown["kind"], shown["lateness"]) == ("complaint", "severe")
    path = f"/v1/emergencies/{complaint['complaint_id']}/close"
    assert (await desk.call("POST", path, "supervisor")).status_code == 404
    ended = await complaints.done(await complaints.open(category="emergency"), "withdraw")
    refused = await complaints.verb(ended, "contain", **contain)
    assert (refused.status_code, refused.json()["from"]) == (409, "withdrawn")
    other = await complaints.open()
    assert (await complaints.verb(other, "contain", **contain)).status_code == 404
    listed = (await desk.call("GET", "/v1/emergencies?lateness=severe")).json()["items"]
    assert [one["number"] for one in listed] == [complaint["number"]]


async def test_emergencies_are_for_the_house(complaints: Complaints) -> None:
    """X1, X6: of the shops of the token; not a buyer's to see."""
    desk = complaints.desk
    emergency = await reported(desk)
    path = f"/v1/emergencies/{emergency['emergency_id']}"
    assert (await desk.call("GET", path, "storefront", account_id=new_id())).status_code == 403
    assert (await desk.call("GET", path, shops=["outlet"])).status_code == 404
    assert (await desk.call("GET", "/v1/emergencies", shops=["outlet"])).json()["items"] == []
    assert faults(await desk.call("POST", "/v1/emergencies", json={"subject": ""})) == ["/subject"]
