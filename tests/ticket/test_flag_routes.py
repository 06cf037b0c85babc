"""Flags over HTTP: a colour and a remark on an order at a moment, with history (T30–T32, X3)."""

from typing import Any

import orjson
import pytest
from ticket_desk import Desk, a_colleague, faults

from contracts.appraisal.staff import StaffLeft
from kit.ids import new_id
from services.ticket.flag.policy import SALES_MARK, FlagScheme

pytestmark = pytest.mark.usefixtures("cleared_freely")

REMARK = "【菲菲】(中通)8/10"


async def told(desk: Desk) -> list[dict[str, Any]]:
    """The `order.flagged` events, in order."""
    rows = await desk.rows("SELECT body FROM outbox WHERE subject = 'order.flagged' ORDER BY id")
    return [orjson.loads(bytes(row.body)) for row in rows]


async def test_each_colour_of_the_classic_scheme(desk: Desk) -> None:
    """T30, T32: the answer, the order and the event carry the meaning; only *fake* makes an order fake."""
    await desk.put()
    for colour, meaning in (("red", "cleared"), ("green", "problem"), ("purple", "solved"), ("yellow", "fake")):
        flag = await desk.flag(colour)
        order = (await desk.call("GET", "/v1/orders/main/A-1")).json()
        event = (await told(desk))[-1]
        assert flag["meaning"] == order["flag_meaning"] == event["meaning"] == meaning
        assert (flag["colour"], event["colour"]) == (colour, colour)
        assert order["fake"] is event["order"]["fake"] is (meaning == "fake")
    assert [event["order"]["fake"] for event in await told(desk)] == [False, False, False, True]


async def test_a_flag_is_taken_off(desk: Desk) -> None:
    """T30: no colour; a suspicion is lifted with it."""
    await desk.put()
    await desk.flag("yellow")
    off = await desk.flag(None, "查过了")
    order = (await desk.call("GET", "/v1/orders/main/A-1")).json()
    assert (off["colour"], off["meaning"], off["remark"], order["fake"], order["flag_meaning"]) == (
        None, None, "查过了", False, None,
    )  # fmt: skip
    assert (await told(desk))[-1]["colour"] is None


async def test_a_colour_that_the_scheme_does_not_use_is_refused(desk: Desk) -> None:
    """T30: and nothing is written; an unknown colour is no colour at all."""
    order = await desk.put()
    for colour in ("blue", "pink", 1):
        answer = await desk.call("POST", "/v1/orders/main/A-1/flags", json={"colour": colour})
        assert faults(answer) == ["/colour"]
    assert await told(desk) == []
    assert await desk.audits(order["order_id"]) == ["recorded"]


async def test_a_shop_picks_its_scheme_by_a_policy(desk: Desk) -> None:
    """T30, X3: from its day on, for that shop alone; the flag records which version decided it."""
    for shop in ("main", "outlet"):
        await desk.put("A-1", shop)
    document = FlagScheme(scheme="sales-mark", meanings=SALES_MARK).model_dump_json()
    row = (
        "INSERT INTO policy (name, shop, version, effective_from, document, saved_by)"
        " VALUES ('flag-scheme', 'outlet', 1, '2026-11-01T00:00:00Z', CAST(:document AS jsonb), 'staff:chief'),"
        " ('flag-scheme', 'main', 2, '2026-12-01T00:00:00Z', CAST(:document AS jsonb), 'staff:chief')"
    )
    await desk.change(row, document=document)
    meanings = [(await desk.flag("green", order=f"{shop}/A-1"))["meaning"] for shop in ("main", "outlet")]
    assert meanings == ["problem", "sale"]
    assert faults(await desk.call("POST", "/v1/orders/outlet/A-1/flags", json={"colour": "purple"})) == ["/colour"]
    versions = await desk.rows("SELECT meaning, policy_version FROM order_flag ORDER BY flag_id")
    assert [tuple(version) for version in versions] == [("problem", 1), ("sale", 1)]


async def test_a_remark_names_the_agent_by_alias(desk: Desk) -> None:
    """T31, A1: the alias of the shop, else of the company; nobody where it is nobody's; without one, who flagged."""
    here, everywhere, elsewhere, signer = (new_id() for _ in range(4))
    await desk.hear(
        a_colleague("菲菲", staff_id=here, shop="outlet"),
        a_colleague("菲菲", "小美", staff_id=everywhere, shop="main"),
        a_colleague("阿强", staff_id=elsewhere, shop="flagship"),
    )
    await desk.put("A-1", "outlet")
    for remark, whose in (
        (REMARK, here),
        ("【小美】(顺丰)8/11", everywhere),
        ("【阿强】(圆通)8/12", None),
        ("【谁】", None),
        ("(中通)8/10", signer),
        ("无", signer),
        (None, signer),
    ):
        flag = await desk.flag("red", remark, order="outlet/A-1", staff_id=signer)
        event = (await told(desk))[-1]
        assert flag["staff_id"] == event["staff_id"] == (str(whose) if whose else None), remark
        assert event["flagged_by"] == flag["flagged_by"] == f"agent:{signer}"


