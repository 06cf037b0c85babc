"""T46: at the end of a shift everything pending is signed over, item by item; missed exactly once when it isn't."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from complaint_desk import Complaints
from handover_desk import CALLERS, MAY, Change
from roster_desk import local, slug
from ticket_desk import faults

from kit.ids import new_id

STATES = ("drafted", "signed", "accepted", "disputed")
DRAWN = {("drafted", "sign"), ("disputed", "sign"), ("signed", "recall"), ("signed", "accept"), ("signed", "dispute")}


async def test_a_shift_is_handed_over(change: Change) -> None:
    """T46: everything that is pending is on the sheet; accepted, it is in the other's hands, told with its cause."""
    tickets = await change.tickets(3)
    await change.roster.desk.put("A-7")
    await change.roster.desk.flag("green", order="main/A-7", staff_id=change.ming)
    sheet = await change.draft(notes="A-7 等仓库回话")
    found = {(one["kind"], one["number"]) for one in sheet["items"]}
    assert {("ticket", one["number"]) for one in tickets} | {("order", "A-7")} <= found
    assert (sheet["status"], sheet["notes"], sheet["allowed"]) == ("drafted", "A-7 等仓库回话", ["sign"])
    assert (sheet["due_at"], sheet["missed"]) == ("2026-11-21T12:15:00Z", False)
    signed = (await change.move(sheet, "sign", "outgoing")).json()
    assert (signed["status"], signed["to_staff_id"], signed["to_shift_id"]) == (
        "signed",
        str(change.hua),
        change.next["shift_id"],
    )
    assert [await change.owner(one) for one in tickets] == [change.ming] * 3, "nothing moves before it is accepted"
    accepted = (await change.move(sheet, "accept", "incoming")).json()
    assert (accepted["status"], accepted["allowed"]) == ("accepted", [])
    assert {one["outcome"] for one in accepted["items"]} == {"handed_over"}
    assert [await change.owner(one) for one in tickets] == [change.hua] * 3
    seats = await change.roster.seats()
    assert (seats[change.ming], seats[change.hua]) == ((0, 0), (3, 0))
    (told,) = await change.roster.told("shift.handed_over")
    assert (told["handover_id"], told["to_staff_id"], told["disputed"]) == (
        sheet["handover_id"],
        str(change.hua),
        False,
    )
    assert (told["open_tickets"], told["problem_orders"], told["promises_due"]) == (3, 1, 0)
    moved = [one for one in await change.roster.told("ticket.assigned") if one["cause"] == "handed_over"]
    assert {(one["assignee_before"], one["ticket"]["assignee_staff_id"]) for one in moved} == {
        (str(change.ming), str(change.hua))
    }
    assert await change.roster.desk.audits(sheet["handover_id"]) == ["draft", "sign", "accept"]
    assert await change.roster.desk.subjects(change.shift["shift_id"]) == ["shift.started", "shift.handed_over"]


async def test_item_by_item(change: Change) -> None:
    """T46: handed over, kept for a reason, given to somebody else, finished meanwhile; what came in since goes along."""
    (kai,) = await change.roster.hire()
    passed, kept, elsewhere, finished = await change.tickets(4)
    items = [
        {"subject_id": kept["ticket_id"], "decision": "keep", "note": "客户只找我"},
        {"subject_id": elsewhere["ticket_id"], "decision": "elsewhere", "to_staff_id": str(kai)},
    ]
    sheet = await change.signed(items=items)
    assert Counter(one["decision"] for one in sheet["items"]) == {"hand_over": 2, "keep": 1, "elsewhere": 1}
    (late,) = await change.tickets(1)
    cancelled = await change.roster.desk.verb(finished, "cancel", reason="重复")
    assert cancelled.status_code == 200
    accepted = (await change.move(sheet, "accept", "incoming")).json()
    outcomes = {one["subject_id"]: one["outcome"] for one in accepted["items"]}
    assert outcomes == {
        passed["ticket_id"]: "handed_over", kept["ticket_id"]: "kept", elsewhere["ticket_id"]: "elsewhere",
        finished["ticket_id"]: "finished", late["ticket_id"]: "handed_over",
    }  # fmt: skip
    assert [await change.owner(one) for one in (passed, kept, elsewhere, late)] == [
        change.hua, change.ming, kai, change.hua,
    ]  # fmt: skip
    seats = await change.roster.seats()
    assert (seats[change.ming], seats[change.hua], seats[kai]) == ((1, 0), (2, 0), (1, 0))


