"""What after-sales refuses: each with its problem, and nothing changed (T20 to T24, T40, T49, T53)."""

from typing import Any

import httpx
import pytest
from attachment_files import PDF, png
from refund_desk import AGENT, ASKER, CHIEF, LEAD, OTHER_CHIEF, Json, Refunds, problem, wish
from ticket_desk import Desk, faults

from kit.ids import new_id

UNSHIPPED: Json = {"shipped_at": None, "received_at": None}


@pytest.fixture
async def refunds(desk: Desk) -> Refunds:
    return await Refunds(desk).settle_in()


NO_REQUEST: list[tuple[Json, str]] = [
    ({"pieces": {1: 0}}, "/lines/0/quantity"),
    ({"pieces": {1: -1}}, "/lines/0/quantity"),
    ({"pieces": {1: 0.5}}, "/lines/0/quantity"),
    ({"pieces": {1: "1"}}, "/lines/0/quantity"),
    ({"pieces": {9: 1}}, "/lines/0/line_no"),
    ({"pieces": {}}, "/lines"),
    ({"lines": [{"line_no": 1, "quantity": 1}, {"line_no": 1, "quantity": 1}]}, ""),
    ({"kind": "barter"}, "/kind"),
    ({"reason": "whim"}, "/reason"),
    ({"wanted": "1.00"}, ""),
    ({"kind": "money_only", "wanted": "-1.00"}, "/wanted"),
    ({"kind": "money_only", "wanted": "0.00"}, "/wanted"),
    ({"kind": "money_only", "wanted": "1.001"}, "/wanted"),
    ({"kind": "money_only", "wanted": "40.01"}, "/wanted"),
    ({"text": "a\u0007"}, "/text"),
    ({"payee": "mine"}, "/payee"),
]


async def test_what_is_no_request(refunds: Refunds) -> None:
    """No pieces, fewer than none, parts of one; lines that aren't there; sums that can't be."""
    await refunds.order()
    before = await refunds.written()
    for asked, pointer in NO_REQUEST:
        assert faults(await refunds.try_asking(**asked)) == [pointer], asked
        if "text" not in asked:
            assert faults(await refunds.quote(**asked)) == [pointer], asked
    assert await refunds.written() == before


async def test_more_than_was_bought(refunds: Refunds) -> None:
    """T26: in one request, or together with others; what was withdrawn or refused is free again."""
    await refunds.order("A-1", (2, "40.00"))
    refused = await refunds.try_asking(pieces={1: 3})
    assert (problem(refused, 409), refused.json()["left"]) == ("more-than-bought", 2)
    first = await refunds.ask(pieces={1: 1})
    before = await refunds.written()
    for answer in (await refunds.try_asking(pieces={1: 2}), await refunds.quote(pieces={1: 2})):
        assert (problem(answer, 409), answer.json()["left"]) == ("more-than-bought", 1)
    assert await refunds.written() == before
    await refunds.done(await refunds.done(first, "review"), "refuse", grounds="used")
    assert (await refunds.ask(pieces={1: 2}))["amount"]["amount"] == "40.00"


async def test_more_than_is_left_of_what_was_paid(refunds: Refunds) -> None:
    """T26, T55: two requests for all the money; the second finds less than was asked, and is approved for the rest."""
    await refunds.order("A-1", (1, "100.00"))
    first, second = [
        await refunds.done(await refunds.ask(kind="money_only", wanted=wanted, pieces={1: 1}), "review")
        for wanted in ("60.00", "60.00")
    ]
    await refunds.done(first, "approve", LEAD)
    before = await refunds.written()
    refused = await refunds.verb(second, "approve", LEAD)
    assert (problem(refused, 409), refused.json()["left"]) == ("more-than-kept", "40.00")
    assert await refunds.written() == before
    assert faults(await refunds.edit(second, wanted="50.00")) == ["/wanted"]
    assert (await refunds.edit(second, wanted=None)).json()["amount"]["amount"] == "40.00"
    await refunds.done(second, "approve", LEAD)
    assert await refunds.book() == (10000, 0, 10000, 0)
    assert problem(await refunds.try_asking(kind="money_only", pieces={1: 1}), 409) == "more-than-kept"


