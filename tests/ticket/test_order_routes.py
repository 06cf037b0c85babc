"""One order over HTTP: recorded, corrected, masked, shown to whom it concerns (C10, E3, X4, X6, T40)."""

from fractions import Fraction
from typing import Any

from ticket_desk import LATER, PAID, PLACED, Desk, an_order, faults

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}


def line(number: int = 1, paid: str = "20.00", **facts: Any) -> dict[str, Any]:
    return {"line_no": number, "sku": "TEA", "quantity": 2, "paid_total": paid, **facts}


async def refused(desk: Desk, **facts: Any) -> list[str]:
    """Where an order with these fields is wrong."""
    answer = await desk.call("PUT", "/v1/orders/main/A-1", "storefront", json=an_order(**facts))
    assert "13812345678" not in answer.text
    return faults(answer)


async def test_only_a_higher_revision_replaces_an_order(desk: Desk) -> None:
    """C10: new, equal, lower, higher; nothing but the higher one leaves a trace."""
    first = await desk.call("PUT", "/v1/orders/main/A-1", "storefront", json=an_order(revision=5))
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    order_id = first.json()["order_id"]
    for revision in (5, 4, 1):
        again = await desk.call(
            "PUT", "/v1/orders/main/A-1", "storefront", json=an_order(revision=revision, amount="99.00", paid_at=PAID)
        )
        assert (again.status_code, again.headers["etag"]) == (200, '"1"')
        assert again.json() == first.json()
    higher = await desk.call(
        "PUT", "/v1/orders/main/A-1", "storefront", json=an_order(revision=6, amount="99.00", buyer="hong")
    )
    assert (higher.status_code, higher.headers["etag"]) == (200, '"2"')
    body = higher.json()
    assert (body["order_id"], body["revision"], body["goods_total"]["amount"]) == (order_id, 6, "99.00")
    assert body["account_id"] == str(desk.account("hong"))
    assert await desk.subjects(order_id) == ["order.recorded", "order.corrected"]
    assert await desk.audits(order_id) == ["recorded", "corrected"]


async def test_a_correction_replaces_everything_but_the_flag(desk: Desk) -> None:
    """C10, T30: what the storefront no longer says is gone; the floor's flag stays."""
    await desk.put(courier="SF", tracking_number="SF1234567890", recipient=RECIPIENT, region="江苏", agent="菲菲")
    await desk.flag("yellow")
    after = await desk.put(revision=2)
    assert [after[name] for name in ("courier", "tracking_number", "recipient", "region", "agent")] == [None] * 5
    assert (after["flag_meaning"], after["fake"], after["version"]) == ("fake", True, 3)


async def test_an_order_is_the_same_in_no_other_shop(desk: Desk) -> None:
    """X1: numbers are unique within their shop."""
    here, there = await desk.put("A-1", "main"), await desk.put("A-1", "outlet")
    assert here["order_id"] != there["order_id"]
    assert here["account_id"] != there["account_id"]


async def test_recipients_are_masked_in_every_answer(desk: Desk) -> None:
    """X6."""
    sent = await desk.put(recipient=RECIPIENT, tracking_number="SF1234567890", payer_token="payer-4711")
    shown = (await desk.call("GET", "/v1/orders/main/A-1")).json()
    listed = await desk.call("GET", "/v1/orders")
    assert sent == shown
    assert shown["recipient"] == {"name": "李**", "phone": "138****5678", "address": "江苏省连云港****"}
    assert shown["tracking_number"] == "SF****7890"
    for private in ("李小明", "13812345678", "海州区", "SF1234567890", "payer-4711", "ming"):
        assert private not in f"{shown} {listed.text}"


ADDS_UP = [
    ("24.99", {"lines": [line(1, "20.00"), line(2, "0.01")], "discount": "0.02", "freight": "5"}),
    ("0.00", {"discount": "20.00"}),
    ("0.00", {"lines": [line(paid="0")]}),
    ("2500", {"currency": "JPY", "lines": [line(paid="2000")], "freight": "500"}),
    ("1.234", {"currency": "KWD", "lines": [line(paid="1.234")]}),
    ("12.50", {"lines": [line(paid="12.5000")]}),
    ("999999999999.50", {"lines": [line(number, "1999999999.999") for number in range(1, 501)], "currency": "KWD"}),
]


