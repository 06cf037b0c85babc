"""T14: the month's list over HTTP: made of what stood at the month's end, signed by a manager, published, exported."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from complaint_desk import LEAD, UNIT, Complaints
from python_calamine import CalamineWorkbook
from ticket_desk import Desk, faults

MONTH, NEXT = "2026-11", "2026-12"


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def ask(
    complaints: Complaints, method: str, path: str = "", role: str = "manager", **options: Any
) -> httpx.Response:
    """Ask about penalties."""
    return await complaints.desk.call(method, f"/v1/penalties{path}", role, **options)


async def drafted(complaints: Complaints, month: str = MONTH) -> dict[str, Any]:
    """The draft of a month."""
    answer = await ask(complaints, "POST", json={"month": month}, role="supervisor")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def verb(complaints: Complaints, penalties: dict[str, Any], name: str, role: str = "manager") -> httpx.Response:
    """Ask for a verb of a list as it stands."""
    path = f"/{penalties['penalty_list_id']}"
    match = (await ask(complaints, "GET", path)).headers["etag"]
    return await ask(complaints, "POST", f"{path}/{name}", role, headers={"If-Match": match})


async def published(complaints: Complaints, month: str = MONTH) -> dict[str, Any]:
    """The list of a month, signed and published."""
    penalties = await drafted(complaints, month)
    for name in ("sign", "publish"):
        answer = await verb(complaints, penalties, name)
        assert answer.status_code == 200, answer.text
    return dict(answer.json())


def charges(penalties: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What the list charges for each ticket, and at which grade."""
    return {line["ticket_number"]: (line["grade"], line["charged"]["amount"]) for line in penalties["lines"]}


async def test_a_month_of_penalties(complaints: Complaints) -> None:
    """T14: founded repeat and malignant ones with a unit; one line each; a later raise charges the difference, and the
    list of a month that is published never changes."""
    desk = complaints.desk
    repeat = await complaints.at("verified_inside")
    for _ in range(2):
        await complaints.done(repeat, "call-back", result="unsatisfied")
        await complaints.done(repeat, "propose", "inform", "verify")
    malignant = await complaints.done(await complaints.at("responsibility_fixed"), "weigh")
    await complaints.at("responsibility_fixed")  # ordinary
    unfounded = await complaints.done(await complaints.open(), "judge", nature="unfounded")
    await complaints.done(unfounded, "fix", "weigh")
    await complaints.done(await complaints.at("judged"), "weigh")  # nobody's yet
    await complaints.done(await complaints.at("responsibility_fixed"), "weigh", "cancel")
    assert faults(await ask(complaints, "POST", json={"month": MONTH})) == ["/month"]

    desk.clock.advance(timedelta(days=10))  # December
    await complaints.done(repeat, "weigh")
    first = await drafted(complaints)
    assert charges(first) == {repeat["number"]: ("repeat", "50.00"), malignant["number"]: ("malignant", "200.00")}
    assert (first["total"]["amount"], first["applied"], first["status"]) == ("250.00", True, "draft")
    assert {(line["unit_id"], line["lead_staff_id"]) for line in first["lines"]} == {(str(UNIT), str(LEAD))}
    again = (await verb(complaints, first, "recompute", "supervisor")).json()
    assert again["lines"] == first["lines"]
    await verb(complaints, first, "sign")
    assert (await verb(complaints, first, "publish")).json()["status"] == "published"
    (row,) = await desk.rows("SELECT body FROM outbox WHERE subject = 'penalty.published'")
    event = orjson.loads(bytes(row.body))
    assert (event["month"], event["total"]["amount"], len(event["lines"]), event["applied"]) == (
        MONTH,
        "250.00",
        2,
        True,
    )

    desk.clock.advance(timedelta(days=31))
    assert charges(await published(complaints, NEXT)) == {repeat["number"]: ("malignant", "150.00")}
    assert (await ask(complaints, "GET", f"/{first['penalty_list_id']}")).json()["lines"] == first["lines"]
    listed = (await ask(complaints, "GET", role="finance")).json()["items"]
    assert [one["month"] for one in listed] == [NEXT, MONTH]


