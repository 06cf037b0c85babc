"""T22, T26, T40: what a return refuses, with a problem document and nothing changed; parcels looked for and lost."""

import pytest
from refund_desk import AGENT, CHIEF, FINANCE, Json, Refunds, problem
from return_desk import PARCEL, Returns, lines
from ticket_desk import Desk, faults

from kit.ids import new_id


@pytest.fixture
async def returns(desk: Desk) -> Returns:
    return Returns(await Refunds(desk).settle_in())


@pytest.fixture
async def refund(returns: Returns) -> Json:
    """Two pieces of the first line and one of the second are waited for; the third line stays with the customer."""
    await returns.refunds.order("A-1", (2, "40.00"), (3, "10.00"), (1, "5.00"))
    return await returns.waiting(pieces={1: 2, 2: 1})


async def test_goods_that_nobody_announced_are_not_received(returns: Returns, refund: Json) -> None:
    """Bad input of the issue: another line of the order, no line of it, more pieces than were asked back."""
    before = await returns.written()
    for pieces, left in (({3: 1}, {3: 0}), ({9: 1}, {9: 0}), ({1: 3}, {1: 2}), ({1: 1, 2: 2}, {2: 1})):
        answer = await returns.try_(refund, "receipts", lines=lines(pieces))
        assert problem(answer, 409) == "not-announced"
        assert answer.json()["lines"] == [{"line_no": no, "left": count} for no, count in left.items()]
    assert await returns.written() == before


async def test_more_than_announced_is_kept_as_surplus(returns: Returns, refund: Json) -> None:
    """T22: what is ours to judge is counted, the rest is written down and paid to nobody."""
    await returns.receive(refund, {1: 2}, surplus=3)
    assert problem(await returns.try_(refund, "receipts", lines=lines({1: 1})), 409) == "not-announced"
    shown = await returns.receive(refund, {2: 1})
    assert [receipt["surplus"] for receipt in shown["receipts"]] == [3, 0]


async def test_quantities_that_are_none(returns: Returns, refund: Json) -> None:
    """Bad input of the issue: zero, negative, fractional pieces; anywhere in a return."""
    await returns.receive(refund, {1: 2})
    before = await returns.written()
    for quantity in (0, -1, 1.5, "2", None, True, 10**9):
        some = [{"line_no": 1, "quantity": quantity}]
        assert faults(await returns.try_(refund, "receipts", lines=some)) == ["/lines/0/quantity"], quantity
        assert faults(await returns.try_(refund, "ship-back", **PARCEL, lines=some)) == ["/lines/0/quantity"], (
            quantity
        )
        if quantity != 0:
            found: dict[int, Json] = {1: {"sound": quantity}, 2: {"missing": 1}}
            assert faults(await returns.try_inspecting(refund, found)) == ["/lines/0/sound"], quantity
    assert await returns.written() == before


ASTRAY: tuple[tuple[dict[int, Json], list[str]], ...] = (
    ({1: {"sound": 2}}, ["/lines"]),
    ({1: {"sound": 1}, 2: {"missing": 1}}, ["/lines/0"]),
    ({1: {"sound": 2, "missing": 1}, 2: {"missing": 1}}, ["/lines/0"]),
    ({1: {"sound": 2}, 2: {"sound": 1}}, ["/lines/1"]),  # of the second line nothing was received
    ({1: {"sound": 2}, 2: {"missing": 1}, 3: {"missing": 1}}, ["/lines/2/line_no"]),
    ({1: {"sound": 2, "deducted": "1.00"}, 2: {"missing": 1}}, ["/lines/0/deducted"]),
    ({1: {"damaged": 2, "deducted": "40.01"}, 2: {"missing": 1}}, ["/lines/0/deducted"]),
    ({1: {"damaged": 2, "deducted": "0.001"}, 2: {"missing": 1}}, ["/lines/0/deducted"]),
    ({1: {"damaged": 2, "deducted": "-1.00"}, 2: {"missing": 1}}, ["/lines/0/deducted"]),
    ({1: {"damaged": 2, "deducted": 1.0}, 2: {"missing": 1}}, ["/lines/0/deducted"]),
    ({1: {"sound": 2, "stolen": 1}, 2: {"missing": 1}}, ["/lines/0/stolen"]),
)


async def test_findings_that_do_not_add_up(returns: Returns, refund: Json) -> None:
    """T22, T26."""
    await returns.receive(refund, {1: 2})
    before = await returns.written()
    for found, pointers in ASTRAY:
        assert faults(await returns.try_inspecting(refund, found)) == pointers, found
    assert await returns.written() == before