async def test_amounts_that_add_up_are_kept_to_the_smallest_unit(desk: Desk) -> None:
    """X4, C10: Σ lines − discount + freight = paid."""
    for number, (paid, facts) in enumerate(ADDS_UP):
        order = await desk.put(f"A-{number}", paid=paid, **facts)
        assert Fraction(order["paid"]["amount"]) == Fraction(paid)
        assert order["paid"]["currency"] == facts.get("currency", "CNY")


DOES_NOT_ADD_UP = [
    {"paid": "20.01"},
    {"paid": "19.99"},
    {"paid": "20.00", "freight": "0.01"},
    {"paid": "20.00", "discount": "0.01"},
    {"discount": "20.01"},
    {"lines": [line(paid="1.001")]},
    {"currency": "JPY", "lines": [line(paid="1.5")]},
    {"freight": "0.0001"},
    {"lines": [line(1), line(1)]},
    {"lines": [line(cost="0.001")]},
    {"lines": [line(unit_price="0.001")]},
]


async def test_an_order_that_does_not_add_up_is_refused(desk: Desk) -> None:
    """X4: nor one whose amounts the currency can't hold, or that names a line twice."""
    for facts in DOES_NOT_ADD_UP:
        assert await refused(desk, **facts) == [""], facts
    assert (await desk.call("GET", "/v1/orders/main/A-1")).status_code == 404


MALFORMED = [
    ("/lines", {"lines": []}),
    ("/lines", {"lines": [line(number) for number in range(1, 502)]}),
    ("/lines/0/quantity", {"lines": [line(quantity=0)]}),
    ("/lines/0/quantity", {"lines": [line(quantity=1.5)]}),
    ("/lines/0/quantity", {"lines": [line(quantity="2")]}),
    ("/lines/0/line_no", {"lines": [line(number=0)]}),
    ("/lines/0/paid_total", {"lines": [line(paid=20)]}),
    ("/lines/0/paid_total", {"lines": [line(paid="-1")]}),
    ("/lines/0/paid_total", {"lines": [line(paid="1e2")]}),
    ("/lines/0/paid_total", {"lines": [line(paid="１")]}),
    ("/lines/0/paid_total", {"lines": [line(paid="1000000000000")]}),
    ("/lines/0/name", {"lines": [line(name="13812345678")]}),
    ("/revision", {"revision": 0}),
    ("/revision", {"revision": 1.0}),
    ("/revision", {"revision": 2**53 + 1}),
    ("/currency", {"currency": "cny"}),
    ("/historic", {"historic": "yes"}),
    ("/placed_at", {"placed_at": "2026-11-20T10:00:00"}),
    ("/placed_at", {"placed_at": 1_700_000_000}),
    ("/placed_at", {"placed_at": "1969-12-31T00:00:00Z"}),
    ("/placed_at", {"placed_at": None}),
    ("/buyer_ref", {"buyer": "a\nb"}),
    ("/buyer_ref", {"buyer": " "}),
    ("/region", {"region": "江苏\u0000"}),
    ("/recipient/mobile", {"recipient": {"mobile": "13812345678"}}),
    ("/order_no", {"order_no": "A-1"}),
]


async def test_a_fault_is_named_by_its_place_and_never_repeated(desk: Desk) -> None:
    """E3, X6: unknown fields, loose types and impossible values are refused."""
    for pointer, facts in MALFORMED:
        assert await refused(desk, **facts) == [pointer], facts


async def test_an_order_number_is_a_code(desk: Desk) -> None:
    """C10."""
    for number in ("A%201", "%E4%B8%80", "-A", "A" * 65, "A%00", "A;drop"):
        answer = await desk.call("PUT", f"/v1/orders/main/{number}", "storefront", json=an_order())
        assert faults(answer) == ["/path/order_no"], number


