"""T10 to T13, T16, T40: what complaints refuse, how they are graded, and who sees what of them."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from complaint_desk import BODIES, CHIEF, CULPRIT, LEAD, LOOP, STAGES, UNIT, Complaints
from ticket_desk import Desk, faults

from kit.ids import new_id


@pytest.fixture
async def complaints(desk: Desk) -> Complaints:
    return await Complaints(desk).settle_in()


async def test_each_stage_refuses_to_open_without_its_facts(complaints: Complaints) -> None:
    """T11: every fact is asked for by name, and nothing is written without it."""
    needed = {
        "judge": ("nature", "severity"), "fix": ("unit_id",), "explain": ("code", "cause"),
        "propose": ("solutions", "details", "estimated_for"), "inform": ("channel",),
        "verify": ("result", "confirmed_by"), "call-back": ("result",),
    }  # fmt: skip
    complaint = await complaints.open()
    for verb in LOOP[:-1]:
        before = await complaints.written()
        for name in needed[verb]:
            body = {key: value for key, value in BODIES[verb].items() if key not in (name, "staff_id")}
            assert faults(await complaints.verb(complaint, verb, body=body)) == [f"/{name}"]
            wrong = await complaints.verb(complaint, verb, body={**body, name: None})
            assert wrong.status_code == 422
        assert await complaints.written() == before
        complaint = await complaints.done(complaint, verb)


async def test_a_complaint_says_what_when_how_and_what_is_wished(complaints: Complaints) -> None:
    """T11: stage one; nothing happens in the future, no field is unknown, texts are texts."""
    before = await complaints.written()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"occurred_at": "2026-11-21T04:00:01Z"}, "/occurred_at"), ({"wish": ""}, "/wish"),
        ({"description": "\u0000"}, "/description"), ({"category": "other"}, "/category"),
        ({"subtype": "late"}, "/subtype"), ({"stage": "closed"}, "/stage"), ({"occurred_at": 0}, "/occurred_at"),
    ]  # fmt: skip
    for facts, pointer in wrong:
        assert faults(await complaints.ask_to_open(**facts)) == [pointer]
    buyer = {"account_id": complaints.desk.account("ming"), "sub": "shop"}
    answer = await complaints.ask_to_open("storefront", by=buyer, against_staff_id=str(CULPRIT))
    assert faults(answer) == ["/against_staff_id"]
    assert await complaints.written() == before


async def test_a_shop_divides_its_categories(complaints: Complaints) -> None:
    """T10, X3: by its own policy."""
    document = orjson.dumps({"quality": ["broken"], "service": [], "general": [], "emergency": []}).decode()
    await complaints.desk.change(
        "INSERT INTO policy (name, shop, version, effective_from, document, saved_by)"
        " VALUES ('complaint-subtypes', 'outlet', 1, '1970-01-01T00:00:00Z', CAST(:document AS jsonb), 'chief')",
        document=document,
    )
    assert (await complaints.open(shop="outlet", subtype="broken"))["subtype"] == "broken"
    assert faults(await complaints.ask_to_open(shop="outlet", category="service", subtype="broken")) == ["/subtype"]


async def test_nobody_judges_themselves(complaints: Complaints) -> None:
    """T11, the issue's bad input: neither whom the customer complained about nor who was found responsible."""
    about = await complaints.open(against_staff_id=str(LEAD))
    before = await complaints.written()
    refused = await complaints.verb(about, "judge", staff_id=LEAD)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/own-case")
    assert await complaints.written() == before
    assert (await complaints.verb(about, "judge", "manager", staff_id=CHIEF)).status_code == 200

    judged = await complaints.at("judged")
    for staff_id, why in ((LEAD, "who judged it"), (CHIEF, "who fixes it")):
        answer = await complaints.verb(judged, "fix", "manager", unit_id=str(UNIT), staff_id=CHIEF, body={
            "unit_id": str(UNIT), "staff_id": str(staff_id)})  # fmt: skip
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-case"), why
    guilty = await complaints.at("customer_informed")
    before = await complaints.written()
    for verb in ("judge", "fix", "verify", "withdraw", "cancel"):
        answer = await complaints.verb(guilty, verb, "manager", staff_id=CULPRIT)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/own-case"), verb
    assert await complaints.written() == before