async def test_an_inspection_of_what_was_seen_a_second_ago(returns: Returns, refund: Json) -> None:
    """Bad input of the issue: a stale version; a second parcel was opened while the first one was looked at."""
    await returns.receive(refund, {1: 1})
    seen = (await returns.refunds.get(refund))["ticket"]["version"]
    await returns.receive(refund, {1: 1})
    before = await returns.written()
    found = {1: {"sound": 1, "missing": 1}, 2: {"missing": 1}}
    assert problem(await returns.try_inspecting(refund, found, match=seen), 412) == "stale-version"
    assert problem(await returns.try_inspecting(refund, found, match=None), 428) == "precondition-required"
    assert problem(await returns.try_(refund, "receipts", match=seen, lines=lines({2: 1})), 412) == "stale-version"
    assert await returns.written() == before
    shown = await returns.inspect(refund, found)
    assert shown["status"] == "paying"


async def test_a_fault_changes_with_its_reason_only(returns: Returns, refund: Json) -> None:
    """T21."""
    await returns.receive(refund, {1: 2, 2: 1})
    sound = {1: {"sound": 2}, 2: {"sound": 1}}
    assert (await returns.try_inspecting(refund, sound, fault="customer")).status_code == 422
    assert (await returns.try_inspecting(refund, sound, fault_reason="误判")).status_code == 422
    assert faults(await returns.try_inspecting(refund, sound, fault="nobody", fault_reason="误判")) == ["/fault"]


async def test_wrong_stages_say_what_they_allow(returns: Returns) -> None:
    """T22, I10: nothing comes back before it is approved, nor of what gives money only; nothing after it is paid."""
    await returns.refunds.order("A-1", (4, "40.00"))
    asked = await returns.refunds.ask(pieces={1: 1})
    money = await returns.refunds.ask(kind="money_only", pieces={1: 1}, wanted="1.00")
    paying = await returns.waiting(pieces={1: 1})
    await returns.receive(paying, {1: 1})
    await returns.inspect(paying, {1: {"sound": 1}})
    before = await returns.written()
    for refund in (asked, money, paying):
        for verb, body in (
            ("ship-back", PARCEL), ("receipts", {"lines": lines({1: 1})}),
            ("inspect", {"lines": [{"line_no": 1, "sound": 1}]}),
        ):  # fmt: skip
            answer = await returns.try_(refund, verb, **body)
            assert problem(answer, 409) == "transition-refused"
            assert "allowed" in answer.json()
    assert (await returns.refunds.call("GET", f"/v1/refunds/{money['refund_id']}/return", AGENT)).status_code == 404
    assert await returns.written() == before


async def test_a_parcel_is_looked_for_and_found(returns: Returns, refund: Json) -> None:
    """T22: delivered and not found; the warehouse is waited for until it is opened."""
    parcel = await returns.ship(refund)
    assert (await returns.parcel(refund, parcel, "find")).status_code == 409
    searched = (await returns.parcel(refund, parcel, "search")).json()
    assert (searched["parcels"][0]["status"], searched["status"]) == ("searched", "waiting_for_goods")
    assert await returns.waits_for(refund) == ("waiting", "warehouse")
    assert problem(await returns.parcel(refund, parcel, "search"), 409) == "transition-refused"
    found = (await returns.parcel(refund, parcel, "find")).json()
    assert (found["parcels"][0]["status"], found["parcels"][0]["allowed"]) == ("found", [])
    shown = await returns.receive(refund, {1: 2, 2: 1}, parcel_id=parcel["parcel_id"])
    assert shown["parcels"][0]["status"] == "arrived"
    reasons = await returns.desk.rows("SELECT reason FROM audit WHERE noun = 'refund' AND action = 'search'")
    assert [row.reason for row in reasons] == ["已签收未见货"]


async def test_what_we_lose_counts_as_come_back(returns: Returns, refund: Json) -> None:
    """T22, T57: our courier lost one parcel: it is paid for, and booked to the courier."""
    lost = await returns.ship(refund, {1: 2}, carrier="中通")
    await returns.ship(refund, {2: 1})
    gone = (await returns.parcel(refund, lost, "write-off", lost_by="courier")).json()
    assert [(line["lost"], line["to_ship"]) for line in gone["lines"]] == [(2, 0), (0, 0)]
    await returns.receive(refund, {2: 1})
    shown = await returns.inspect(refund, {1: {}, 2: {"sound": 1}})
    assert (shown["status"], shown["amount"]["amount"]) == ("paying", "43.33")
    assert shown["inspection"]["lines"][0]["lost"] == 2
    costs = await returns.desk.rows("SELECT kind, amount_minor, bearer, bearer_code FROM case_cost")
    assert [tuple(row) for row in costs] == [("goods", 4000, "courier", "中通")]


