"""T11, T14: what a stage needs is there, whoever writes: the tables refuse the rest. And the policies that the migrations
ship are those of the code (X3)."""

import pytest
from complaint_desk import STAGES, Complaints
from ticket_desk import Desk

from kit.problems import Problem
from services.ticket.complaint.policy import (
    CALLBACK_LETTER,
    COMPLAINT_CALLBACKS,
    COMPLAINT_GRADES,
    COMPLAINT_PROMISE,
    COMPLAINT_SUBTYPES,
)  # fmt: skip
from services.ticket.penalty.policy import COMPLAINT_PENALTIES

MISSING = {
    "judged": "severity = NULL", "responsibility_fixed": "unit_id = NULL", "cause_found": "cause = NULL",
    "solution_proposed": "promised_for = NULL", "customer_informed": "due_at = NULL",
    "verified_inside": "verified_at = NULL", "closed": "closed_at = NULL",
}  # fmt: skip


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def test_no_stage_is_reached_without_its_facts(complaints: Complaints) -> None:
    """T11: not even behind the service's back."""
    complaint = await complaints.open()
    for stage in STAGES[1:]:
        with pytest.raises(Problem, match="conflict"):
            await complaints.desk.change(f"UPDATE complaint SET stage = '{stage}'")
    for wrong in ("severity = 5", "loss_minor = 1", "times_missed = 1", "times_unsatisfied = -1", "nature = 'x'"):
        with pytest.raises(Problem, match="conflict"):
            await complaints.desk.change(f"UPDATE complaint SET {wrong}")
    assert (await complaints.get(complaint))["stage"] == "recorded"


@pytest.mark.parametrize("stage", MISSING)
async def test_no_stage_loses_its_facts(complaints: Complaints, stage: str) -> None:
    """T11."""
    await complaints.at(stage)
    with pytest.raises(Problem, match="conflict"):
        await complaints.desk.change(f"UPDATE complaint SET {MISSING[stage]}")


async def test_the_shipped_policies_are_those_of_the_code(complaints: Complaints) -> None:
    """X3: version 1 of each is the default that the rules are tested with."""
    kinds = (
        COMPLAINT_GRADES, COMPLAINT_PROMISE, COMPLAINT_CALLBACKS, COMPLAINT_SUBTYPES, CALLBACK_LETTER,
        COMPLAINT_PENALTIES,
    )  # fmt: skip
    for kind in kinds:
        (row,) = await complaints.desk.rows("SELECT document FROM policy WHERE name = :name", name=kind.name)
        assert kind.document.model_validate(row.document) == kind.default, kind.name
        assert not list(kind.check(kind.default))
        assert kind.title


async def test_a_letter_of_unknown_places_is_no_policy(complaints: Complaints) -> None:
    """X3, T17: a place that nothing fills is found when the policy is saved."""
    document = CALLBACK_LETTER.default.model_dump(mode="json")
    document["zh"]["hope"] = "{offer}"
    path = "/v1/policies/ticket/callback-letter/versions"
    answer = await complaints.desk.call("POST", path, "manager", json={"document": document, "reason": "新信"})
    assert answer.status_code == 422, answer.text
    assert "hope" in answer.text
