"""Reports about sellers live the common life of tickets with fields of their own (T1, T2)."""

from typing import Any

import pytest
from ticket_desk import Desk

REPORT = {"subject": "举报商家售假", "seller": "福记食品专营店", "breach": "发来的茶叶不是所标产地"}


async def opened(desk: Desk, **facts: Any) -> dict[str, Any]:
    made = await desk.client.call("POST", "/v1/merchant-reports", json={**REPORT, **facts})
    assert made.status_code == 201, made.text
    ticket: dict[str, Any] = made.json()
    return ticket


async def test_a_report_is_a_ticket_with_its_own_fields(desk: Desk) -> None:
    ticket = await opened(desk, wish="请核查")
    assert (ticket["kind"], ticket["status"], ticket["channel"]) == ("merchant_report", "new", "outside_platform")
    assert ticket["details"] == {"seller": REPORT["seller"], "breach": REPORT["breach"], "wish": "请核查"}
    assert {one["kind"] for one in ticket["clocks"]} == {"first_reply", "solution"}


@pytest.mark.parametrize("outcome", ["upheld", "dismissed", "passed_on"])
async def test_it_is_worked_as_any_ticket_and_solved_with_its_outcome(desk: Desk, outcome: str) -> None:
    path = f"/v1/tickets/{(await opened(desk))['ticket_id']}"
    assert (await desk.client.call("POST", f"{path}/start")).status_code == 200
    for wrong in ({}, {"outcome": "adopted"}):
        answer = await desk.client.call("POST", f"{path}/solve", json={"solution": "已核查", **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/outcome")
    solved = await desk.client.call("POST", f"{path}/solve", json={"solution": "已核查", "outcome": outcome})
    assert (solved.status_code, solved.json()["details"]["outcome"]) == (200, outcome)


@pytest.mark.parametrize("missing", ["seller", "breach", "subject"])
async def test_a_report_says_who_and_what(desk: Desk, missing: str) -> None:
    body = {name: value for name, value in REPORT.items() if name != missing}
    answer = await desk.client.call("POST", "/v1/merchant-reports", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{missing}")


async def test_it_is_not_opened_where_inquiries_are(desk: Desk) -> None:
    body = {"kind": "merchant_report", "subject": "举报", "details": {"seller": "某店", "breach": "售假"}}
    answer = await desk.client.call("POST", "/v1/tickets", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/kind")


async def test_reports_are_listed_apart(desk: Desk) -> None:
    reports = [(await opened(desk))["ticket_id"] for _ in range(3)]
    await desk.client.call("POST", "/v1/tickets", json={"subject": "咨询"})
    first = (await desk.client.call("GET", "/v1/merchant-reports?limit=2")).json()
    rest = (await desk.client.call("GET", f"/v1/merchant-reports?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["ticket_id"] for one in first["items"] + rest["items"]] == reports[::-1]
    assert rest["next_cursor"] is None


async def test_a_buyer_sees_the_own_report_and_no_other(desk: Desk) -> None:
    """T40"""
    await opened(desk)
    found = await desk.client.call(
        "GET", "/v1/merchant-reports", "storefront", account_id="01a200b4-d8cb-74cb-a79f-53780dd4fa13"
    )
    assert (found.status_code, found.json()["items"]) == (200, [])
