"""Lists of tickets: newest first, page by page, by every filter, and nobody sees more than is theirs (T5, X1, X6)."""

from itertools import product
from typing import Any

import pytest
from ticket_desk import Desk, faults

from kit.ids import new_id

ME = new_id()


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """16 tickets: in two shops, with and without order, new or taken up."""
    for shop, buyer in product(("main", "outlet"), ("ming", "hong")):
        await desk.put(f"A-{buyer}", shop, buyer=buyer)
    for shop, buyer, taken, about in product(("main", "outlet"), ("ming", "hong"), (False, True), (False, True)):
        ticket = await desk.open(shop=shop, **({"order_no": f"A-{buyer}"} if about else {}))
        if taken:
            await desk.verb(ticket, "start", by={"staff_id": ME})
    return desk


async def listed(desk: Desk, query: str = "", role: str = "agent", **claims: Any) -> list[dict[str, Any]]:
    """All tickets of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await desk.call("GET", f"/v1/tickets?limit=3{query}{cursor}", role, **claims)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == 3
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_list_is_complete_and_newest_first(filled: Desk) -> None:
    """T5: what a list shows of a ticket is what the ticket itself shows."""
    tickets = await listed(filled)
    numbers = [ticket["number"] for ticket in tickets]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 16
    assert (await filled.call("GET", f"/v1/tickets/{tickets[5]['ticket_id']}")).json() == tickets[5]


async def test_every_filter_and_all_their_combinations(filled: Desk) -> None:
    """T5: filters are joined by *and*."""
    everything = await listed(filled)
    filters = {
        "shop": "main", "kind": "inquiry", "status": "open", "assignee_staff_id": str(ME),
        "account_id": str(filled.account("ming")), "order_no": "A-ming",
    }  # fmt: skip
    for chosen in range(1 << len(filters)):
        asked = {name: value for bit, (name, value) in enumerate(filters.items()) if chosen >> bit & 1}
        expected = [one for one in everything if all(one[name] == value for name, value in asked.items())]
        assert expected
        query = "".join(f"&{name}={value}" for name, value in asked.items())
        found = (await filled.call("GET", f"/v1/tickets?limit=200{query}")).json()
        assert (found["items"], found["next_cursor"]) == (expected, None), query
    assert await listed(filled, "&kind=complaint") == []
    assert await listed(filled, "&shop=main&status=open") == [
        one for one in everything if (one["shop"], one["status"]) == ("main", "open")
    ]


async def test_a_buyer_lists_only_that_buyers_tickets(filled: Desk) -> None:
    """T40, X6: asking for another's finds nothing."""
    buyer = {"account_id": filled.account("ming"), "shops": ["main"]}
    mine = await listed(filled, role="storefront", **buyer)
    assert {(one["account_id"], one["shop"]) for one in mine} == {(str(buyer["account_id"]), "main")}
    assert len(mine) == 2
    for query in (f"&account_id={filled.account('hong')}", "&order_no=A-hong", "&shop=outlet"):
        assert await listed(filled, query, role="storefront", **buyer) == []


async def test_a_token_of_some_shops_lists_those_shops(filled: Desk) -> None:
    """X1: with or without asking for a shop."""
    assert {one["shop"] for one in await listed(filled, shops=["outlet"])} == {"outlet"}
    assert len(await listed(filled, shops=["outlet", "main"])) == 16
    assert await listed(filled, "&shop=main", shops=["outlet"]) == []


async def test_a_query_that_means_nothing_is_refused(filled: Desk) -> None:
    """T5: a parameter that doesn't exist, a cursor of another list, values of no vocabulary."""
    orders = (await filled.call("GET", "/v1/orders?limit=1")).json()["next_cursor"]
    for pointer, query in (
        ("/query/limit", "limit=0"),
        ("/query/cursor", f"cursor={orders}"),
        ("/query/subject", "subject=x"),
        ("/query/customer_id", "customer_id=me"),
        ("/query/status", "status=ended"),
        ("/query/kind", "kind=riddle"),
        ("/query/assignee_staff_id", "assignee_staff_id=me"),
        ("/query/order_no", "order_no=A%201"),
    ):
        assert faults(await filled.call("GET", f"/v1/tickets?{query}")) == [pointer], query
