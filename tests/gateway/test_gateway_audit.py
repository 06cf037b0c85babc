"""The gateway's own trail over HTTP (X7): who made and disabled which login, client and key."""

import httpx
import pytest
from gateway_desk import CLIENT, Desk

AUDIT = "/v1/audit/gateway"


async def asked(desk: Desk, role: str, query: str = "") -> httpx.Response:
    return await desk.http.get(AUDIT + query, headers=await desk.as_(role))


async def test_who_made_a_login_can_be_read(standing_desk: Desk) -> None:
    body = {"username": "trail-reader", "password": "horse-battery-staple-9", "roles": ["auditor"]}
    made = await standing_desk.http.post("/v1/accounts", json=body, headers=await standing_desk.as_("admin"))
    assert made.status_code == 201, made.text
    (row,) = (await asked(standing_desk, "admin", f"?aggregate_id={made.json()['id']}")).json()["items"]
    assert (row["action"], row["noun"], row["aggregate_id"]) == ("create", "account", made.json()["id"])
    assert row["actor"].startswith("account:")
    assert row["request_id"] == made.headers["x-request-id"]
    told = await standing_desk.ask_token(grant_type="password", username=body["username"], password=body["password"])
    headers = {"Authorization": f"Bearer {told.json()['access_token']}"}
    auditors = await standing_desk.http.get(f"{AUDIT}?noun=account&limit=1", headers=headers)
    assert (auditors.status_code, len(auditors.json()["items"])) == (200, 1)
    assert 'rel="next"' in auditors.headers["Link"]
    everything = (await asked(standing_desk, "admin", "?limit=200")).text
    assert body["password"] not in everything
    assert CLIENT["client_secret"] not in everything


@pytest.mark.parametrize("role", ["agent", "supervisor", "finance"])
async def test_whoever_is_no_auditor_is_refused(standing_desk: Desk, role: str) -> None:
    refused = await asked(standing_desk, role)
    assert (refused.status_code, refused.json()["permission"]) == (403, "audit:read")


async def test_neither_nobody_nor_a_storefront_reads_it(standing_desk: Desk) -> None:
    assert (await standing_desk.http.get(AUDIT)).status_code == 401
    told = await standing_desk.ask_token(grant_type="client_credentials", **CLIENT)
    headers = {"Authorization": f"Bearer {told.json()['access_token']}"}
    assert (await standing_desk.http.get(AUDIT, headers=headers)).status_code == 403


async def test_bad_questions_are_told(standing_desk: Desk) -> None:
    assert (await asked(standing_desk, "admin", "?since=2026-01-01T00:00:00Z")).status_code == 422
    assert (await asked(standing_desk, "admin", "?cursor=x")).status_code == 422


async def test_it_stands_in_the_merged_document_with_its_permission(standing_desk: Desk) -> None:
    document = (await standing_desk.http.get("/openapi.json")).json()
    assert "audit:read" in str(document["paths"][AUDIT]["get"])
