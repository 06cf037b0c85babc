"""The morning's lists and dispatch times over HTTP (T33, T35)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from ticket_desk import Desk, an_item, faults

from services.ticket.order.store import Waiting

pytestmark = pytest.mark.plans

HOUR = timedelta(hours=1)


def ago(desk: Desk, hours: float) -> str:
    """An instant so many hours before now."""
    return (desk.clock.now() - timedelta(hours=hours)).isoformat()


async def listed(desk: Desk, name: str, query: str = "", **claims: Any) -> list[str]:
    """The numbers of a whole list, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = await desk.call("GET", f"/v1/orders/worklists/{name}?limit=2{query}{cursor}", **claims)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["order_no"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def paid(desk: Desk, number: str, hours: float, **facts: Any) -> dict[str, Any]:
    """An order paid so many hours ago."""
    return an_item(number, paid="20.00", paid_at=ago(desk, hours), **facts)


async def test_paid_and_unflagged_for_a_day(desk: Desk) -> None:
    """T33: at 24 hours to the second, the longest first; not what is flagged, shipped, over, old, fake or a top-up."""
    await desk.without_checklist()
    late = ago(desk, 1)
    await desk.send(
        paid(desk, "young", 23.999), paid(desk, "due", 24), paid(desk, "old", 50), paid(desk, "older", 60),
        paid(desk, "flagged", 30), paid(desk, "shipped", 30, shipped_at=late),
        paid(desk, "received", 30, received_at=late), paid(desk, "cancelled", 30, cancelled_at=late),
        paid(desk, "completed", 30, completed_at=late), paid(desk, "history", 30, historic=True),
        paid(desk, "top-up", 30, top_up_of="old"), an_item("unpaid"), paid(desk, "elsewhere", 30, shop="outlet"),
    )  # fmt: skip
    await desk.flag("red", order="main/flagged")
    assert await listed(desk, "unflagged") == ["older", "old", "due"]
    assert await listed(desk, "unflagged", "&shop=outlet") == ["elsewhere"]
    await desk.flag("red", order="main/old")
    await desk.flag(None, order="main/old")
    assert await listed(desk, "unflagged") == ["older", "due"], "unflagged again only now"
    desk.clock.advance(24 * HOUR)
    assert await listed(desk, "unflagged") == ["older", "due", "young", "old"]


async def test_paid_for_two_days_and_unshipped(desk: Desk) -> None:
    """T35: flagged or not."""
    await desk.without_checklist()
    await desk.send(
        paid(desk, "young", 47.9), paid(desk, "due", 48), paid(desk, "cleared", 72), paid(desk, "fake", 72),
        paid(desk, "gone", 72, shipped_at=ago(desk, 1)), paid(desk, "top-up", 72, top_up_of="due"),
    )  # fmt: skip
    await desk.flag("red", order="main/cleared")
    await desk.flag("yellow", order="main/fake")
    assert await listed(desk, "unshipped") == ["cleared", "due"]


async def test_problems_on_which_nothing_is_done(desk: Desk) -> None:
    """T33: for more than 24 hours, whatever is done on any ticket of the order counts."""
    for number in ("idle", "noted", "waiting", "solved", "new"):
        await desk.put(number)
    tickets = {}
    for number in ("idle", "noted", "waiting"):
        tickets[number] = await desk.flag("green", order=f"main/{number}")
        desk.clock.advance(timedelta(milliseconds=1))
    await desk.flag("green", order="main/solved")
    desk.clock.advance(23 * HOUR)
    await desk.flag("green", order="main/new")
    await desk.flag("purple", order="main/solved")
    assert await listed(desk, "problem") == []
    noted = await desk.call("POST", f"/v1/tickets/{tickets['noted']['ticket_id']}/messages",
                            json={"text": "问过仓库", "visibility": "internal"})  # fmt: skip
    assert noted.status_code == 201, noted.text
    desk.clock.advance(HOUR + timedelta(seconds=1))
    assert await listed(desk, "problem") == ["idle", "waiting"]
    assert (await desk.verb(tickets["waiting"], "start")).status_code == 200
    assert await listed(desk, "problem") == ["idle"]
    page = (await desk.call("GET", "/v1/orders/worklists/problem")).json()
    (item,) = page["items"]
    assert item["since"] == item["last_activity_at"]
    desk.clock.advance(24 * HOUR)
    assert await listed(desk, "problem") == ["idle", "noted", "new"], "24 hours to the second are not more than 24"
    desk.clock.advance(timedelta(microseconds=1))
    assert await listed(desk, "problem") == ["idle", "noted", "waiting", "new"]


async def test_a_long_list_of_problems_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those on which somebody works are passed over, also a whole batch of them; the cursor loses none."""
    monkeypatch.setattr("services.ticket.shipping.service.AT_ONCE", 3)
    monkeypatch.setattr("services.ticket.shipping.service.ROUNDS", 2)
    numbers = [f"P-{place:02}" for place in range(20)]
    tickets = {}
    for number in numbers:
        await desk.put(number)
        tickets[number] = await desk.flag("green", order=f"main/{number}")
        desk.clock.advance(timedelta(minutes=1))
    desk.clock.advance(30 * HOUR)
    busy = numbers[:8] + numbers[10:12]
    for number in busy:
        assert (await desk.verb(tickets[number], "start")).status_code == 200
    assert await listed(desk, "problem") == [number for number in numbers if number not in busy]


async def test_a_shop_has_its_own_hours(desk: Desk) -> None:
    """X3."""
    await desk.send(paid(desk, "A-1", 5), paid(desk, "A-2", 5, shop="outlet"))
    document = '{"problem_hours": 24, "unflagged_hours": 4, "unshipped_hours": 5}'
    await desk.change(
        "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES"
        " ('order-worklists', 'outlet', 1, '2026-01-01T00:00:00Z', CAST(:document AS jsonb), 'test')",
        document=document,
    )
    for name in ("unflagged", "unshipped"):
        assert await listed(desk, name) == []
        assert await listed(desk, name, "&shop=outlet") == ["A-2"]


async def test_who_may_see_a_list(desk: Desk) -> None:
    """X1, G2: of the token's shops; a cursor is good for its own list and shop."""
    await desk.send(*(paid(desk, f"A-{n}", 60) for n in range(3)))
    assert (await desk.call("GET", "/v1/orders/worklists/unflagged", "storefront")).status_code == 403
    assert (await desk.call("GET", "/v1/orders/worklists/unflagged", shops=["outlet"])).status_code == 403
    page = (await desk.call("GET", "/v1/orders/worklists/unflagged?limit=1")).json()
    for path in ("unshipped?", "unflagged?shop=outlet&"):
        foreign = await desk.call("GET", f"/v1/orders/worklists/{path}cursor={page['next_cursor']}")
        assert faults(foreign) == ["/query/cursor"]
    assert faults(await desk.call("GET", "/v1/orders/worklists/mood")) == ["/path/worklist"]


PLANS: Sequence[tuple[Waiting, str]] = (
    (Waiting.PROBLEM, "ix_shop_order_problem"),
    (Waiting.UNFLAGGED, "ix_shop_order_unflagged"),
    (Waiting.UNSHIPPED, "ix_shop_order_unshipped"),
)


@pytest.mark.parametrize(("name", "index"), PLANS)
async def test_a_list_is_read_off_its_own_index(desk: Desk, name: Waiting, index: str) -> None:
    """T33, T35: in its order, nothing sorted and nothing else looked at, the first page and a later one; also among
    many orders that are no matter."""
    await desk.change(
        "INSERT INTO shop_order (order_id, shop, order_no, account_id, revision, currency, goods_minor, discount_minor,"
        " freight_minor, lines, historic, fake, flag_meaning, flag_changed_at, placed_at, paid_at, paid_minor, shipped_at,"
        " recorded_at, version, event_seq)"
        " SELECT gen_random_uuid(), 'main', 'X-' || n, gen_random_uuid(), 1, 'CNY', 100, 0, 0, '[]', false, false,"
        " CASE WHEN n % 40 = 0 THEN 'problem' END, now(), now() - n * interval '1 minute', now() - n * interval '1 minute',"
        " 100, CASE WHEN n % 20 > 1 THEN now() END, now(), 1, 1 FROM generate_series(1, 20000) n"
    )
    await desk.change("ANALYZE shop_order")
    with desk.statements() as seen:
        for query in ("", "&limit=20"):
            page = (await desk.call("GET", f"/v1/orders/worklists/{name}?shop=main{query}")).json()
        if page["next_cursor"]:
            await desk.call("GET", f"/v1/orders/worklists/{name}?limit=20&cursor={page['next_cursor']}")
    asked = [(statement, values) for statement, values in seen if "FROM shop_order" in statement]
    assert len(asked) >= 2
    connection_url = desk.client.runtime.database.engine
    for statement, values in asked:
        async with connection_url.connect() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            plan = "\n".join(row[0] for row in rows)
        assert index in plan, plan
        assert "Sort" not in plan, plan
        assert "Seq Scan on shop_order" not in plan, plan


async def test_dispatch_times_over_http(desk: Desk) -> None:
    """T35: of the shop's rules, with the years whose holidays nobody has announced; now is Saturday noon."""
    shown = (await desk.call("GET", "/v1/orders/dispatch-times", "storefront")).json()
    assert {name: shown[name] for name in ("printed_at", "leaves_from", "arrives_until", "policy_version")} == {
        "printed_at": "2026-11-23T12:00:00+08:00", "leaves_from": "2026-11-24", "arrives_until": "2026-11-30",
        "policy_version": 1,
    }  # fmt: skip
    assert shown["years_not_announced"] == []
    later = (await desk.call("GET", "/v1/orders/dispatch-times?paid_at=2031-03-03T10:00:00Z")).json()
    assert later["years_not_announced"] == [2031]
    then = "2026-11-18T17:00:00%2B08:00"
    shown = (await desk.call("GET", f"/v1/orders/dispatch-times?paid_at={then}")).json()
    assert datetime.fromisoformat(shown["printed_at"]) == datetime.fromisoformat("2026-11-18T17:00:00+08:00")
    assert (await desk.call("GET", "/v1/orders/dispatch-times", shops=["outlet"])).status_code == 403
    for query, pointer in (("paid_at=noon", "/query/paid_at"), ("mood=1", "/query/mood")):
        assert faults(await desk.call("GET", f"/v1/orders/dispatch-times?{query}")) == [pointer]


async def test_surcharges_over_http(desk: Desk) -> None:
    """T36: quoted, noted on the order, and what its top-ups have brought in."""
    quote = await desk.call("GET", "/v1/orders/surcharges?region=江苏&courier=顺丰", "storefront")
    shown = quote.json()
    assert (shown["surcharge"]["amount"], shown["included_courier"], shown["zone"]) == ("8.00", "中通", "江浙沪")
    assert faults(await desk.call("GET", "/v1/orders/surcharges?region=西藏&courier=韵达")) == ["/courier"]
    await desk.put("A-1", region="江苏省", paid="20.00", paid_at=ago(desk, 1))
    path = "/v1/orders/main/A-1"
    assert (await desk.call("PUT", f"{path}/surcharge", "storefront", json={"courier": "顺丰"})).status_code == 403
    noted = await desk.call("PUT", f"{path}/surcharge", json={"courier": "EMS"})
    assert noted.json()["surcharge"]["amount"] == "7.00"
    await desk.call("PUT", f"{path}/surcharge", json={"courier": "顺丰"})
    line = {"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "5.00"}
    await desk.put("B-1", lines=[line], top_up_of="A-1", paid="5.00", paid_at=ago(desk, 0.5))
    await desk.put(
        "B-2", lines=[line], top_up_of="A-1", paid="5.00", paid_at=ago(desk, 0.5), cancelled_at=ago(desk, 0)
    )
    seen = (await desk.call("GET", f"{path}/top-ups")).json()
    assert (seen["surcharge"]["surcharge"]["amount"], seen["paid"]["amount"], seen["open"]["amount"]) == (
        "8.00", "5.00", "3.00",
    )  # fmt: skip
    assert {one["order_no"]: one["cancelled_at"] is None for one in seen["items"]} == {"B-1": True, "B-2": False}
    hong = desk.account("hong")
    assert (await desk.call("GET", f"{path}/top-ups", "storefront", account_id=hong)).status_code == 404
    await desk.put("A-1", revision=2, region="江苏省", paid="20.00", paid_at=ago(desk, 1), shipped_at=ago(desk, 0))
    late = await desk.call("PUT", f"{path}/surcharge", json={"courier": "顺丰"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/order-closed")
    assert (await desk.audits(seen["order_id"])).count("note-surcharge") == 2


async def test_an_order_tells_its_surcharge_and_insurance(desk: Desk) -> None:
    """T25, T36: part of what the delivery costs, in what is due."""
    facts: dict[str, Any] = {"freight": "8.00", "surcharge": "5.00", "paid": "33.00", "freight_insured": True}
    order = await desk.put(**facts, paid_at=ago(desk, 1))
    assert (order["freight"]["amount"], order["surcharge"]["amount"]) == ("13.00", "5.00")
    assert (order["freight_insured"], order["paid"]["amount"]) == (True, "33.00")
    plain = await desk.put("A-2")
    assert (plain["surcharge"], plain["freight_insured"]) == (None, False)
    for pointer, wrong in (
        ("", {"surcharge": "1.00"}),
        ("/surcharge", {"surcharge": "-1.00"}),
        ("/freight_insured", {"freight_insured": 1}),
    ):
        body = {"buyer_ref": "ming", "lines": [{"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "20.00"}],
                "placed_at": "2026-11-20T10:00:00+08:00", "paid": "20.00", **wrong}  # fmt: skip
        assert faults(await desk.call("PUT", "/v1/orders/main/A-3", "storefront", json=body)) == [pointer]
