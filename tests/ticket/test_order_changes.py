"""Order changes through the API: even, dearer, cheaper; confirmed by the storefront, refused, withdrawn (T37)."""

import pytest
from change_desk import LINES, RECIPIENT, Changes, lines
from ticket_desk import PAID, Desk, an_item

from kit.ids import new_id
from kit.testing.poll import eventually


@pytest.fixture
async def changes(desk: Desk) -> Changes:
    """A paid order A-1 of 100.00."""
    made = Changes(desk)
    await made.order()
    return made


async def test_a_colour_is_changed_and_the_storefront_confirms_it(changes: Changes) -> None:
    """Asked, agreed, told, confirmed by the new version: one event, one row of the trail a step."""
    change = await changes.asked(lines=[{"line_no": 1, "colour": "蓝"}])
    assert (change["status"], change["kinds"], change["difference"]["amount"]) == ("requested", ["colour"], "0.00")
    assert change["allowed"] == ["agree", "refuse", "withdraw"]
    assert await changes.told() == []
    agreed = await changes.done(change, "agree")
    assert (agreed["status"], agreed["allowed"], agreed["payment"]) == ("agreed", ["confirm", "refuse"], None)
    (event,) = await changes.told()
    assert (event["change_id"], event["lines"][0]["colour"]) == (change["change_id"], "蓝")
    await changes.revise(2, lines=lines(options="蓝 / M"))
    confirmed = await changes.shown(change)
    assert (confirmed["status"], confirmed["confirmed_revision"], confirmed["allowed"]) == ("confirmed", 2, [])
    assert await changes.desk.audits(change["change_id"]) == ["request", "agree", "confirm"]
    assert await changes.desk.subjects(change["order_id"]) == [
        "order.recorded", "order.paid", "order.change_requested", "order.corrected",
    ]  # fmt: skip
    assert await changes.book() == ("100", "100", "0", "0")


async def test_it_stands_on_the_ticket_in_which_it_came_up(changes: Changes) -> None:
    """T1: the one that is named, else an inquiry of its own; never another order's."""
    ticket = await changes.desk.open(order_no="A-1", subject="改颜色")
    named = await changes.asked(ticket_id=ticket["ticket_id"], lines=[{"line_no": 1, "colour": "蓝"}])
    assert named["ticket_id"] == ticket["ticket_id"]
    await changes.done(named, "withdraw", "agent")
    alone = await changes.asked(lines=[{"line_no": 1, "colour": "蓝"}])
    opened = (await changes.desk.call("GET", f"/v1/tickets/{alone['ticket_id']}")).json()
    assert (opened["kind"], opened["order_no"], opened["subject"]) == ("inquiry", "A-1", "改单 A-1")
    await changes.done(alone, "withdraw", "agent")
    await changes.order("A-2")
    other = await changes.ask(number="A-2", ticket_id=ticket["ticket_id"], lines=[{"line_no": 1, "colour": "蓝"}])
    assert [one["pointer"] for one in other.json()["errors"]] == ["/ticket_id"]
    unknown = await changes.ask(number="A-2", ticket_id=str(new_id()), lines=[{"line_no": 1, "colour": "蓝"}])
    assert unknown.status_code == 404


async def test_a_version_about_something_else_confirms_nothing(changes: Changes) -> None:
    change = await changes.agreed(lines=[{"line_no": 1, "colour": "蓝"}])
    await changes.revise(2, agent="菲菲")
    assert (await changes.shown(change))["status"] == "agreed"
    await changes.revise(3, lines=lines(options="绿 / M"))
    assert (await changes.shown(change))["status"] == "agreed"
    await changes.revise(3, lines=lines(options="蓝 / M"))
    assert (await changes.shown(change))["status"] == "agreed", "an equal revision is a no-op (C10)"
    await changes.revise(4, lines=lines(options="蓝 / M"))
    assert (await changes.shown(change))["confirmed_revision"] == 4


