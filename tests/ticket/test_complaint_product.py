"""T11, T12, I10, X6: every stage × verb × role over HTTP. What is not drawn or not permitted is 409 or 403 and writes
nothing; what is drawn is done and leads where the drawing says."""

import pytest
from complaint_desk import BODIES, STAGES, Complaints
from ticket_desk import Desk

from contracts.permissions import ROLES, roles_with
from services.ticket.complaint.lifecycle import LOOP, Stage

PERMISSION = dict.fromkeys(BODIES, "complaint:work") | {
    "judge": "complaint:judge", "fix": "complaint:judge", "discipline": "complaint:judge",
    "verify": "complaint:verify", "call-back": "complaint:call_back", "cancel": "complaint:cancel",
    "lower": "complaint:grade_lower",
}  # fmt: skip
ALL_STAGES = (*STAGES, "unreachable", "withdrawn", "cancelled")


def leads_to(verb: str, stage: str) -> str | None:
    """Where the drawing takes it with the body above; None where nothing is drawn."""
    arrow = {"verify": "verify/settled", "call-back": "call-back/satisfied", "improvements": "improve"}.get(
        verb, verb
    )
    end = LOOP.table[arrow].get(Stage(stage))
    return end.value if end else None


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def test_what_is_not_drawn_or_not_permitted_writes_nothing(complaints: Complaints) -> None:
    """The whole product: 12 stages, 15 verbs, 8 roles."""
    asked = 0
    for stage in ALL_STAGES:
        complaint = await complaints.at(stage)
        match = f'"{complaint["ticket"]["version"]}"'
        before = await complaints.written()
        for verb in BODIES:
            for role in ROLES:
                permitted = role in roles_with(PERMISSION[verb])
                if permitted and leads_to(verb, stage):
                    continue
                answer = await complaints.verb(complaint, verb, role, match=match)
                asked += 1
                expected = 409 if permitted else 403
                assert answer.status_code == expected, f"{stage} {verb} {role}: {answer.text}"
                if permitted:
                    problem = answer.json()
                    assert (problem["type"], problem["from"]) == ("/problems/transition-refused", stage)
                    assert problem["allowed"] == complaint["inside"]["allowed"]
        assert await complaints.written() == before
        assert await complaints.get(complaint) == complaint
    assert asked > 1000


async def test_what_is_drawn_is_done(complaints: Complaints) -> None:
    """Each arrow of the drawing that the bodies above take, from each stage; the ticket follows (T2)."""
    for stage in ALL_STAGES:
        for verb in BODIES:
            end = leads_to(verb, stage)
            if end is None:
                continue
            complaint = await complaints.at(stage)
            if verb == "lower":
                complaint = await complaints.done(complaint, "weigh")
            answer = await complaints.verb(complaint, verb)
            assert answer.status_code in (200, 201), f"{stage} {verb}: {answer.text}"
            after = await complaints.get(complaint)
            assert after["stage"] == end
            assert after["status"] == after["ticket"]["status"]
            assert after["ticket"]["version"] > complaint["ticket"]["version"]


async def test_a_decision_needs_what_was_read(complaints: Complaints) -> None:
    """Conventions: verbs that decide are asked with If-Match; without it 428, with an older one 412."""
    for verb, stage in {
        "judge": "recorded", "fix": "judged", "verify": "customer_informed", "call-back": "verified_inside",
        "lower": "recorded",
    }.items():  # fmt: skip
        complaint = await complaints.at(stage)
        before = await complaints.written()
        assert (await complaints.verb(complaint, verb, match=None)).status_code == 428
        assert (await complaints.verb(complaint, verb, match='"0"')).status_code == 412
        assert await complaints.written() == before