async def test_an_order_that_is_not_there_or_not_paid(refunds: Refunds) -> None:
    """T20, T40."""
    assert problem(await refunds.try_asking(order_no="B-1"), 404) == "not-found"
    await refunds.order("A-1", paid=None, paid_at=None, **UNSHIPPED)
    before = await refunds.written()
    for answer in (await refunds.try_asking(kind="money_only"), await refunds.quote(kind="money_only")):
        assert problem(answer, 409) == "order-unpaid"
    assert await refunds.written() == before


async def test_an_order_of_another_buyer(refunds: Refunds) -> None:
    """T40: as if it weren't there; the attempt is written down."""
    await refunds.order(buyer_ref="ming")
    hua = {"role": "storefront", "account_id": refunds.desk.account("hua")}
    for answer in (await refunds.try_asking(by=hua), await refunds.quote(by=hua)):
        assert problem(answer, 404) == "not-found"
    rows = await refunds.desk.rows("SELECT noun FROM audit WHERE action = 'refuse'")
    assert [row.noun for row in rows] == ["order"]


async def test_goods_that_have_not_left_do_not_come_back(refunds: Refunds) -> None:
    """T24."""
    await refunds.order(**UNSHIPPED)
    for kind in ("return_and_money", "exchange", "resend"):
        assert faults(await refunds.try_asking(kind=kind)) == ["/kind"]


async def test_evidence_is_pictures_of_the_ticket(refunds: Refunds) -> None:
    """T20: a paper isn't one, nor a picture of another ticket; the customer's clocks stand still meanwhile."""
    await refunds.order("A-1", (4, "40.00"))
    ming = {"role": "storefront", "account_id": refunds.desk.account("ming")}
    asked, other = [await refunds.ask(by=ming, pieces={1: 1}) for _ in range(2)]
    await refunds.done(asked, "review")
    waits = await refunds.done(asked, "want-evidence", reason="请补拍破损处")
    assert (waits["ticket"]["status"], waits["ticket"]["waiting_on"]) == ("waiting", "customer")
    assert [one["status"] for one in waits["ticket"]["clocks"] if one["kind"] == "agree"] == ["paused"]
    picture, paper = (
        await attached(refunds, asked, ming, png(), "a.png"),
        await attached(refunds, asked, ming, PDF, "a.pdf"),
    )
    elsewhere = await attached(refunds, other, ming, png(9, 9), "b.png")
    before = await refunds.written()
    wrong = await refunds.verb(
        asked, "give-evidence", by=ming, attachment_ids=[picture, paper, elsewhere, str(new_id())]
    )
    assert faults(wrong) == ["/attachment_ids/1", "/attachment_ids/2", "/attachment_ids/3"]
    assert await refunds.written() == before
    given = await refunds.done(asked, "give-evidence", by=ming, attachment_ids=[picture])
    assert (given["status"], given["evidence"], given["ticket"]["status"]) == ("under_review", [picture], "open")


async def attached(refunds: Refunds, refund: Json, by: Json, content: bytes, name: str) -> str:
    """A file on the ticket of a request."""
    desk, claims = refunds.desk, dict(by)
    headers = desk.client.as_(claims.pop("role"), **claims)
    path = f"/v1/tickets/{refund['refund_id']}/attachments"
    answer: httpx.Response = await desk.client.http.post(path, headers=headers, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["attachment_id"])