async def test_a_new_address_is_sealed_masked_and_read_by_the_storefront_alone(changes: Changes) -> None:
    """X6, T37: nowhere in the clear but in the answer to whoever carries it out, and that look is in the trail."""
    wanted = {"address": "浙江省杭州市西湖区文三路 99 号", "phone": "13900001111"}
    change = await changes.agreed(recipient=wanted)
    assert change["recipient"] == {"name": None, "phone": "139****1111", "address": "浙江省杭州市****"}
    path = f"/v1/order-changes/{change['change_id']}/recipient"
    read = await changes.desk.call("POST", path, "storefront", headers={"Idempotency-Key": "k-1"})
    assert read.json() == {"change_id": change["change_id"], "name": None, **wanted}
    assert read.headers["cache-control"] == "no-store"
    assert (await changes.desk.call("POST", path, "manager")).status_code == 403
    narrowed = await changes.desk.call("POST", path, "storefront", account_id=changes.desk.account("ming"))
    assert narrowed.status_code == 403
    assert (await changes.desk.audits(change["change_id"]))[-1] == "reveal"
    kept = await changes.desk.rows(
        "SELECT c::text || (SELECT string_agg(convert_from(body, 'UTF8'), '') FROM outbox)"
        " || (SELECT string_agg(a::text, '') FROM audit a) AS said FROM order_change c"
    )
    assert "文三路" not in kept[0].said
    assert "13900001111" not in kept[0].said
    await changes.revise(2, recipient={**RECIPIENT, "phone": wanted["phone"]})
    assert (await changes.shown(change))["status"] == "agreed"
    await changes.revise(3, recipient={**RECIPIENT, **wanted})
    assert (await changes.shown(change))["status"] == "confirmed"


async def test_dearer_is_topped_up_first(changes: Changes) -> None:
    """T37, T36: the storefront is told when the top-up is paid, not when it is placed; two books, no yuan twice."""
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 5}])
    assert (change["status"], change["difference"]["amount"]) == ("topping_up", "20.00")
    assert await changes.told() == []
    top_up = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "20.00"}]
    await changes.desk.put("B-1", lines=top_up, top_up_of="A-1")
    assert (await changes.shown(change))["status"] == "topping_up"
    await changes.desk.put("B-1", revision=2, lines=top_up, top_up_of="A-1", paid="20.00", paid_at=PAID)

    async def agreed() -> bool:
        return (await changes.shown(change))["status"] == "agreed"

    await eventually(agreed, within=10)
    (event,) = await changes.told()
    assert (event["difference"]["amount"], event["payment_key"]) == ("20.00", None)
    await changes.revise(2, paid="120.00", lines=lines("100.00", quantity=5))
    assert (await changes.shown(change))["status"] == "confirmed"
    assert await changes.book() == ("100", "100", "0", "0")
    assert await changes.book("B-1") == ("20", "20", "0", "0")
    seen = (await changes.desk.call("GET", "/v1/orders/main/A-1/top-ups")).json()
    assert ([one["order_no"] for one in seen["items"]], seen["paid"]["amount"]) == (["B-1"], "20.00")
    assert await changes.desk.audits(change["change_id"]) == ["request", "ask-top-up", "top-up", "confirm"]


async def test_a_top_up_that_came_before_is_enough(changes: Changes) -> None:
    """And what one change has used up, the next one doesn't have."""
    top_up = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "20.00"}]
    await changes.desk.put("B-1", lines=top_up, top_up_of="A-1", paid="20.00", paid_at=PAID)
    first = await changes.agreed(lines=[{"line_no": 1, "quantity": 5}])
    assert first["status"] == "agreed"
    await changes.revise(2, paid="120.00", lines=lines("100.00", quantity=5))
    assert (await changes.shown(first))["status"] == "confirmed"
    second = await changes.agreed(lines=[{"line_no": 1, "quantity": 6}])
    assert second["status"] == "topping_up"