async def test_in_a_sensitive_period_the_list_is_made_and_not_applied(complaints: Complaints) -> None:
    """T14: declared with days and a reason; what it would have charged is not charged later."""
    desk = complaints.desk
    await complaints.done(await complaints.at("responsibility_fixed"), "weigh")
    period = {"first_day": "2026-11-11", "last_day": "2026-11-12", "reason": "双十一"}
    wrong = {**period, "last_day": "2026-11-10"}
    assert faults(await ask(complaints, "POST", "/sensitive-periods", json=wrong)) == [""]
    assert (await ask(complaints, "POST", "/sensitive-periods", "supervisor", json=period)).status_code == 403
    declared = (await ask(complaints, "POST", "/sensitive-periods", json=period)).json()
    desk.clock.advance(timedelta(days=10))
    first = await drafted(complaints)
    assert (first["applied"], len(first["lines"])) == (False, 1)
    ended = f"/sensitive-periods/{declared['period_id']}/end"
    assert (await ask(complaints, "POST", ended)).status_code == 200
    assert (await ask(complaints, "POST", ended)).status_code == 409
    assert (await verb(complaints, first, "recompute")).json()["applied"] is True
    await ask(complaints, "POST", "/sensitive-periods", json=period)
    await verb(complaints, first, "recompute")
    await verb(complaints, first, "sign")
    assert (await verb(complaints, first, "publish")).json()["applied"] is False
    desk.clock.advance(timedelta(days=31))
    assert (await drafted(complaints, NEXT))["lines"] == []
    assert len((await ask(complaints, "GET", "/sensitive-periods", "finance")).json()["items"]) == 1


async def test_lists_are_made_one_after_the_other(complaints: Complaints) -> None:
    """T14: an earlier month's list is published before the next is made; one list a month, however many ask at once."""
    complaints.desk.clock.advance(timedelta(days=41))
    asked = [ask(complaints, "POST", json={"month": MONTH}) for _ in range(5)]
    assert sorted(one.status_code for one in await asyncio.gather(*asked)) == [201, 409, 409, 409, 409]
    refused = await ask(complaints, "POST", json={"month": NEXT})
    problem = refused.json()
    assert (refused.status_code, problem["status"], problem["month"], problem["state"]) == (409, 409, MONTH, "draft")
    assert (await ask(complaints, "POST", json={"month": "2026-10"})).status_code == 409
    for month in ("2026-13", "11-2026", "", 202611, "0000-01", "9999-12"):
        assert faults(await ask(complaints, "POST", json={"month": month})) == ["/month"]


async def test_signing_and_publishing_need_a_manager_who_has_seen_it(complaints: Complaints) -> None:
    """T14: with If-Match; not out of order; of all shops."""
    complaints.desk.clock.advance(timedelta(days=10))
    penalties = await drafted(complaints)
    path = f"/{penalties['penalty_list_id']}"
    for name in ("sign", "return", "publish"):
        assert (await verb(complaints, penalties, name, "supervisor")).status_code == 403
        assert (await ask(complaints, "POST", f"{path}/{name}")).status_code == 428
        assert (await ask(complaints, "POST", f"{path}/{name}", headers={"If-Match": '"9"'})).status_code == 412
    assert (await verb(complaints, penalties, "publish")).status_code == 409
    assert (await verb(complaints, penalties, "sign")).json()["signed_by"] == "manager:test"
    assert (await verb(complaints, penalties, "recompute")).status_code == 409
    returned = (await verb(complaints, penalties, "return")).json()
    assert (returned["status"], returned["signed_by"]) == ("draft", None)
    assert (await ask(complaints, "GET", path, shops=["main"])).status_code == 403
    assert (await ask(complaints, "GET", f"/{UNIT}")).status_code == 404


async def test_the_spreadsheet_says_the_same_and_calculates_nothing(complaints: Complaints) -> None:
    """T14, A18: read back by another library; a name that looks like a formula is a text (formula injection)."""
    desk = complaints.desk
    await desk.hear(complaints.unit(UNIT, name='=HYPERLINK("http://x","y")', code="+1+1"))
    await complaints.done(await complaints.at("responsibility_fixed"), "weigh")
    desk.clock.advance(timedelta(days=10))
    penalties = await drafted(complaints)
    answer = await ask(complaints, "GET", f"/{penalties['penalty_list_id']}/list.xlsx", "finance")
    assert (answer.status_code, answer.headers["content-disposition"]) == (
        200, 'attachment; filename="penalties-2026-11.xlsx"'
    )  # fmt: skip
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    (line,) = penalties["lines"]
    rows = book.get_sheet_by_name(MONTH).to_python()
    assert rows[1] == [
        line["ticket_number"], "main", "+1+1", '=HYPERLINK("http://x","y")', str(LEAD), "malignant", 200.0, 200.0, "CNY"
    ]  # fmt: skip
    assert len(rows) == 2
    assert b"<f>" not in _sheet_xml(answer.content)


def _sheet_xml(content: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"".join(book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/"))
