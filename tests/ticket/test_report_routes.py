"""T15, X2: the monthly report over HTTP, as JSON and as a spreadsheet, worked out of the tally alone."""

import io
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from complaint_desk import CULPRIT, LEAD, ME, UNIT, Complaints
from python_calamine import CalamineWorkbook
from ticket_desk import Desk, faults

from kit.ids import new_id
from services.ticket.complaint.tally import cells

MONTH = "2026-11"


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def report(complaints: Complaints, query: str = f"?month={MONTH}", **claims: Any) -> dict[str, Any]:
    """The report of a month."""
    answer = await complaints.desk.call("GET", f"/v1/ticket-reports/complaints{query}", "supervisor", **claims)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def volume(complaints: Complaints, unit_id: object, **body: Any) -> httpx.Response:
    """Say what a unit handled."""
    headers = body.pop("headers", {})
    path = f"/v1/ticket-reports/volumes/{unit_id}/{MONTH}"
    return await complaints.desk.call("PUT", path, "supervisor", json=body, headers=headers)


async def tallied(desk: Desk) -> Counter[tuple[str, str, str, str]]:
    """The tally as it is kept."""
    rows = await desk.rows("SELECT month, measure, shop, key, complaints FROM complaint_tally WHERE complaints <> 0")
    return Counter({(row.month, row.measure, row.shop, row.key): row.complaints for row in rows})


async def recounted(desk: Desk) -> Counter[tuple[str, str, str, str]]:
    """The tally as the complaints say it should be."""
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for row in await desk.rows("SELECT * FROM complaint"):
        for cell in cells(SimpleNamespace(**row._mapping)):  # type: ignore[arg-type]
            counted[cell.month, cell.measure, cell.shop, cell.key] += 1
    return counted


async def busy(complaints: Complaints) -> None:
    """A month with complaints at every stage, in two shops, and what becomes of them."""
    desk = complaints.desk
    other = new_id()
    await desk.hear(complaints.unit(other, "二号仓", "=1+1"))
    for stage in ("recorded", "judged", "customer_informed", "closed", "withdrawn", "cancelled", "unreachable"):
        await complaints.at(stage)
    await complaints.done(await complaints.at("responsibility_fixed", category="service"), "weigh")
    moved = await complaints.at("cause_found", shop="outlet")
    await complaints.done(moved, "fix", unit_id=str(other))
    await complaints.done(await complaints.at("closed"), "reopen")
    late = await complaints.at("customer_informed", category="general")
    desk.clock.advance(timedelta(days=5))
    await complaints.done(late, "verify", "call-back", "close")
    assert (await volume(complaints, UNIT, volume=4000)).status_code == 200
    assert (await volume(complaints, other, volume=100, measure="订单")).status_code == 200


async def test_a_month(complaints: Complaints) -> None:
    """T15: everything the rule names, with the figures worked out by hand."""
    await busy(complaints)
    shown = await report(complaints)
    assert (shown["opened"], shown["cancelled"], shown["without_unit"]) == (10, 1, 3)
    assert shown["ended"] == {"closed": 2, "unreachable": 1, "withdrawn": 1}
    assert shown["promises"] == {"kept": 2, "broken": 1, "on_promise": "66.67"}
    rows = [
        (one["rank"], one["code"], one["complaints"], one["volume"], one["per_thousand"]) for one in shown["units"]
    ]
    assert rows == [(1, f"u-{UNIT}", 6, 4000, "1.50"), (2, "=1+1", 1, 100, "10.00")]
    assert {one["category"]: one["complaints"] for one in shown["categories"]} == {
        "quality": 8, "service": 1, "general": 1, "emergency": 0,
    }  # fmt: skip
    assert {one["grade"]: one["complaints"] for one in shown["grades"]} == {
        "ordinary": 9,
        "repeat": 0,
        "malignant": 1,
    }
    assert {one["nature"]: one["complaints"] for one in shown["natures"]} == {
        "founded": 8, "unfounded": 0, "undetermined": 2,
    }  # fmt: skip
    agents = {one["staff_id"]: one for one in shown["agents"]}
    figures = {one: (agents[str(one)]["handled"], agents[str(one)]["on_promise"]) for one in (ME, LEAD)}
    assert figures == {ME: (1, None), LEAD: (3, "66.67")}, "the lead took them up by judging them"
    assert agents[str(ME)]["alias"] == "花名0"
    assert agents[str(CULPRIT)]["responsible"] == 7
    assert shown["times"] == {"median_minutes": 4320, "p90_minutes": 7200}
    assert [one["month"] for one in shown["trend"]][-2:] == ["2026-10", MONTH]
    assert shown["trend"][-1] | {"on_promise": None} == {
        "month": MONTH, "opened": 10, "ended": 4, "repeat": 0, "malignant": 1, "kept": 2, "broken": 1,
        "on_promise": None,
    }  # fmt: skip
    assert len(shown["trend"]) == 12


