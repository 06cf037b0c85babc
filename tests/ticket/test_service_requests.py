"""Service requests through their door (T60), on a real database."""


import pytest
from request_desk import ENDS, FORMS, Requests
from ticket_desk import Desk


@pytest.fixture
async def requests(desk: Desk) -> Requests:
    return await Requests(desk).settle_in()


@pytest.mark.parametrize("kind", FORMS)
async def test_every_shipped_type_goes_its_way(requests: Requests, kind: str) -> None:
    """T60: submitted, reviewed, approved, dispatched, its steps in order, done; each with its event and its line."""
    request = await requests.at("done", kind)
    assert (request["type"], request["status"], request["round"]) == (kind, "done", 1)
    assert request["outcome"] == ENDS.get(kind, {}).get("outcome")
    assert (request["ticket"]["status"], request["ticket"]["outcome"]) == ("closed", "solved")
    assert [one["subject"].partition(".")[2] for one in await requests.told(request)] == [
        "submitted",
        "approved",
        "done",
    ]