async def test_full_hands_take_over_all_the_same(change: Change) -> None:
    """T46: the load limit is for new work; what one shift leaves, the next takes."""
    document = {"open_chats": 1, "open_tickets": 1, "hand_assignment_may_exceed": False}
    tickets = await change.tickets(4)
    saved = await change.roster.call(
        "POST", "/v1/policies/ticket/desk-load/versions", "manager", json={"document": document, "reason": "试"}
    )
    assert saved.status_code == 201
    assert (await change.move(await change.signed(), "accept", "incoming")).status_code == 200
    assert [await change.owner(one) for one in tickets] == [change.hua] * 4


async def test_a_disputed_sheet_is_signed_anew(change: Change) -> None:
    """T46: told as disputed; the reason stays here; corrected, it is accepted and told again."""
    await change.tickets(1)
    sheet = await change.signed()
    disputed = (await change.move(sheet, "dispute", "incoming")).json()
    assert (disputed["status"], disputed["dispute_reason"], disputed["allowed"]) == ("disputed", "数目不对", ["sign"])
    again = (await change.move(sheet, "sign", "outgoing", notes="已更正")).json()
    assert (again["status"], again["dispute_reason"], again["answered_at"], again["notes"]) == (
        "signed",
        None,
        None,
        "已更正",
    )
    assert (await change.move(sheet, "accept", "incoming")).status_code == 200
    told = await change.roster.told("shift.handed_over")
    assert [one["disputed"] for one in told] == [True, False]
    assert "数目" not in str(told)


@pytest.mark.parametrize("verb", sorted(MAY))
async def test_every_state_verb_and_role(change: Change, verb: str) -> None:
    """I10, T46: what isn't drawn is 409, what is another's 403, to strangers 404; none of it writes anything."""
    sheet = await change.signed()
    states = {
        "drafted": "answered_at = NULL, dispute_reason = NULL", "signed": "answered_at = NULL, dispute_reason = NULL",
        "accepted": "answered_at = now(), dispute_reason = NULL", "disputed": "answered_at = now(), dispute_reason = 'x'",
    }  # fmt: skip
    for state in STATES:
        await change.roster.desk.change(f"UPDATE handover SET status = '{state}', {states[state]}")
        for caller in CALLERS:
            if (state, verb) in DRAWN and caller == MAY[verb]:
                continue
            before = await change.roster.footprint()
            answer = await change.move(sheet, verb, caller)
            expected = {MAY[verb]: 409, "stranger": 404}.get(caller, 403)
            assert answer.status_code == expected, (state, verb, caller, answer.text)
            if expected == 409:
                assert (slug(answer), answer.json()["from"]) == ("transition-refused", state)
            assert await change.roster.footprint() == before


async def test_to_whom_one_hands_over(change: Change) -> None:
    """T46: on shift or about to start, else refused; not oneself, nobody who has left."""
    later, soon, unplanned = await change.roster.hire(3)
    (gone,) = await change.roster.hire(status="left")
    await change.roster.plan_own(later, local("20:51"), local("23:00"))
    await change.roster.plan_own(soon, local("20:50"), local("23:00"))
    sheet = await change.draft()
    before = await change.roster.footprint()
    for staff_id in (later, unplanned):
        refused = await change.move(sheet, "sign", "outgoing", to_staff_id=str(staff_id))
        assert (refused.status_code, slug(refused)) == (409, "not-on-shift")
    assert faults(await change.move(sheet, "sign", "outgoing", to_staff_id=str(change.ming))) == ["/to_staff_id"]
    assert faults(await change.move(sheet, "sign", "outgoing", to_staff_id=str(gone))) == ["/staff_id"]
    unknown = await change.move(sheet, "sign", "outgoing", to_staff_id=str(new_id()))
    assert slug(unknown) == "not-yet-known"
    assert await change.roster.footprint() == before
    assert (await change.move(sheet, "sign", "outgoing", to_staff_id=str(soon))).status_code == 200