async def test_a_promise_before_now_or_beyond_the_buffer_is_refused(complaints: Complaints) -> None:
    """T16, the issue's bad input; also one that was not told in time."""
    complaint = await complaints.at("cause_found")
    before = await complaints.written()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"estimated_for": "2026-11-21T03:59:59Z"}, "/estimated_for"),
        ({"promised_for": "2026-11-21T03:00:00Z"}, "/promised_for"),
        ({"promised_for": "2026-11-22T00:00:00Z"}, "/promised_for"),
        ({"promised_for": "2026-12-30T00:00:00Z"}, "/promised_for"),
        ({"buffer": "0.50"}, "/buffer"), ({"buffer": "3.01"}, "/buffer"), ({"solutions": []}, "/solutions"),
        ({"solutions": ["refund", "refund"]}, ""), ({"buffer": "1", "promised_for": "2026-11-24T00:00:00Z"}, ""),
    ]  # fmt: skip
    for facts, pointer in wrong:
        assert faults(await complaints.verb(complaint, "propose", **facts)) == [pointer], facts
    assert await complaints.written() == before
    complaint = await complaints.done(complaint, "propose", buffer="1")
    complaints.desk.clock.advance(timedelta(days=2))
    late = await complaints.verb(complaint, "inform")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")


async def test_broken_and_kept_promises(complaints: Complaints) -> None:
    """T16: measured against what the customer was told first; told when the ticket closes."""
    desk = complaints.desk
    for hours, kept in ((72, True), (73, False)):
        complaint = await complaints.at("customer_informed", occurred_at="2026-11-19T00:00:00Z")
        desk.clock.advance(timedelta(hours=hours))
        assert (await complaints.listed("?overdue=true") == [complaint["number"]]) is (not kept)
        complaint = await complaints.done(complaint, "verify", "call-back", "close")
        assert complaint["inside"]["promise_kept"] is kept
        desk.clock.advance(timedelta(hours=-hours))
    closed = await desk.rows("SELECT body FROM outbox WHERE subject = 'ticket.closed' ORDER BY id")
    assert [orjson.loads(bytes(row.body))["promise_kept"] for row in closed] == [True, False]


async def test_a_callback_result_for_another_stage_is_refused(complaints: Complaints) -> None:
    """T12, the issue's bad input."""
    for stage in STAGES[:6]:
        complaint = await complaints.at(stage)
        before = await complaints.written()
        for result in ("satisfied", "unsatisfied", "not_settled", "missed"):
            answer = await complaints.verb(complaint, "call-back", result=result)
            assert (answer.status_code, answer.json()["verb"]) == (409, "call-back")
        assert await complaints.written() == before


async def test_round_and_round_until_it_is_malignant(complaints: Complaints) -> None:
    """T12, T13: reached and unsatisfied twice is repeat, four times malignant; each raise is told."""
    complaint = await complaints.at("cause_found")
    seen = []
    for _ in range(4):
        complaint = await complaints.done(complaint, "propose", "inform", "verify")
        complaint = await complaints.done(complaint, "call-back", result="unsatisfied")
        seen.append((complaint["inside"]["grade"], complaint["stage"], complaint["round"]))
    assert seen == [
        ("ordinary", "cause_found", 1), ("repeat", "cause_found", 2), ("repeat", "cause_found", 3),
        ("malignant", "cause_found", 4),
    ]  # fmt: skip
    told = await complaints.desk.rows("SELECT body FROM outbox WHERE subject = 'complaint.graded' ORDER BY id")
    assert [orjson.loads(bytes(row.body))["cause"] for row in told] == ["unsatisfied_twice", "unsatisfied_four_times"]
    complaint = await complaints.done(complaint, "lower")
    assert complaint["inside"]["grade"] == "ordinary"
    history = (await complaints.desk.call("GET", f"/v1/complaints/{complaint['complaint_id']}/history")).json()
    assert [one["grade"] for one in history["gradings"]] == ["repeat", "malignant", "ordinary"]
    assert [len(history[name]) for name in ("judgements", "solutions", "verifications", "callbacks")] == [1, 4, 4, 4]


async def test_not_settled_has_counters_of_its_own(complaints: Complaints) -> None:
    """T12: back to a new solution, or not carried out yet; a customer for whom nothing has happened; none of it counts
    for the grade."""
    complaint = await complaints.at("customer_informed")
    complaint = await complaints.done(complaint, "verify", result="not_carried_out")
    assert (complaint["stage"], complaint["inside"]["times_not_carried_out"]) == ("customer_informed", 1)
    complaint = await complaints.done(complaint, "verify", result="not_settled")
    assert (complaint["stage"], complaint["inside"]["times_not_settled"]) == ("cause_found", 1)
    complaint = await complaints.done(complaint, "propose", "inform", "verify")
    complaint = await complaints.done(complaint, "call-back", result="not_settled")
    assert (complaint["stage"], complaint["inside"]["times_not_settled"]) == ("customer_informed", 2)
    assert (complaint["inside"]["times_unsatisfied"], complaint["inside"]["grade"]) == (0, "ordinary")


