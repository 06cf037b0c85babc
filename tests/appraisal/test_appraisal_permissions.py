"""Every endpoint of the appraisal service, asked by nobody and by whoever may not (G2)."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from appraisal_desk import Desk
from stage import Starter

from contracts.permissions import ROLES, roles_with
from kit.http.of_every_service import OF_EVERY_SERVICE

ID = UUID(int=7)
ENDPOINTS = (
    ("POST", "/v1/staff", "staff:manage"),
    ("GET", "/v1/staff", "staff:read"),
    ("GET", f"/v1/staff/{ID}", "staff:read"),
    ("PATCH", f"/v1/staff/{ID}", "staff:manage"),
    ("POST", f"/v1/staff/{ID}/confirm", "staff:manage"),
    ("POST", f"/v1/staff/{ID}/suspend", "staff:manage"),
    ("POST", f"/v1/staff/{ID}/readmit", "staff:manage"),
    ("POST", f"/v1/staff/{ID}/leave", "staff:manage"),
    *(
        (method, f"/v1/{noun}s{path}", f"{noun}:{verb}")
        for noun, ends in {"unit": ("close", "reopen"), "team": ("dissolve", "reform")}.items()
        for method, path, verb in (
            ("POST", "", "manage"),
            ("GET", "", "read"),
            ("GET", f"/{ID}", "read"),
            ("PATCH", f"/{ID}", "manage"),
            *(("POST", f"/{ID}/{end}", "manage") for end in ends),
        )
    ),
    ("POST", "/v1/appraisals/commission-quotes", "commission:quote"),
    ("GET", "/v1/ledger/sale-credits", "credit:read"),
    ("GET", f"/v1/ledger/sale-credits/{ID}", "credit:read"),
    ("GET", "/v1/ledger/unmatched-aliases", "credit:read"),
)

_PLACES = {
    "staff": "{staff_id}", "units": "{unit_id}", "teams": "{team_id}", "ledger": "{order_id}", "appraisals": "",
}  # fmt: skip


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        yield Desk(client)


async def test_every_endpoint_asks_for_a_token_and_for_its_permission(desk: Desk) -> None:
    for method, path, permission in ENDPOINTS:
        nobody = await desk.client.http.request(method, path)
        assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json"), path
        for role in ROLES:
            answer = await desk.client.call(method, path, role)
            if role in roles_with(permission):
                assert answer.status_code not in (401, 403), (method, path, role)
            else:
                assert answer.status_code == 403, (method, path, role)
                assert answer.json()["permission"] == permission


async def test_no_endpoint_is_missing_above(desk: Desk) -> None:
    spec = desk.client.app.openapi()
    own = {path: one for path, one in spec["paths"].items() if not path.startswith(OF_EVERY_SERVICE)}
    served = {(method.upper(), path) for path, methods in own.items() for method in methods}
    checked = {(method, path.replace(str(ID), _PLACES[path.split("/")[2]])) for method, path, _ in ENDPOINTS}
    assert served == checked


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
async def test_a_method_that_isnt_there_names_those_that_are(desk: Desk, method: str) -> None:
    answer = await desk.client.call(method, f"/v1/staff/{ID}", "admin")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")
