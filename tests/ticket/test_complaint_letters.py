"""T17: the callback letter, drafted from the ticket, edited, and sent as a message that the customer can see; and what
stands beside the loop (T11, A12)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from complaint_desk import CULPRIT, LEAD, ME, Complaints
from complaint_paper import AT
from ticket_desk import Desk, faults

from kit.ids import new_id
from kit.problems import Problem
from services.ticket.complaint.letter import PARTS, draft, text_of
from services.ticket.complaint.policy import CALLBACK_LETTER

FULL = {part: f"第{place}部分" for place, part in enumerate(PARTS, 1)}


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def ask(
    complaints: Complaints, method: str, complaint: dict[str, Any], path: str = "", **body: Any
) -> httpx.Response:
    """Ask about the letter as the agent."""
    where = f"/v1/complaints/{complaint['complaint_id']}/letter{path}"
    return await complaints.desk.call(method, where, "agent", json=body or None, staff_id=ME)


def test_a_draft_says_what_the_ticket_knows() -> None:
    """T17: seven parts; what isn't known yet and the offer of the month stay empty."""
    texts = CALLBACK_LETTER.default.zh
    known = draft(texts, cause="{agent}", solution="全额退款", shop="main", agent="菲菲", now=AT)
    assert len(known) == 7
    assert known["apology"].endswith("{agent}"), "a cause is no template"
    assert known["signature"] == "main 客服 菲菲\n2026-11-23 12 时"
    assert [part for part, text in known.items() if not text] == ["hope"]
    unknown = draft(texts, cause=None, solution=None, shop="main", agent=None, now=AT)
    assert [part for part, text in unknown.items() if not text] == ["apology", "report", "hope"]


def test_a_letter_without_a_part_is_not_sent() -> None:
    """T17: every part is named that is missing; blanks are nothing."""
    with pytest.raises(Problem) as refused:
        text_of({**FULL, "hope": " \n", "apology": ""})
    assert [fault.pointer for fault in refused.value.faults] == ["/parts/apology", "/parts/hope"]
    assert text_of(FULL).split("\n\n") == list(FULL.values())


async def test_a_letter_is_drafted_edited_and_sent(complaints: Complaints) -> None:
    """T17, T48: the message is public, told, and stops the clock of the reply."""
    complaint = await complaints.at("verified_inside")
    drafted = (await ask(complaints, "GET", complaint)).json()
    assert (drafted["saved"], drafted["missing"], drafted["language"]) == (False, ["hope"], "zh")
    assert "包装破损" in drafted["parts"]["apology"]
    assert "全额退款" in drafted["parts"]["report"]
    assert "花名0" in drafted["parts"]["signature"]
    assert (await ask(complaints, "POST", complaint, "/send")).status_code == 409
    await ask(complaints, "PUT", complaint, language="zh", parts=drafted["parts"])
    before = await complaints.written()
    assert faults(await ask(complaints, "POST", complaint, "/send")) == ["/parts/hope"]
    assert await complaints.written() == before
    parts = {**drafted["parts"], "hope": "本月满 100 减 10，欢迎再来。"}
    assert (await ask(complaints, "PUT", complaint, language="zh", parts=parts)).json()["missing"] == []
    sent = (await ask(complaints, "POST", complaint, "/send")).json()
    messages = (await complaints.desk.call("GET", f"/v1/tickets/{complaint['complaint_id']}/messages")).json()[
        "items"
    ]
    (message,) = [one for one in messages if one["message_id"] == sent["message_id"]]
    assert (message["visibility"], "欢迎再来" in message["text"]) == ("public", True)
    assert "ticket.replied" in [row.subject for row in await complaints.desk.rows("SELECT subject FROM outbox")]
    assert (await ask(complaints, "POST", complaint, "/send")).status_code == 409
    again = (await ask(complaints, "PUT", complaint, language="en", parts=FULL)).json()
    assert (again["sent_at"], again["language"]) == (None, "en")
    assert (await ask(complaints, "POST", complaint, "/send")).status_code == 200