async def test_a_shop_sees_its_own(complaints: Complaints) -> None:
    """X1: by parameter or by token; no other shop's figures."""
    await busy(complaints)
    for query, claims in ((f"?month={MONTH}&shop=outlet", {}), (f"?month={MONTH}", {"shops": ["outlet"]})):
        shown = await report(complaints, query, **claims)
        assert (shown["opened"], [one["complaints"] for one in shown["units"]]) == (1, [0, 1])
    nothing = await report(complaints, f"?month={MONTH}&shop=main", shops=["outlet"])
    assert (nothing["opened"], nothing["times"]["median_minutes"], nothing["promises"]["on_promise"]) == (
        0,
        None,
        None,
    )
    for query in ("", "?month=2026-13", "?month=2026-11&week=1"):
        where = f"/v1/ticket-reports/complaints{query}"
        assert (await complaints.desk.call("GET", where, "supervisor")).status_code == 422
    assert (
        await complaints.desk.call("GET", f"/v1/ticket-reports/complaints?month={MONTH}", "agent")
    ).status_code == 403


async def test_the_tally_is_a_count_of_the_complaints(complaints: Complaints) -> None:
    """T15: whatever has become of them; a month that was reopened counts one end less."""
    await busy(complaints)
    assert await tallied(complaints.desk) == await recounted(complaints.desk)
    assert min((await tallied(complaints.desk)).values()) > 0


async def test_the_spreadsheet_says_the_same(complaints: Complaints) -> None:
    """T15, A10 of the reference: every table, read back by another library; texts that look like formulas are texts."""
    await busy(complaints)
    shown = await report(complaints)
    path = f"/v1/ticket-reports/complaints.xlsx?month={MONTH}"
    answer = await complaints.desk.call("GET", path, "finance")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats-officedocument.spreadsheetml")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == [
        "概览 Overview", "单位 Units", "类别 Types", "等级 Grades", "性质 Nature", "客服 Agents", "趋势 Trend",
    ]  # fmt: skip
    columns = {
        "单位 Units": ("units", "rank code name complaints founded volume per_thousand unit_id"),
        "类别 Types": ("categories", "category complaints share"), "等级 Grades": ("grades", "grade complaints share"),
        "性质 Nature": ("natures", "nature complaints"),
        "客服 Agents": ("agents", "alias handled kept broken on_promise responsible staff_id"),
        "趋势 Trend": ("trend", "month opened ended repeat malignant kept broken on_promise"),
    }  # fmt: skip
    for sheet, (table, names) in columns.items():
        _, *rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        expected = [[_as_cell(name, one[name]) for name in names.split()] for one in shown[table]]
        assert rows == expected, sheet
    overview = {row[0].split()[-1]: row[1] for row in book.get_sheet_by_name("概览 Overview").to_python()}
    assert (overview["Opened"], overview["Closed"], overview["Month"]) == (10.0, 2.0, MONTH)


def _as_cell(name: str, value: object) -> object:
    """A figure of the answer as the library reads it back."""
    if value is None:
        return ""
    if name in ("per_thousand", "share", "on_promise"):
        return float(str(value))
    return float(value) if isinstance(value, int) else value


async def test_volumes_are_kept_by_month(complaints: Complaints) -> None:
    """X2: set and set again; the same changes nothing; of units that are known."""
    desk = complaints.desk
    first = await volume(complaints, UNIT, volume=100)
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    assert (await volume(complaints, UNIT, volume=100)).headers["etag"] == '"1"'
    assert (await volume(complaints, UNIT, volume=120, headers={"If-Match": '"7"'})).status_code == 412
    assert (await volume(complaints, UNIT, volume=120)).headers["etag"] == '"2"'
    listed = (await desk.call("GET", f"/v1/ticket-reports/volumes?month={MONTH}", "finance")).json()["items"]
    assert [(one["unit_id"], one["volume"]) for one in listed] == [(str(UNIT), 120)]
    for wrong in ({"volume": -1}, {"volume": "5"}, {"volume": 1.5}, {"volume": True}):
        assert faults(await volume(complaints, UNIT, **wrong)) == ["/volume"]
    assert (await volume(complaints, new_id(), volume=1)).json()["type"] == "/problems/not-yet-known"
    bad = await desk.call("PUT", f"/v1/ticket-reports/volumes/{UNIT}/2026-00", "supervisor", json={"volume": 1})
    assert bad.status_code == 422
    assert [row.action for row in await desk.rows("SELECT action FROM audit WHERE noun = 'unit_volume'")] == [
        "set-volume", "set-volume",
    ]  # fmt: skip