async def test_an_approval_of_what_was_changed_a_second_ago(refunds: Refunds) -> None:
    """T28: what was read is decided about; a decision without it is refused, too."""
    await refunds.order("A-1", (2, "40.00"))
    asked = await refunds.done(await refunds.ask(pieces={1: 1}), "review")
    seen = asked["ticket"]["version"]
    await refunds.edit(asked, lines=[{"line_no": 1, "quantity": 2}])
    before = await refunds.written()
    assert problem(await refunds.verb(asked, "approve", CHIEF, match=seen), 412) == "stale-version"
    assert problem(await refunds.verb(asked, "approve", CHIEF, match=None), 428) == "precondition-required"
    assert problem(await refunds.edit(asked, match=seen, reason="late"), 412) == "stale-version"
    assert problem(await refunds.edit(asked, match=None, reason="late"), 428) == "precondition-required"
    assert await refunds.written() == before


async def test_whoever_edits_cannot_approve_what_they_wrote(refunds: Refunds) -> None:
    """T28: nobody approves a sum that they put there."""
    await refunds.order("A-1", (2, "40.00"))
    asked = await refunds.done(await refunds.ask(pieces={1: 1}), "review")
    assert (await refunds.edit(asked, LEAD, lines=[{"line_no": 1, "quantity": 2}])).status_code == 200
    assert problem(await refunds.verb(asked, "approve", LEAD), 403) == "own-request"
    assert (await refunds.done(asked, "approve", CHIEF))["status"] == "waiting_for_goods"


async def test_a_stale_stamp_of_the_marketplace(refunds: Refunds) -> None:
    """T49: an action that was decided on another version of the marketplace's case is refused; every verb knows it."""
    await refunds.order("A-1", (2, "40.00"))
    asked = await refunds.ask()
    ticket = f"/v1/tickets/{asked['refund_id']}"
    stamp = {"deadline_at": "2026-11-22T12:00:00+08:00", "version_stamp": 3}
    put = await refunds.desk.call("PUT", f"{ticket}/deadline", "agent", json=stamp)
    assert put.status_code == 200, put.text
    path = f"/v1/refunds/{asked['refund_id']}"
    bodies: dict[str, Any] = {
        "review": None, "want-evidence": {"reason": "x"}, "give-evidence": {"attachment_ids": [str(new_id())]},
        "stop-parcel": {"stopped": True}, "approve": None, "refuse": {"grounds": "used"}, "withdraw": None,
        "retry": None, "close": None,
    }  # fmt: skip
    before = await refunds.written()
    for verb, body in bodies.items():
        answer = await refunds.desk.call(
            "POST", f"{path}/{verb}", "agent", json=body, headers={"Marketplace-Version": "2"}, staff_id=AGENT
        )
        assert (problem(answer, 412), answer.json()["version_stamp"]) == ("stale-version", 3), verb
    edit = await refunds.desk.call("PATCH", path, json={"reason": "late"}, headers={"Marketplace-Version": "2"})
    assert problem(edit, 412) == "stale-version"
    assert await refunds.written() == before
    fresh = {"headers": {"Marketplace-Version": "3"}, "staff_id": AGENT}
    assert (await refunds.desk.call("POST", f"{path}/review", "agent", **fresh)).status_code == 200


async def test_a_parcel_that_was_cleared_is_stopped_before_its_money_goes_back(refunds: Refunds) -> None:
    """T24: with freight, once it is stopped."""
    await refunds.order("A-1", (2, "40.00"), freight="8.00", **UNSHIPPED)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason"), "review")
    await cleared(refunds)
    before = await refunds.written()
    refused = await refunds.verb(asked, "approve", AGENT)
    assert (problem(refused, 409), refused.json()["flag_meaning"]) == ("parcel-not-stopped", "cleared")
    assert await refunds.written() == before
    assert (await refunds.done(asked, "stop-parcel", stopped=True))["parcel"] == "stopped"
    paying = await refunds.done(asked, "approve", AGENT)
    assert (paying["status"], paying["amount"]["amount"]) == ("paying", "48.00")