async def test_when_nobody_else_is_there_the_next_shift_takes_over(change: Change) -> None:
    """T46: at midnight the sheet is signed to whoever comes in the morning, and nobody after them; they accept when
    they are there."""
    morning, later = await change.roster.hire(2)
    await change.roster.plan(morning, "b-early", "2026-11-22")
    await change.roster.plan(later, "b-late", "2026-11-22")
    await change.roster.verb(change.shift, "end")
    change.roster.at("23:55")
    drafted = await change.roster.call(
        "POST", "/v1/handovers", "agent", change.hua, json={"shift_id": change.next["shift_id"]}
    )
    path = f"/v1/handovers/{drafted.json()['handover_id']}"
    refused = await change.roster.call("POST", f"{path}/sign", "agent", change.hua, json={"to_staff_id": str(later)})
    assert slug(refused) == "not-on-shift"
    signed = await change.roster.call("POST", f"{path}/sign", "agent", change.hua, json={"to_staff_id": str(morning)})
    assert signed.status_code == 200, signed.text
    too_early = await change.roster.call("POST", f"{path}/accept", "agent", morning)
    assert slug(too_early) == "not-on-shift"
    change.roster.at("08:30", "2026-11-22")
    assert (await change.roster.call("POST", f"{path}/accept", "agent", morning)).status_code == 200


async def test_a_sheet_recalled_goes_to_another(change: Change) -> None:
    """T46."""
    (kai,) = await change.roster.hire()
    await change.roster.on_shift(kai, preset="b-late")
    sheet = await change.signed()
    assert (await change.move(sheet, "recall", "outgoing")).json()["status"] == "drafted"
    other = await change.move(sheet, "sign", "outgoing", to_staff_id=str(kai))
    assert other.json()["to_staff_id"] == str(kai)
    assert (await change.move(sheet, "accept", "incoming")).status_code == 404, "it is no business of theirs any more"


@pytest.mark.parametrize(
    ("items", "where"),
    [
        ([{"decision": "keep", "note": "x"}], "/items/0/subject_id"),
        ([{"subject_id": "ticket", "decision": "keep"}], "/items/0"),
        ([{"subject_id": "ticket", "decision": "elsewhere"}], "/items/0"),
        ([{"subject_id": "ticket", "decision": "hand_over", "to_staff_id": "hua"}], "/items/0"),
        ([{"subject_id": "ticket", "decision": "burn"}], "/items/0/decision"),
        ([{"subject_id": "hua", "decision": "keep", "note": "x"}], "/items/0/subject_id"),
        ([{"subject_id": "ticket", "kind": "order", "decision": "keep", "note": "x"}], "/items/0/subject_id"),
        ([{"subject_id": "ticket", "decision": "elsewhere", "to_staff_id": "ming"}], "/items/0/to_staff_id"),
        ("all", "/items"),
    ],
)
async def test_decisions_that_are_none(change: Change, items: Any, where: str) -> None:
    """T46: about what isn't pending, kept without a reason, elsewhere without a name."""
    (ticket,) = await change.tickets(1)
    names = {"ticket": ticket["ticket_id"], "hua": str(change.hua), "ming": str(change.ming)}
    body = (
        [{key: names.get(value, value) for key, value in one.items()} for one in items]
        if isinstance(items, list)
        else items
    )
    sheet = await change.draft()
    before = await change.roster.footprint()
    assert faults(await change.move(sheet, "sign", "outgoing", items=body)) == [where]
    assert await change.roster.footprint() == before


async def test_sheets_that_are_none(change: Change) -> None:
    """T46: of a shift that has not begun, of another's, a second one, of a shift that isn't there."""
    planned = await change.roster.plan(change.ming, "b-early", "2026-11-22")
    early = await change.try_draft(shift_id=planned["shift_id"])
    assert (slug(early), early.json()["from"]) == ("transition-refused", "planned")
    assert (await change.try_draft(by=change.hua)).status_code == 403
    assert (await change.try_draft(shift_id=str(new_id()))).status_code == 404
    assert faults(await change.try_draft(notes="")) == ["/notes"]
    sheet = await change.draft()
    again = await change.try_draft()
    assert (slug(again), again.json()["handover_id"]) == ("already-exists", sheet["handover_id"])


async def test_signing_out_drafts_the_sheet(change: Change) -> None:
    """T46: at the end of a shift there is a sheet."""
    await change.tickets(2)
    assert (await change.roster.verb(change.shift, "end")).status_code == 200
    listed = await change.roster.call(
        "GET", f"/v1/handovers?shift_id={change.shift['shift_id']}", "agent", change.ming
    )
    (sheet,) = listed.json()["items"]
    assert sheet["status"] == "drafted"
    assert (await change.move(sheet, "sign", "outgoing")).json()["status"] == "signed"


