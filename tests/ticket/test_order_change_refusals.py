"""What an order change is not: bad input, somebody else's, too late, stale; nothing is changed then (T37, T40, X6)."""

import asyncio
from typing import Any

import pytest
from change_desk import Changes, lines
from ticket_desk import LATER, Desk, faults, under_a_key

from kit.ids import new_id

COLOUR = [{"line_no": 1, "colour": "蓝"}]


@pytest.fixture
async def changes(desk: Desk) -> Changes:
    """A paid order A-1 of 100.00."""
    made = Changes(desk)
    await made.order()
    return made


BAD: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("/lines/0/quantity", {"lines": [{"line_no": 1, "quantity": 0}]}),
    ("/lines/0/quantity", {"lines": [{"line_no": 1, "quantity": -1}]}),
    ("/lines/0/quantity", {"lines": [{"line_no": 1, "quantity": 1.5}]}),
    ("/lines/0/quantity", {"lines": [{"line_no": 1, "quantity": "3"}]}),
    ("/lines/0/line_no", {"lines": [{"line_no": 9, "quantity": 1}]}),
    ("/lines/0/line_no", {"lines": [{"line_no": 0, "quantity": 1}]}),
    ("/lines/0/paid_total", {"lines": [{"line_no": 1, "paid_total": "-1.00"}]}),
    ("/lines/0/paid_total", {"lines": [{"line_no": 1, "paid_total": "1.001"}]}),
    ("/lines/0/paid_total", {"lines": [{"line_no": 1, "sku": "CHA"}]}),
    ("/lines/0", {"lines": [{"line_no": 1, "colour": "红"}]}),
    ("/lines/0/mood", {"lines": [{"line_no": 1, "mood": "blue"}]}),
    ("/courier", {"courier": "四通"}),
    ("/courier", {"courier": "中通"}),
    ("/recipient", {"recipient": {}}),
    ("/recipient/floor", {"recipient": {"floor": "3"}}),
    ("/reason", {"lines": COLOUR, "reason": "whim"}),
    ("/reason", {"lines": COLOUR, "reason": "wrong_price"}),
    ("/charged_to_staff_id", {"lines": COLOUR, "charged_to_staff_id": str(new_id())}),
    ("/mood", {"lines": COLOUR, "mood": "blue"}),
]


async def test_bad_input_is_refused_and_nothing_is_there(changes: Changes) -> None:
    """Quantities of zero, negative or fractional, lines that aren't there, reasons nobody knows."""
    for pointer, wanted in BAD:
        assert faults(await changes.ask(**wanted)) == [pointer], wanted
        body = {"order_no": "A-1", "reason": "buyer_asked", **wanted}
        quoted = await changes.desk.call("POST", "/v1/order-changes/quotes", json=body)
        assert faults(quoted) == [pointer]
    assert await changes.desk.rows("SELECT 1 FROM order_change") == []
    assert await changes.desk.rows("SELECT 1 FROM ticket") == []


async def test_a_buyer_asks_for_their_own_order_and_names_no_price(changes: Changes) -> None:
    """T40: another buyer's order isn't there; a price and who answers for it are the shop's to say."""
    ming, hong = (changes.desk.account(name) for name in ("ming", "hong"))
    body = {"order_no": "A-1", "reason": "buyer_asked", "lines": COLOUR}

    async def ask(account: Any, **more: Any) -> Any:
        return await changes.desk.call(
            "POST",
            "/v1/order-changes",
            "storefront",
            json={**body, **more},
            headers=under_a_key(),
            account_id=account,
        )

    assert (await ask(hong)).status_code == 404
    priced = [{"line_no": 1, "paid_total": "1.00"}]
    assert faults(await ask(ming, lines=priced)) == ["/lines/0/paid_total"]
    assert faults(await ask(ming, activity="double-11")) == ["/activity"]
    asked = await ask(ming)
    assert asked.status_code == 201, asked.text
    change = asked.json()
    hidden = ("requested_by", "charged_to_staff_id", "requested_by_staff_id", "grounds", "payment_key")
    assert [change[name] for name in hidden] == [None] * len(hidden)
    path = f"/v1/order-changes/{change['change_id']}"
    for account, status in ((ming, 200), (hong, 404)):
        assert (await changes.desk.call("GET", path, "storefront", account_id=account)).status_code == status
    assert (await changes.desk.call("POST", f"{path}/agree", "storefront", account_id=ming)).status_code == 403
    listed = await changes.desk.call("GET", "/v1/order-changes", "storefront", account_id=hong)
    assert listed.json()["items"] == []
    gone = await changes.desk.call("POST", f"{path}/withdraw", "storefront", account_id=hong)
    assert gone.status_code == 404
    mine = await changes.desk.call("POST", f"{path}/withdraw", "storefront", account_id=ming)
    assert mine.json()["status"] == "withdrawn"


