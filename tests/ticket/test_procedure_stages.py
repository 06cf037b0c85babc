"""T53: open steps of a checklist block the solving of kinds with stages of their own, too."""

from typing import Any

import httpx
from complaint_desk import ME, Complaints
from ticket_desk import Desk


async def test_an_emergency_a_review_and_a_complaint(desk: Desk) -> None:
    """Each at the verb by which the house says that it is done: refused, changing nothing, until the steps are."""
    complaints = await Complaints(desk).settle_in()

    async def post(path: str, role: str = "supervisor", **body: Any) -> httpx.Response:
        return await desk.call("POST", path, role, json=body or None, staff_id=ME)

    emergency = (await post("/v1/emergencies", subject="仓库起火")).json()["emergency_id"]
    assert (await post(f"/v1/emergencies/{emergency}/contain", measures="已疏散")).status_code == 200
    review = (await post("/v1/bad-reviews", "agent", subject="一星差评", stars=1)).json()["review_id"]
    assert (await post(f"/v1/bad-reviews/{review}/find-cause", "agent", cause="cannot_use")).status_code == 200
    spoken = await post(f"/v1/bad-reviews/{review}/contact", "agent", manner="phone", reached=True)
    assert spoken.status_code == 200
    complaint = await complaints.at("customer_informed")

    async def verify() -> httpx.Response:
        return await complaints.verb(complaint, "verify")

    ends = {
        emergency: lambda: post(f"/v1/emergencies/{emergency}/close"),
        review: lambda: post(f"/v1/bad-reviews/{review}/settle", "agent", result="kept"),
        complaint["complaint_id"]: verify,
    }
    for ticket_id, end in ends.items():
        procedures = f"/v1/tickets/{ticket_id}/procedures"
        assert (await post(procedures, procedure="courier-surcharge")).status_code == 201
        before = (await desk.call("GET", f"/v1/tickets/{ticket_id}")).json()
        refused = await end()
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/steps-open"), refused.text
        assert (await desk.call("GET", f"/v1/tickets/{ticket_id}")).json() == before
        for step in refused.json()["steps"]:
            assert (await post(f"{procedures}/courier-surcharge/tick", step=step["step"])).status_code == 200
        assert (await end()).status_code == 200


async def test_a_complaint_that_is_not_settled_yet_is_said_to_be_so(desk: Desk) -> None:
    """T12: only what is said to be done asks for the steps."""
    complaints = await Complaints(desk).settle_in()
    complaint = await complaints.at("customer_informed")
    path = f"/v1/tickets/{complaint['complaint_id']}/procedures"
    assert (await desk.call("POST", path, json={"procedure": "courier-surcharge"})).status_code == 201
    answer = await complaints.verb(complaint, "verify", result="not_settled")
    assert answer.status_code == 200, answer.text