async def test_a_body_that_is_no_json_is_a_bad_request(desk: Desk) -> None:
    """E3."""
    headers = {**desk.client.as_("storefront"), "Content-Type": "application/json"}
    answer = await desk.client.http.put("/v1/orders/main/A-1", content=b'{"revision": ', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")


async def test_another_buyers_order_does_not_exist(desk: Desk) -> None:
    """T40, X6: to a token narrowed to one buyer there is that buyer's order and nothing else."""
    await desk.put(buyer="ming", amount="20.00")
    mine = await desk.call("GET", "/v1/orders/main/A-1", "storefront", account_id=desk.account("ming"))
    foreign = await desk.call("GET", "/v1/orders/main/A-1", "storefront", account_id=desk.account("hong"))
    nothing = await desk.call("GET", "/v1/orders/main/A-2", "storefront", account_id=desk.account("hong"))
    assert (mine.status_code, foreign.status_code, nothing.status_code) == (200, 404, 404)
    assert {**foreign.json(), "request_id": None} == {**nothing.json(), "request_id": None}


async def test_a_buyer_sees_no_costs_and_no_suspicions(desk: Desk) -> None:
    """X6: what the goods cost the shop and what its agents think of the order are not the buyer's."""
    await desk.put(lines=[line(cost="7.00")])
    await desk.flag("yellow")
    buyer = {"account_id": desk.account("ming")}
    shown = (await desk.call("GET", "/v1/orders/main/A-1", "storefront", **buyer)).json()
    (listed,) = (await desk.call("GET", "/v1/orders", "storefront", **buyer)).json()["items"]
    for order in (shown, listed):
        assert (order["cost"], order["lines"][0]["cost"], order["fake"], order["flag_meaning"]) == (
            None, None, False, None,
        )  # fmt: skip
    assert (await desk.call("GET", "/v1/orders/main/A-1", "storefront")).json()["fake"] is True
    for hidden in ("/v1/orders?flag_meaning=fake", "/v1/orders/main/A-1/flags"):
        assert (await desk.call("GET", hidden, "storefront", **buyer)).status_code == 403


async def test_a_buyers_token_writes_no_orders(desk: Desk) -> None:
    """X6, T40: nobody takes over another's order by correcting it, nor marks an own one as paid."""
    before = await desk.put(buyer="ming")
    for buyer in ("ming", "hong"):
        body = an_order(buyer=buyer, revision=2, paid_at=PAID)
        answer = await desk.call(
            "PUT", "/v1/orders/main/A-1", "storefront", json=body, account_id=desk.account(buyer)
        )  # fmt: skip
        assert answer.status_code == 403
    item = {"shop": "main", "order_no": "A-1", **an_order(buyer="hong", revision=3)}
    batch = await desk.call(
        "POST", "/v1/orders/batches", "storefront", json={"orders": [item]}, account_id=desk.account("hong")
    )
    assert batch.status_code == 403
    assert (await desk.call("GET", "/v1/orders/main/A-1")).json() == before


async def test_a_token_of_one_shop_works_in_that_shop(desk: Desk) -> None:
    """X1."""
    await desk.put("A-1", "outlet")
    here = {"shops": ["main", "flagship"]}
    assert (await desk.call("GET", "/v1/orders/outlet/A-1", **here)).status_code == 404
    put = await desk.call("PUT", "/v1/orders/outlet/A-1", "storefront", json=an_order(revision=2), **here)
    assert (put.status_code, put.json()["shop"]) == (403, "outlet")
    assert (await desk.call("GET", "/v1/orders/outlet/A-1", shops=["outlet"])).json()["version"] == 1


async def test_times_come_back_with_their_offset_in_utc(desk: Desk) -> None:
    """X5."""
    order = await desk.put(placed_at=PLACED, paid_at=PAID, shipped_at=LATER)
    assert (order["placed_at"], order["paid_at"]) == ("2026-11-20T02:00:00Z", "2026-11-20T02:01:00Z")
    assert (order["shipped_at"], order["received_at"]) == ("2026-11-20T10:00:00Z", None)


async def test_other_methods_are_named(desk: Desk) -> None:
    """The Allow header is complete, over all routes of the path."""
    answer = await desk.call("DELETE", "/v1/orders/main/A-1", "storefront")
    assert answer.status_code == 405
    assert {"GET", "PUT"} <= {method.strip() for method in answer.headers["allow"].split(",")}