async def test_a_shop_out_of_sight(changes: Changes) -> None:
    """X1."""
    body = {"order_no": "A-1", "reason": "buyer_asked", "lines": COLOUR}
    there = await changes.desk.call("POST", "/v1/order-changes", json=body, headers=under_a_key(), shops=["outlet"])
    assert there.status_code == 404
    change = await changes.asked(lines=COLOUR)
    path = f"/v1/order-changes/{change['change_id']}"
    assert (await changes.desk.call("GET", path, shops=["outlet"])).status_code == 404
    listed = await changes.desk.call("GET", "/v1/order-changes", shops=["outlet"])
    assert listed.json()["items"] == []


async def test_what_has_shipped_or_ended_is_not_changed(changes: Changes) -> None:
    """T37: before shipping; neither asked for nor agreed to."""
    for place, name in enumerate(("shipped_at", "received_at", "completed_at", "cancelled_at")):
        number = f"S-{place}"
        await changes.order(number)
        change = await changes.asked(number=number, lines=COLOUR)
        await changes.revise(2, number, **{name: LATER})
        late = await changes.verb(change, "agree")
        assert (late.status_code, late.json()["type"]) == (409, "/problems/order-closed")
        await changes.done(change, "refuse", grounds="已发货")
        again = await changes.ask(number=number, lines=COLOUR)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/order-closed")


async def test_an_order_that_costs_something_else_by_now(changes: Changes) -> None:
    """Nobody agrees to what was reckoned on other terms; a version about something else is no matter."""
    change = await changes.asked(lines=[{"line_no": 1, "quantity": 3}])
    await changes.revise(2, agent="菲菲")
    assert (await changes.shown(change))["version"] == change["version"]
    await changes.revise(3, paid="90.00", lines=lines("70.00"))
    stale = await changes.verb(change, "agree")
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/conflict")
    assert await changes.told() == []
    assert await changes.book() == ("90", "90", "0", "0")


async def test_agreeing_names_the_version_that_was_seen(changes: Changes) -> None:
    """412 for a stale one, 428 for none."""
    change = await changes.asked(lines=COLOUR)
    path = f"/v1/order-changes/{change['change_id']}/agree"
    for match, status in ((None, 428), (9, 412), (1, 200)):
        answer = await changes.desk.call("POST", path, "manager", headers=under_a_key(match))
        assert answer.status_code == status, answer.text