async def test_twenty_accept_at_once(change: Change) -> None:
    """I5: the tickets change hands once."""
    tickets = await change.tickets(3)
    sheet = await change.signed()
    answers = await asyncio.gather(*(change.move(sheet, "accept", "incoming") for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert [await change.owner(one) for one in tickets] == [change.hua] * 3
    assert (await change.roster.seats())[change.hua] == (3, 0)
    assert len(await change.roster.told("shift.handed_over")) == 1


async def test_accepting_while_tickets_end_and_come(change: Change) -> None:
    """T46, T4: whatever happens to the tickets at the same time, seats are what is open, and nothing stays behind."""
    tickets = await change.tickets(8)
    sheet = await change.signed()
    answers = await asyncio.gather(
        change.move(sheet, "accept", "incoming"),
        *(change.roster.desk.verb(one, "cancel", reason="重复") for one in tickets[:4]),
    )
    assert {answer.status_code for answer in answers} == {200}
    seats = await change.roster.seats()
    assert (seats[change.ming], seats[change.hua]) == ((0, 0), (4, 0))
    assert [await change.owner(one) for one in tickets[4:]] == [change.hua] * 4


async def test_who_sees_which_sheets(change: Change) -> None:
    """T46, X1: those who are part of it, leads of the shop, auditors; in a list with its filters."""
    sheet = await change.signed()
    for role, by, options, seen in (
        ("agent", change.ming, {}, True), ("agent", change.hua, {}, True), ("agent", new_id(), {}, False),
        ("agent", None, {}, False), ("supervisor", None, {}, True), ("supervisor", None, {"shops": ["tea"]}, False),
        ("auditor", None, {}, True), ("admin", None, {}, True),
    ):  # fmt: skip
        shown = await change.roster.call("GET", f"/v1/handovers/{sheet['handover_id']}", role, by, **options)
        assert shown.status_code == (200 if seen else 404), role
        listed = await change.roster.call("GET", "/v1/handovers?status=signed", role, by, **options)
        assert [one["handover_id"] for one in listed.json()["items"]] == [sheet["handover_id"]] * seen
    for query, found in (
        (f"to_staff_id={change.hua}", 1), (f"to_staff_id={change.ming}", 0), ("missed=true", 0), ("missed=false", 1),
        ("shop=main", 1), ("shop=tea", 0), ("status=accepted", 0),
    ):  # fmt: skip
        listed = await change.roster.call("GET", f"/v1/handovers?{query}", "supervisor")
        assert len(listed.json()["items"]) == found, query
    assert faults(await change.roster.call("GET", "/v1/handovers?mood=1", "supervisor")) == ["/query/mood"]


async def test_a_stale_version_is_refused(change: Change) -> None:
    """If-Match: who decides on what was read before is told so."""
    sheet = await change.draft()
    path = f"/v1/handovers/{sheet['handover_id']}/sign"
    body = {"to_staff_id": str(change.hua)}
    stale = await change.roster.call("POST", path, "agent", change.ming, json=body, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    await change.tickets(1)
    signed = await change.roster.call("POST", path, "agent", change.ming, json=body, headers={"If-Match": '"1"'})
    assert signed.status_code == 200
    accept = path.replace("/sign", "/accept")
    taken = await change.roster.call("POST", accept, "agent", change.hua, headers={"If-Match": '"2"'})
    assert (taken.status_code, taken.headers["etag"]) == (200, '"3"')


async def test_promises_that_are_due_are_on_the_sheet(change: Change) -> None:
    """T46, T16: those of one's own tickets, due within a day; told with the handover."""
    complaints = await Complaints(change.roster.desk).settle_in()
    for day in ("22", "26"):
        complaint = await complaints.at("cause_found")
        estimated = f"2026-11-{day}T08:00:00+08:00"
        assert (await complaints.verb(complaint, "propose", estimated_for=estimated)).status_code in (200, 201)
        await complaints.done(complaint, "inform")
        ticket = {"ticket_id": complaint["complaint_id"]}
        given = await change.roster.desk.verb(ticket, "assign", "supervisor", staff_id=str(change.ming))
        assert given.status_code == 200, given.text
    sheet = await change.signed()
    assert (sheet["promises_due"], len(sheet["items"])) == (1, 2)
    assert (await change.move(sheet, "accept", "incoming")).status_code == 200
    (told,) = await change.roster.told("shift.handed_over")
    assert (told["promises_due"], told["open_tickets"]) == (1, 2)