async def test_what_the_customers_own_courier_loses_is_still_to_be_sent(returns: Returns, refund: Json) -> None:
    """T22: it is the customer's to claim; nothing is paid for it."""
    lost = await returns.ship(refund, {1: 2})
    gone = (await returns.parcel(refund, lost, "write-off", lost_by="sender")).json()
    assert [(line["lost"], line["to_ship"]) for line in gone["lines"]] == [(0, 2), (0, 1)]
    assert await returns.waits_for(refund) == ("waiting", "customer")
    assert await returns.legs(refund) == {"ship_back": "running"}
    shown = await returns.inspect(refund, {1: {"missing": 2}, 2: {"missing": 1}})
    assert (shown["status"], shown["amount"]["amount"]) == ("inspected", "0.00")


async def test_a_lost_parcel_may_turn_up(returns: Returns, refund: Json) -> None:
    """T22: it counts once, as what came out of it."""
    lost = await returns.ship(refund, {1: 2})
    await returns.parcel(refund, lost, "write-off", lost_by="warehouse")
    assert problem(await returns.try_(refund, "receipts", lines=lines({1: 1})), 409) == "not-announced"
    shown = await returns.receive(refund, {1: 1}, parcel_id=lost["parcel_id"])
    assert (shown["lines"][0]["received"], shown["lines"][0]["lost"]) == (1, 0)
    shown = await returns.inspect(refund, {1: {"sound": 1, "missing": 1}, 2: {"missing": 1}})
    assert shown["amount"]["amount"] == "20.00"
    assert await returns.desk.rows("SELECT 1 FROM case_cost") == []


async def test_an_empty_parcel(returns: Returns, refund: Json) -> None:
    """T22: it arrived and held nothing of ours; nobody is told that goods came."""
    parcel = await returns.ship(refund)
    assert (await returns.try_(refund, "receipts", lines=[])).status_code == 422
    shown = await returns.receive(refund, {}, parcel_id=parcel["parcel_id"], surplus=1)
    assert (shown["status"], shown["parcels"][0]["status"]) == ("goods_received", "arrived")
    assert await returns.desk.rows("SELECT 1 FROM outbox WHERE subject = 'refund.goods_received'") == []


async def test_a_parcel_is_put_right_and_belongs_to_its_request(returns: Returns, refund: Json) -> None:
    """T22, X6: a wrong number; what is sealed opens for its own parcel."""
    parcel = await returns.ship(refund)
    right = {"carrier": "顺丰", "tracking_number": "SF9988776655"}
    corrected = (await returns.parcel(refund, parcel, "correct", **right)).json()["parcels"][0]
    assert (corrected["carrier"], corrected["tracking_number"]) == ("顺丰", "SF****6655")
    (row,) = await returns.desk.rows("SELECT sealed_tracking FROM return_parcel")
    assert b"9988776655" not in bytes(row.sealed_tracking)
    other = await returns.waiting(pieces={2: 1})
    assert (await returns.parcel(other, parcel, "search")).status_code == 404
    assert (
        await returns.try_(other, "receipts", parcel_id=parcel["parcel_id"], lines=lines({2: 1}))
    ).status_code == 404
    assert (await returns.try_(other, "receipts", parcel_id=str(new_id()), lines=lines({2: 1}))).status_code == 404
    assert problem(await returns.try_(refund, "ship-back", **PARCEL), 409) == "not-announced"