async def test_two_top_ups_at_once_are_enough_together(changes: Changes) -> None:
    """T36: in one batch, or one revised in the same instant."""
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 5}])
    half = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "10.00"}]
    top_ups = [an_item(f"B-{n}", lines=half, top_up_of="A-1", paid="10.00", paid_at=PAID) for n in (1, 2)]
    assert (await changes.desk.send(*top_ups))["recorded"] == 2
    assert (await changes.desk.send(top_ups[0] | {"revision": 2}))["corrected"] == 1

    async def agreed() -> bool:
        return (await changes.shown(change))["status"] == "agreed"

    await eventually(agreed, within=10)


async def test_a_dearer_courier_costs_the_surcharge(changes: Changes) -> None:
    """T36: 16.00 − 8.00 in 江苏."""
    change = await changes.agreed(courier="顺丰")
    assert (change["kinds"], change["difference"]["amount"], change["courier_before"]) == (
        ["courier"],
        "8.00",
        "中通",
    )
    nowhere = await changes.ask("supervisor", courier="四通")
    assert nowhere.status_code == 409  # one change at a time
    await changes.done(change, "withdraw", "agent")
    assert [one["pointer"] for one in (await changes.ask(courier="四通")).json()["errors"]] == ["/courier"]


async def test_cheaper_is_approved_given_back_and_confirmed(changes: Changes) -> None:
    """T37, T28, T55: 20.00 in flight, then with the buyer; what is kept is 80.00, once."""
    change = await changes.asked(lines=[{"line_no": 1, "quantity": 3}])
    assert (change["difference"]["amount"], change["approvals"]) == ("-20.00", [["agent", "manager", "supervisor"]])
    own = await changes.verb(change, "agree", "agent")
    assert (own.status_code, own.json()["type"]) == (403, "/problems/own-request")
    agreed = await changes.done(change, "agree", "supervisor")
    assert (agreed["status"], agreed["payment"]["status"]) == ("refunding", "due")
    assert await changes.book() == ("100", "80", "0", "20")
    (event,) = await changes.told()
    assert (event["payment_key"], event["difference"]["amount"]) == (agreed["payment_key"], "-20.00")
    answer = await changes.pay(agreed)
    assert answer.status_code == 200, answer.text
    assert await changes.book() == ("100", "80", "20", "0")
    await changes.revise(2, paid="80.00", lines=lines("60.00", quantity=3))
    confirmed = await changes.shown(change)
    assert (confirmed["status"], confirmed["payment"]["status"]) == ("confirmed", "paid")
    assert await changes.book() == ("100", "80", "20", "0")
    assert await changes.desk.audits(change["change_id"]) == [
        "request", "refuse", "give-back", "pay", "confirm",
    ]  # fmt: skip


async def test_a_version_that_says_it_otherwise_is_confirmed_by_hand(changes: Changes) -> None:
    """82 instead of 80 is told: nothing is lowered twice, and from then on a correction counts to the cent."""
    change = await changes.agreed(lines=[{"line_no": 1, "quantity": 3}])
    await changes.pay(change)
    assert (await changes.verb(change, "confirm")).status_code == 409
    otherwise = lines("62.00", quantity=3)
    await changes.revise(2, paid="82.00", lines=otherwise)
    assert (await changes.shown(change))["status"] == "refunding"
    assert await changes.book() == ("100", "80", "20", "0")
    confirmed = await changes.done(change, "confirm", "agent")
    assert (confirmed["status"], confirmed["confirmed_revision"]) == ("confirmed", 2)
    await changes.revise(3, paid="82.00", lines=otherwise, agent="菲菲")
    assert await changes.book() == ("100", "80", "20", "0")
    await changes.revise(4, paid="83.00", lines=lines("63.00", quantity=3))
    assert await changes.book() == ("101", "81", "20", "0")


async def test_a_sum_that_nobody_has_told_is_not_divided(changes: Changes) -> None:
    """T55: paid, but nobody says how much: there is no book to give back from."""
    await changes.desk.put("N-1", lines=LINES, paid_at=PAID)
    dearer = await changes.asked(number="N-1", lines=[{"line_no": 1, "quantity": 5}])
    refused = await changes.verb(dearer, "agree")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/order-unpaid")