async def test_who_has_left_signs_nothing_any_more(desk: Desk) -> None:
    """T31, A1."""
    colleague = a_colleague("菲菲")
    await desk.hear(colleague)
    await desk.put()
    assert (await desk.flag("red", REMARK))["staff_id"] == str(colleague.staff_id)
    left = a_colleague("菲菲", staff_id=colleague.staff_id, status="left")
    await desk.hear(StaffLeft(staff=left, recorded_by="staff:chief", recorded_at=desk.clock.now()))
    assert (await desk.flag("red", REMARK))["staff_id"] is None


async def test_a_remark_is_read_and_kept_as_it_was_written(desk: Desk) -> None:
    """T31: read into agent, content and day; a remark that can't be read is kept, over several lines too."""
    await desk.put()
    read = await desk.flag("red", REMARK)
    assert (read["agent"], read["content"], read["marked_on"], read["remark"]) == (
        "菲菲", "中通", "2026-08-10", REMARK,
    )  # fmt: skip
    for text in ("客户要改地址", "【", "第一行\n第二行 8/40", "x" * 1000):
        kept = await desk.flag("red", text)
        assert (kept["remark"], kept["agent"], kept["content"], kept["marked_on"]) == (text, None, None, None)
    history = (await desk.call("GET", "/v1/orders/main/A-1/flags")).json()["items"]
    assert [flag["remark"] for flag in history[-2:]] == ["客户要改地址", REMARK]


async def test_what_leaves_in_the_event_is_scrubbed(desk: Desk) -> None:
    """X6: the phone number that an agent wrote stays with the flag."""
    await desk.put()
    flag = await desk.flag("red", "【菲菲13812345678】(改寄 li@example.com 13912345678)8/10")
    (event,) = await told(desk)
    assert flag["content"] == "改寄 li@example.com 13912345678"
    assert (event["agent"], event["content"]) == ("菲菲****", "改寄 **** ****")
    assert "remark" not in event


async def test_the_history_has_every_flag_newest_first(desk: Desk) -> None:
    """T30: the same flag put again is another line; other orders' flags are elsewhere."""
    await desk.put("A-1")
    await desk.put("A-2")
    put = [await desk.flag(colour, order="main/A-1") for colour in ("red", "yellow", None, "red", "red")]
    await desk.flag("purple", order="main/A-2")
    history = (await desk.call("GET", "/v1/orders/main/A-1/flags", "auditor")).json()["items"]
    assert history == put[::-1]
    assert len(await desk.audits(put[0]["order_id"])) == 1 + len(put)
    assert await desk.subjects(put[0]["order_id"]) == ["order.recorded", *["order.flagged"] * len(put)]


async def test_no_flag_on_an_order_that_is_not_there(desk: Desk) -> None:
    """T40, X1: unknown, of a shop that the token doesn't serve, or no order number at all."""
    await desk.put("A-1", "outlet")
    for path, claims in (("main/A-1", {}), ("outlet/A-1", {"shops": ["main"]}), ("outlet/A-2", {})):
        for method, body in (("POST", {"colour": "red"}), ("GET", None)):
            answer = await desk.call(method, f"/v1/orders/{path}/flags", json=body, **claims)
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_a_malformed_flag_is_refused(desk: Desk) -> None:
    """T30: a colour must be said, also that there is none."""
    await desk.put()
    for pointer, body in (
        ("/colour", {}),
        ("/colour", {"remark": REMARK}),
        ("/remark", {"colour": "red", "remark": ""}),
        ("/remark", {"colour": "red", "remark": "x" * 1001}),
        ("/remark", {"colour": "red", "remark": "a\u0007"}),
        ("/remark", {"colour": "red", "remark": 8}),
        ("/meaning", {"colour": "red", "meaning": "fake"}),
    ):
        assert faults(await desk.call("POST", "/v1/orders/main/A-1/flags", json=body)) == [pointer], body


async def test_a_flag_may_ask_for_the_version_it_was_decided_on(desk: Desk) -> None:
    """If-Match: somebody else's flag in between refuses this one."""
    await desk.put()
    await desk.flag("red", headers={"If-Match": '"1"'})
    stale = await desk.call(
        "POST", "/v1/orders/main/A-1/flags", json={"colour": "yellow"}, headers={"If-Match": '"1"'}
    )
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    assert (await desk.flag("yellow", headers={"If-Match": '"2"'}))["meaning"] == "fake"


async def test_a_key_puts_one_flag(desk: Desk) -> None:
    """The answer of the first time, byte for byte, and no second flag."""
    await desk.put()
    asked = {"json": {"colour": "green"}, "headers": {"Idempotency-Key": "flag-1"}}
    first = await desk.call("POST", "/v1/orders/main/A-1/flags", **asked)
    again = await desk.call("POST", "/v1/orders/main/A-1/flags", **asked)
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (201, first.content, "true")
    other = await desk.call(
        "POST", "/v1/orders/main/A-1/flags", json={"colour": "red"}, headers={"Idempotency-Key": "flag-1"}
    )
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert len(await told(desk)) == 1