async def test_one_change_of_an_order_at_a_time(changes: Changes) -> None:
    """Twenty at once make one; the others are told which."""
    answers = await asyncio.gather(*(changes.ask(lines=COLOUR) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    others = {answer.json()["change_id"] for answer in answers if answer.status_code == 409}
    assert others == {made["change_id"]}
    assert len(await changes.desk.rows("SELECT 1 FROM ticket")) == 1


async def test_agreed_to_twice_at_once_is_given_back_once(changes: Changes) -> None:
    """T55: one payment, one reservation."""
    change = await changes.asked(lines=[{"line_no": 1, "quantity": 3}])
    answers = await asyncio.gather(*(changes.verb(change, "agree", "manager", version=1) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    assert await changes.book() == ("100", "80", "0", "20")
    assert len(await changes.desk.rows("SELECT 1 FROM payment")) == 1
    assert len(await changes.told()) == 1


async def test_more_than_is_kept_is_not_given_back(changes: Changes) -> None:
    """T26, T55: what a top-up brought in is the top-up's to give back."""
    await changes.desk.change("UPDATE order_book SET kept_minor = 1500, refunded_minor = 8500")
    change = await changes.asked(lines=[{"line_no": 1, "quantity": 3}])
    refused = await changes.verb(change, "agree")
    assert (refused.status_code, refused.json()["type"], refused.json()["left"]) == (
        409, "/problems/more-than-kept", "15.00",
    )  # fmt: skip
    assert (await changes.shown(change))["status"] == "requested"


async def test_a_line_that_goes_back_is_not_changed(changes: Changes) -> None:
    """What is left of it is for after-sales to say."""
    await changes.desk.change(
        "INSERT INTO order_book_line SELECT order_id, 1, 4, 8000, 1, 0, 0 FROM shop_order WHERE order_no = 'A-1'"
    )
    refused = await changes.ask(lines=COLOUR)
    assert (refused.status_code, refused.json()["lines"]) == (409, [1])
    body = {"order_no": "A-1", "reason": "buyer_asked", "lines": COLOUR}
    quoted = await changes.desk.call("POST", "/v1/order-changes/quotes", json=body)
    assert (quoted.status_code, quoted.json()["lines"]) == (409, [1])
    other = await changes.asked(lines=[{"line_no": 2, "colour": "白"}])
    await changes.desk.change("UPDATE order_book_line SET line_no = 2, quantity = 1, worth_minor = 2000")
    late = await changes.verb(other, "agree")
    assert (late.status_code, late.json()["lines"]) == (409, [2])
    assert (await changes.shown(other))["status"] == "requested"


async def test_verbs_that_are_not_drawn(changes: Changes) -> None:
    """I10: and a payment under way is not given up."""
    change = await changes.asked(lines=[{"line_no": 1, "quantity": 3}])
    assert (await changes.verb(change, "confirm")).json()["type"] == "/problems/conflict"
    await changes.done(change, "agree")
    grounds: dict[str, Any] = {"grounds": "不改了"}
    for verb, body in (("withdraw", {}), ("agree", {}), ("refuse", grounds), ("retry", {})):
        refused = await changes.verb(change, verb, **body)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-refused"), verb
        assert verb not in refused.json()["allowed"]
    assert await changes.book() == ("100", "80", "0", "20")
    unknown = {"change_id": str(new_id())}
    assert (await changes.desk.call("GET", f"/v1/order-changes/{unknown['change_id']}")).status_code == 404


async def test_a_list_by_what_one_looks_for(changes: Changes) -> None:
    """Newest first, page by page, by shop, order, ticket, account and status."""
    made = []
    for place in range(5):
        order = await changes.order(f"L-{place}")
        made.append((order, await changes.asked(number=f"L-{place}", lines=COLOUR)))
    await changes.done(made[0][1], "agree")
    first = (await changes.desk.call("GET", "/v1/order-changes?limit=3")).json()
    second = (await changes.desk.call("GET", f"/v1/order-changes?limit=3&cursor={first['next_cursor']}")).json()
    found = [one["change_id"] for one in (*first["items"], *second["items"])]
    assert found == [change["change_id"] for _, change in reversed(made)]
    assert second["next_cursor"] is None
    for query, count in (
        ("status=agreed", 1), ("status=requested", 4), (f"order_id={made[2][0]['order_id']}", 1),
        (f"ticket_id={made[3][1]['ticket_id']}", 1), ("shop=outlet", 0),
        (f"account_id={changes.desk.account('ming')}", 5),
    ):  # fmt: skip
        page = (await changes.desk.call("GET", f"/v1/order-changes?{query}")).json()
        assert len(page["items"]) == count, query
    assert faults(await changes.desk.call("GET", "/v1/order-changes?colour=red")) == ["/query/colour"]


async def test_a_quote_changes_nothing(changes: Changes) -> None:
    """What it comes to and who would have to approve it."""
    body = {"order_no": "A-1", "reason": "buyer_asked", "lines": [{"line_no": 1, "quantity": 1}]}
    quote = (await changes.desk.call("POST", "/v1/order-changes/quotes", json=body)).json()
    assert (quote["due"]["amount"], quote["difference"]["amount"], quote["top_up_first"]) == (
        "100.00",
        "-60.00",
        False,
    )
    assert quote["approvals"] == [["manager", "supervisor"]]
    dearer = {**body, "lines": [{"line_no": 1, "quantity": 9}], "courier": "顺丰"}
    quote = (await changes.desk.call("POST", "/v1/order-changes/quotes", json=dearer)).json()
    assert (quote["difference"]["amount"], quote["surcharge"]["amount"]) == ("108.00", "8.00")
    assert (quote["top_up_first"], quote["approvals"], quote["kinds"]) == (True, [], ["quantity", "courier"])
    assert await changes.desk.rows("SELECT 1 FROM order_change") == []