async def test_above_the_limits_two_decide(changes: Changes) -> None:
    """T28, T56: an agent up to 50.00; a refused attempt says who may and is written down."""
    change = await changes.asked("manager", lines=[{"line_no": 1, "paid_total": "20.00"}], reason="activity")
    assert change["approvals"] == [["manager", "supervisor"]]
    beyond = await changes.verb(change, "agree", "agent")
    assert (beyond.status_code, beyond.json()["who_may"]) == (403, ["manager", "supervisor"])
    assert "refuse" in await changes.desk.audits(change["change_id"])
    assert (await changes.done(change, "agree", "supervisor"))["status"] == "refunding"
    await changes.order(
        "A-2", lines=[{"line_no": 1, "sku": "TV", "quantity": 1, "paid_total": "9000.00"}], paid="9000.00"
    )
    large = await changes.asked("agent", "A-2", lines=[{"line_no": 1, "paid_total": "1000.00"}], reason="activity")
    first = await changes.done(large, "agree", "manager")
    assert (first["status"], first["payment"]) == ("requested", None)
    assert await changes.book("A-2") == ("9000", "9000", "0", "0")
    again = await changes.verb(large, "agree", "manager")
    assert again.json()["type"] == "/problems/own-request"
    second = await changes.done(large, "agree", "finance")
    assert second["status"] == "refunding"
    assert await changes.book("A-2") == ("9000", "1000", "0", "8000")


async def test_a_wrong_price_is_borne_by_who_set_it(changes: Changes) -> None:
    """T57: booked when the difference is paid, once."""
    culprit = new_id()
    change = await changes.agreed(
        lines=[{"line_no": 1, "paid_total": "70.00"}], reason="wrong_price", charged_to_staff_id=str(culprit)
    )
    assert (await changes.told())[0]["charged_to_staff_id"] == str(culprit)
    costs = "SELECT bearer, staff_id, amount_minor, ticket_id FROM case_cost"
    assert await changes.desk.rows(costs) == []
    for _ in range(2):
        assert (await changes.pay(change, payment_reference="R-1")).status_code == 200
    ((cost),) = await changes.desk.rows(costs)
    assert (cost.bearer, cost.staff_id, cost.amount_minor) == ("staff", culprit, 10_00)
    assert str(cost.ticket_id) == change["ticket_id"]


async def test_who_last_changed_the_price_answers_for_it(changes: Changes) -> None:
    """T57: without a name; and where nobody ever did, somebody has to be named."""
    nobody = await changes.ask(lines=[{"line_no": 1, "paid_total": "70.00"}], reason="wrong_price")
    assert [one["pointer"] for one in nobody.json()["errors"]] == ["/charged_to_staff_id"]
    first = await changes.agreed(lines=[{"line_no": 1, "paid_total": "85.00"}], reason="activity")
    top_up = [{"line_no": 1, "sku": "DIFF", "quantity": 1, "paid_total": "5.00"}]
    await changes.desk.put("B-1", lines=top_up, top_up_of="A-1", paid="5.00", paid_at=PAID)

    async def agreed() -> bool:
        return (await changes.shown(first))["status"] == "agreed"

    await eventually(agreed, within=10)
    await changes.revise(2, paid="105.00", lines=lines("85.00"))
    found = await changes.asked("supervisor", lines=[{"line_no": 1, "paid_total": "80.00"}], reason="wrong_price")
    assert found["charged_to_staff_id"] == str(changes.who("agent")["staff_id"])


async def test_an_unpaid_order_is_told_and_nothing_moves(changes: Changes) -> None:
    """Dearer or cheaper: what is due is what the buyer will pay."""
    for number, quantity in (("U-1", 3), ("U-2", 5)):
        await changes.order(number, paid=None)
        change = await changes.agreed(number=number, lines=[{"line_no": 1, "quantity": quantity}])
        assert (change["status"], change["payment_key"]) == ("agreed", None)
    assert len(await changes.told()) == 2
    await changes.order("U-1", paid="80.00", revision=2, lines=lines("60.00", quantity=3))
    assert await changes.book("U-1") == ("80", "80", "0", "0")