async def test_three_misses_over_two_business_days_end_it(complaints: Complaints) -> None:
    """T12: a Saturday and a Sunday are none; the ticket closes as unreachable, and a contact would have reset it."""
    complaint = await complaints.at("verified_inside")
    for days, stage in ((0, "verified_inside"), (1, "verified_inside"), (1, "verified_inside"), (1, "unreachable")):
        complaints.desk.clock.advance(timedelta(days=days))
        complaint = await complaints.done(complaint, "call-back", result="missed", manner="visit")
        assert complaint["stage"] == stage
    assert (complaint["ticket"]["outcome"], complaint["ticket"]["status"]) == ("unreachable", "closed")
    assert complaint["inside"]["times_missed"] == 4


async def test_complaining_again_is_repeat_and_linked(complaints: Complaints) -> None:
    """T13: the same order and category, within 30 days of the last close; the old one keeps its grade."""
    desk = complaints.desk
    await desk.put("A-1")
    first = await complaints.at("closed", order_no="A-1")
    desk.clock.advance(timedelta(days=29))
    other = await complaints.open(order_no="A-1", category="service")
    again = await complaints.open(order_no="A-1")
    assert (other["inside"]["grade"], other["inside"]["linked_ticket_id"]) == ("ordinary", None)
    assert (again["inside"]["grade"], again["inside"]["linked_ticket_id"]) == ("repeat", first["complaint_id"])
    assert (await complaints.get(first))["inside"]["grade"] == "ordinary"
    assert "complaint.graded" in [
        row.subject for row in await desk.rows("SELECT subject FROM outbox WHERE noun = 'complaint'")
    ]
    await complaints.done(again, "withdraw")
    desk.clock.advance(timedelta(days=30))
    assert (await complaints.open(order_no="A-1"))["inside"]["grade"] == "ordinary"


async def test_serious_circumstances_make_it_malignant(complaints: Complaints) -> None:
    """T13: told with the judgement or later, also after the end; a loss of 5,000.00 is not over the limit."""
    complaint = await complaints.open()
    complaint = await complaints.done(complaint, "judge", loss={"amount": "5000.00"})
    assert (complaint["inside"]["grade"], complaint["inside"]["loss"]["amount"]) == ("ordinary", "5000.00")
    body = {"loss": {"amount": "5000.01"}, "reason": "损失清单"}
    assert (await complaints.verb(complaint, "weigh", body=body)).json()["inside"]["grade"] == "malignant"
    assert faults(await complaints.verb(complaint, "weigh", body={"reason": "无"})) == [""]
    for loss, pointer in (
        ({"amount": "1.001"}, "/loss/amount"),
        ({"amount": "1", "currency": "USD"}, "/loss/currency"),
    ):
        assert faults(await complaints.verb(complaint, "weigh", body={"loss": loss, "reason": "无"})) == [pointer]
    closed = await complaints.at("closed")
    assert (await complaints.done(closed, "weigh", injury_or_safety=True))["inside"]["grade"] == "malignant"


async def test_reopened_within_the_window_it_keeps_what_was_found(complaints: Complaints) -> None:
    """T2, T11, the issue's bad input: afterwards it is refused, and nothing is written."""
    in_time, too_late = await complaints.at("closed"), await complaints.at("closed")
    complaints.desk.clock.advance(timedelta(days=30, microseconds=-1))
    reopened = await complaints.done(in_time, "reopen")
    assert (reopened["stage"], reopened["status"], reopened["ticket"]["times_reopened"]) == ("cause_found", "open", 1)
    assert (reopened["inside"]["nature"], reopened["inside"]["cause_code"]) == ("founded", "packing")
    complaints.desk.clock.advance(timedelta(microseconds=1))
    before = await complaints.written()
    refused = await complaints.verb(too_late, "reopen")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-refused")
    assert "reopen" not in refused.json()["allowed"]
    assert await complaints.written() == before
    await complaints.done(reopened, "propose", estimated_for="2027-01-01T00:00:00Z")
    again = await complaints.done(reopened, "inform", "verify", "call-back", "close")
    assert (again["stage"], again["round"]) == ("closed", 2)


async def test_generic_verbs_leave_the_stages_alone(complaints: Complaints) -> None:
    """T2: the status is derived; a ticket of this kind is neither solved nor closed by hand."""
    complaint = await complaints.at("judged")
    for verb, body in (
        ("start", None), ("solve", {"solution": "x"}), ("close", None), ("cancel", {"reason": "x"}),
        ("wait", {"waiting_on": "customer", "reason": "x"}), ("reopen", {"reason": "x"}),
    ):  # fmt: skip
        path = f"/v1/tickets/{complaint['complaint_id']}/{verb}"
        assert (await complaints.desk.call("POST", path, json=body)).status_code == 409, verb
    body = {"kind": "complaint", "subject": "x"}
    assert faults(await complaints.desk.call("POST", "/v1/tickets", json=body)) == ["/kind"]