async def test_a_letter_reports_what_was_done(complaints: Complaints) -> None:
    """T17: not before there is a solution, not after the end, not for a buyer's eyes; nothing too long."""
    for stage in ("cause_found", "closed"):
        complaint = await complaints.at(stage)
        answer = await ask(complaints, "PUT", complaint, language="zh", parts=FULL)
        assert (answer.status_code, answer.json()["from"]) == (409, stage)
    complaint = await complaints.at("customer_informed")
    long = {**FULL, "thanks": "谢" * 2000, "apology": "歉" * 2000, "report": "办" * 2000}
    assert (await ask(complaints, "PUT", complaint, language="zh", parts=long)).status_code == 200
    assert faults(await ask(complaints, "POST", complaint, "/send")) == ["/parts"]
    assert (await ask(complaints, "PUT", complaint, language="de", parts=FULL)).status_code == 422
    assert (await ask(complaints, "PUT", complaint, language="zh", parts={"other": "x"})).status_code == 422


async def test_discipline_is_for_the_person_responsible_of_a_founded_complaint(complaints: Complaints) -> None:
    """T11, A12: a proposal on record; nobody proposes their own."""
    complaint = await complaints.at("responsibility_fixed")
    assert (await complaints.verb(complaint, "discipline", staff_id=CULPRIT)).status_code == 403
    await complaints.done(complaint, "discipline")
    (row,) = await complaints.desk.rows("SELECT staff_id, violation_code FROM complaint_discipline")
    assert (row.staff_id, row.violation_code) == (CULPRIT, "unfriendly")
    nobodys = await complaints.done(await complaints.at("recorded"), "judge", nature="unfounded")
    nobodys = (await complaints.verb(nobodys, "fix", body={})).json()
    assert (await complaints.verb(nobodys, "discipline")).status_code == 409


async def test_an_improvement_has_an_owner_and_a_day(complaints: Complaints) -> None:
    """T11: listed by what is due first; overdue the day after; done once."""
    complaint = await complaints.at("cause_found")
    for facts, pointer in (
        ({"due_on": "2026-11-20"}, "/due_on"),
        ({"due_on": 0}, "/due_on"),
        ({"measure": ""}, "/measure"),
    ):
        assert faults(await complaints.verb(complaint, "improvements", **facts)) == [pointer]
    unknown = await complaints.verb(complaint, "improvements", owner_staff_id=str(new_id()))
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/problems/not-yet-known")
    late = (await complaints.verb(complaint, "improvements", due_on="2026-12-01")).json()
    soon = (await complaints.verb(complaint, "improvements", due_on="2026-11-21", owner_staff_id=str(ME))).json()

    async def listed(query: str = "") -> list[str]:
        answer = await complaints.desk.call("GET", f"/v1/complaints/improvements{query}", "supervisor")
        return [one["improvement_id"] for one in answer.json()["items"]]

    assert await listed() == [soon["improvement_id"], late["improvement_id"]]
    assert await listed(f"?owner_staff_id={LEAD}") == [late["improvement_id"]]
    assert await listed("?overdue=true") == []
    complaints.desk.clock.advance(timedelta(days=1))
    assert await listed("?overdue=true") == [soon["improvement_id"]]
    done = f"improvements/{soon['improvement_id']}/done"
    assert (await complaints.verb(complaint, done, body={"result": "已更换"})).json()["result"] == "已更换"
    assert (await complaints.verb(complaint, done, body={"result": "已更换"})).status_code == 409
    other = await complaints.open()
    assert (await complaints.verb(other, done, body={"result": "x"})).status_code == 404
    assert (await listed("?done=true"), await listed("?overdue=true")) == ([soon["improvement_id"]], [])


async def test_callbacks_are_archived_by_month(complaints: Complaints) -> None:
    """T12."""
    complaint = await complaints.at("verified_inside")
    await complaints.done(complaint, "call-back", result="missed", manner="message")
    await complaints.done(complaint, "call-back")

    async def listed(query: str) -> list[tuple[str, str]]:
        answer = await complaints.desk.call("GET", f"/v1/complaints/callbacks{query}", "supervisor")
        assert answer.status_code == 200, answer.text
        return [(one["result"], one["manner"]) for one in answer.json()["items"]]

    assert await listed("?month=2026-11") == [("satisfied", "call"), ("missed", "message")]
    assert await listed("?month=2026-12") == await listed("?month=2026-11&shop=outlet") == []
    assert (await complaints.desk.call("GET", "/v1/complaints/callbacks", "supervisor")).status_code == 422