async def test_a_parcel_that_has_left_after_all_comes_back_first(refunds: Refunds) -> None:
    """T24, T25: it counts as shipped, the amount is worked out anew, and the goods are waited for."""
    await refunds.order("A-1", (2, "40.00"), freight="8.00", **UNSHIPPED)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason"), "review")
    await cleared(refunds)
    gone = await refunds.done(asked, "stop-parcel", stopped=False)
    assert (gone["kind"], gone["amount"]["amount"], gone["parcel"]) == ("return_and_money", "40.00", "gone")
    assert gone["ways"] == {"out": "as_paid", "back": "customer", "again": None, "insured": False}
    assert gone["ticket"]["details"] == {"course": "return"}
    assert problem(await refunds.verb(asked, "approve", AGENT), 403) == "own-request"  # whose word the sum rests on
    assert (await refunds.done(asked, "approve", LEAD))["status"] == "waiting_for_goods"
    out = await refunds.ask(kind="money_only", reason="out_of_stock", order_no=await another(refunds))
    await refunds.done(out, "review")
    lost = await refunds.done(out, "stop-parcel", stopped=False)
    assert (lost["kind"], lost["shipped"], lost["amount"]["amount"]) == ("money_only", True, "48.00")


async def another(refunds: Refunds) -> str:
    """A second order that has not left."""
    await refunds.order("A-2", (2, "40.00"), freight="8.00", **UNSHIPPED)
    return "A-2"


async def cleared(refunds: Refunds) -> None:
    """The order is cleared for shipping, behind the back of whoever confirms it."""
    await refunds.desk.change("UPDATE shop_order SET flag_meaning = 'cleared' WHERE order_no = 'A-1'")


async def test_an_order_that_was_shipped_meanwhile(refunds: Refunds) -> None:
    """T24: what was asked for an order that had not left is not approved once it has."""
    await refunds.order("A-1", (2, "40.00"), **UNSHIPPED)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason"), "review")
    await refunds.order("A-1", (2, "40.00"), revision=2, shipped_at="2026-11-21T11:00:00+08:00", received_at=None)
    assert problem(await refunds.verb(asked, "approve", AGENT), 409) == "parcel-not-stopped"
    await refunds.done(asked, "stop-parcel", stopped=False)
    assert problem(await refunds.verb(asked, "approve", AGENT), 403) == "own-request"  # whose word the sum rests on
    assert (await refunds.done(asked, "approve", LEAD))["status"] == "waiting_for_goods"


async def test_another_party_is_at_fault_only_with_a_reason(refunds: Refunds) -> None:
    """T21, T25: and the amount follows."""
    await refunds.order("A-1", (2, "40.00"), freight="8.00")
    asked = await refunds.done(await refunds.ask(reason="no_reason"), "review")
    assert faults(await refunds.edit(asked, fault="merchant")) == [""]
    edited = (await refunds.edit(asked, fault="merchant", because="实为质量问题 13812345678")).json()
    assert (edited["fault"], edited["amount"]["amount"]) == ("merchant", "48.00")
    (row,) = await refunds.desk.rows("SELECT reason, after FROM audit WHERE noun = 'refund' AND action = 'edit'")
    assert (row.reason, row.after["edited"]) == ("实为质量问题 ****", ["fault"])


async def test_the_same_again_changes_nothing(refunds: Refunds) -> None:
    """T28: an edit that edits nothing keeps what was approved."""
    await refunds.order("A-1", (1, "6000.00"))
    asked = await refunds.done(await refunds.ask(pieces={1: 1}), "review")
    half = await refunds.done(asked, "approve", CHIEF)
    before = await refunds.written()
    same = await refunds.edit(asked, reason="quality", lines=[{"line_no": 1, "quantity": 1}])
    assert (same.status_code, same.json()["approved_by"]) == (200, half["approved_by"])
    assert await refunds.written() == before
    assert (await refunds.done(asked, "approve", OTHER_CHIEF))["status"] == "waiting_for_goods"


async def test_a_request_sent_twice_is_made_once(refunds: Refunds) -> None:
    """Conventions: the same key gives the same answer."""
    await refunds.order()
    answers = [
        await refunds.desk.call(
            "POST", "/v1/refunds", "agent", json=wish(), headers={"Idempotency-Key": "k-1"}, staff_id=ASKER
        )
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].content == answers[1].content