async def test_a_buyer_sees_what_was_told_and_nothing_from_inside(complaints: Complaints) -> None:
    """T40, X6: own complaints only, without what was found out; another's doesn't exist."""
    desk = complaints.desk
    ming, hua = ({"account_id": desk.account(name), "sub": "shop"} for name in ("ming", "hua"))
    complaint = await complaints.open("storefront", by=ming)
    path = f"/v1/complaints/{complaint['complaint_id']}"
    await complaints.done(complaint, *LOOP[:5])
    answer = await desk.call("GET", path, "storefront", **ming)
    assert (answer.status_code, answer.json()["inside"], answer.json()["wish"]) == (200, None, "退款并道歉")
    assert answer.json()["ticket"]["assignee_staff_id"] is None
    assert (await desk.call("GET", path, "storefront", **hua)).status_code == 404
    assert (await desk.call("GET", f"{path}/history", "storefront", **ming)).status_code == 404
    assert await complaints.listed(role="storefront", **ming) == [complaint["number"]]
    assert await complaints.listed(role="storefront", **hua) == []
    assert (await desk.call("GET", "/v1/complaints?grade=repeat", "storefront", **ming)).status_code == 403
    assert (await desk.call("GET", path, "agent", shops=["outlet"])).status_code == 404
    assert await complaints.listed(role="agent", shops=["outlet"]) == []


async def test_lists_by_every_filter_and_page_by_page(complaints: Complaints) -> None:
    """T12: archived by month; what is promised first leads; pages join without a gap."""
    numbers = [(await complaints.at(stage))["number"] for stage in ("recorded", "customer_informed", "closed")]
    opened, informed, closed = numbers
    month = "2026-11"
    for query, expected in {
        "": [closed, informed, opened], "?stage=recorded": [opened], "?category=quality": [closed, informed, opened],
        "?category=service": [], f"?unit_id={UNIT}": [closed, informed],
        f"?responsible_staff_id={CULPRIT}": [closed, informed], f"?unit_id={new_id()}": [], "?grade=repeat": [],
        f"?month={month}": [closed, informed, opened], "?month=2026-10": [], "?shop=outlet": [],
        "?promise_due_before=2026-11-25T00:00:00Z": [informed], "?overdue=true": [],
        "?promise_due_before=2026-11-24T04:00:00Z": [],
    }.items():  # fmt: skip
        assert await complaints.listed(query) == expected, query
    seen, cursor = [], ""
    while cursor is not None:
        page = (await complaints.desk.call("GET", f"/v1/complaints?limit=1{cursor}", "supervisor")).json()
        seen += [one["number"] for one in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert seen == [closed, informed, opened]
    for query in ("?stage=nowhere", "?month=2026-13", "?unknown=1", "?cursor=abc"):
        assert (await complaints.desk.call("GET", f"/v1/complaints{query}", "supervisor")).status_code == 422


async def test_the_same_key_opens_one_complaint(complaints: Complaints) -> None:
    """Conventions: the answer again, and no second complaint."""
    first = await complaints.ask_to_open(headers={"Idempotency-Key": "once"})
    again = await complaints.ask_to_open(headers={"Idempotency-Key": "once"})
    assert (first.status_code, again.content) == (201, first.content)
    assert (await complaints.desk.rows("SELECT count(*) FROM complaint"))[0][0] == 1


async def test_no_word_of_it_leaves_in_events_or_the_trail(complaints: Complaints) -> None:
    """X6, X7: texts stay in their tables."""
    secret = "李小明 13812345678"
    complaint = await complaints.open(description=secret, wish=secret, subject=secret)
    await complaints.done(complaint, "judge", reason=secret)
    await complaints.done(complaint, "fix")
    await complaints.done(complaint, "explain", cause=secret)
    await complaints.done(complaint, "propose", details=secret)
    await complaints.done(complaint, "inform", note=secret)
    await complaints.done(complaint, "verify", confirmed_by=secret, note=secret)
    await complaints.done(complaint, "call-back", note=secret)
    await complaints.done(complaint, "discipline", proposal=secret)
    for row in await complaints.desk.rows("SELECT body FROM outbox"):
        assert "13812345678" not in bytes(row.body).decode()
    for row in await complaints.desk.rows("SELECT before, after, reason FROM audit"):
        assert "13812345678" not in f"{row}"