async def test_a_buyer_sends_back_and_sees_nothing_of_the_house(returns: Returns, refund: Json) -> None:
    """T40, X6: the buyer's own; another's doesn't exist; what the warehouse writes is for the house."""
    path = f"/v1/refunds/{refund['refund_id']}"
    ming = {"role": "storefront", "account_id": returns.desk.account("ming")}
    hong = {"role": "storefront", "account_id": returns.desk.account("hong")}
    assert (await returns.refunds.call("POST", f"{path}/ship-back", json=PARCEL, by=hong)).status_code == 404
    sent = await returns.refunds.call("POST", f"{path}/ship-back", json=PARCEL, by=ming)
    assert (sent.status_code, sent.json()["allowed"]) == (200, ["ship-back", "correct"]), sent.text
    assert sent.json()["parcels"][0]["allowed"] == ["correct"]
    receipt = {"lines": lines({1: 2, 2: 1})}
    assert (await returns.refunds.call("POST", f"{path}/receipts", json=receipt, by=ming)).status_code == 403
    assert (await returns.refunds.call("POST", f"{path}/receipts", FINANCE, json=receipt)).status_code == 403
    await returns.receive(refund, {1: 2, 2: 1}, note="包装破损，疑似调包")
    found = {1: {"damaged": 2}, 2: {"sound": 1}}
    await returns.inspect(refund, found, fault="courier", fault_reason="运输破损", note="内部备注")
    shown = await returns.get(refund, by=ming)
    assert shown["receipts"][0]["note"] is None
    told = {name: shown["inspection"][name] for name in ("fault", "fault_before", "fault_reason", "note")}
    assert told == dict.fromkeys(told)
    assert (await returns.refunds.call("GET", f"{path}/return", by=hong)).status_code == 404
    inside = await returns.get(refund)
    assert (inside["inspection"]["note"], inside["receipts"][0]["note"]) == ("内部备注", "包装破损，疑似调包")


async def test_what_was_counted_and_found_is_never_changed(returns: Returns, refund: Json) -> None:
    """X7: the database refuses it as well."""
    await returns.receive(refund, {1: 2})
    await returns.inspect(refund, {1: {"sound": 2}, 2: {"missing": 1}})
    for statement in (
        "UPDATE return_receipt_line SET quantity = 9", "DELETE FROM return_receipt_line",
        "UPDATE return_inspection SET passed = true", "DELETE FROM return_inspection_line",
    ):  # fmt: skip
        with pytest.raises(Exception, match="only ever added"):
            await returns.desk.change(statement)


async def test_a_service_receives_and_finance_does_not(returns: Returns, refund: Json) -> None:
    """G2: a warehouse system reports what it counts."""
    path = f"/v1/refunds/{refund['refund_id']}/receipts"
    body = {"lines": lines({1: 2, 2: 1})}
    assert (await returns.desk.call("POST", path, "finance", json=body)).status_code == 403
    assert (await returns.desk.call("POST", path, "service", json=body)).status_code == 201
    assert (await returns.refunds.get(refund, CHIEF))["status"] == "goods_received"


async def test_the_warehouse_finds_a_return_by_the_number_that_it_scans(returns: Returns, refund: Json) -> None:
    """T22, X1, X6: a parcel without a slip; the number lies sealed and is found all the same, in one's own shops."""
    parcel = await returns.ship(refund, slip=False)
    found = await returns.desk.call("POST", "/v1/return-parcels/lookup", json={"tracking_number": "zt1234567890"})
    assert [(one["refund_id"], one["parcel_id"]) for one in found.json()["items"]] == [
        (refund["refund_id"], parcel["parcel_id"])
    ]  # fmt: skip
    assert "1234567890" not in found.text
    await returns.parcel(refund, parcel, "correct", carrier="顺丰", tracking_number="SF1")
    for number, shops, hits in (("ZT1234567890", ["main"], 0), ("SF1", ["main"], 1), ("SF1", ["other"], 0)):
        answer = await returns.desk.call(
            "POST", "/v1/return-parcels/lookup", "service", json={"tracking_number": number}, shops=shops
        )
        assert len(answer.json()["items"]) == hits


async def test_parcels_that_are_looked_for_are_listed(returns: Returns, refund: Json) -> None:
    """T22: page by page, newest first."""
    first, second = await returns.ship(refund, {1: 1}), await returns.ship(refund, {1: 1, 2: 1})
    await returns.parcel(refund, first, "search")
    path = "/v1/return-parcels"
    searched = (await returns.desk.call("GET", f"{path}?status=searched")).json()
    assert [one["parcel_id"] for one in searched["items"]] == [first["parcel_id"]]
    page = (await returns.desk.call("GET", f"{path}?shop=main&limit=1")).json()
    assert [one["parcel_id"] for one in page["items"]] == [second["parcel_id"]]
    rest = (await returns.desk.call("GET", f"{path}?shop=main&limit=1&cursor={page['next_cursor']}")).json()
    assert ([one["parcel_id"] for one in rest["items"]], rest["next_cursor"]) == ([first["parcel_id"]], None)
    assert (await returns.desk.call("GET", path, shops=["other"])).json()["items"] == []
    assert (await returns.desk.call("GET", path, "storefront")).status_code == 403
