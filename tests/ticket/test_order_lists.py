"""Lists of orders: newest first, page by page, by every filter, and nobody sees more than is theirs (C10, X1, X6)."""

from typing import Any

import pytest
from ticket_desk import Desk, an_item, faults

pytestmark = pytest.mark.usefixtures("cleared_freely")

SHOPS = ("main", "outlet")


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """24 orders of two shops and three buyers; some placed at the same instant, every fourth of `main` flagged."""
    items = [
        an_item(
            f"A-{n:02}", SHOPS[n % 2], buyer=f"buyer-{n % 3}", placed_at=f"2026-11-{1 + n // 3:02}T10:00:00+08:00"
        )
        for n in range(24)
    ]
    await desk.send(*items)
    for n in range(0, 24, 4):
        await desk.flag("yellow" if n % 8 else "red", order=f"main/A-{n:02}")
    return desk


async def listed(desk: Desk, query: str = "", role: str = "agent", **claims: Any) -> list[dict[str, Any]]:
    """All orders of a list, page by page; every page but the last is full."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await desk.call("GET", f"/v1/orders?limit=5{query}{cursor}", role, **claims)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            assert "link" not in answer.headers
            return found
        assert len(page["items"]) == 5
        assert 'rel="next"' in answer.headers["link"]
        assert page["next_cursor"] in answer.headers["link"]
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_list_is_complete_and_newest_first(filled: Desk) -> None:
    """C10: no order twice, none left out, also where many were placed at one instant."""
    orders = await listed(filled)
    assert len({order["order_id"] for order in orders}) == len(orders) == 24
    places = [(order["placed_at"], order["order_id"]) for order in orders]
    assert places == sorted(places, reverse=True)


async def test_every_filter_and_all_their_combinations(filled: Desk) -> None:
    """C10: filters are joined by *and*; what is listed is what one order at a time says."""
    everything = await listed(filled)
    account = str(filled.account("buyer-0"))
    filters = {"shop": "main", "account_id": account, "flag_meaning": "fake"}
    for chosen in range(8):
        asked = {name: value for bit, (name, value) in enumerate(filters.items()) if chosen >> bit & 1}
        query = "".join(f"&{name}={value}" for name, value in asked.items())
        expected = [order for order in everything if all(order[name] == value for name, value in asked.items())]
        assert expected
        assert await listed(filled, query) == expected, query


async def test_a_list_goes_on_where_it_was_while_orders_arrive(filled: Desk) -> None:
    """A page follows a key, not a number of rows."""
    first = (await filled.call("GET", "/v1/orders?limit=5")).json()
    await filled.send(an_item("NEW", placed_at="2026-11-20T10:00:00+08:00"))
    second = (await filled.call("GET", f"/v1/orders?limit=5&cursor={first['next_cursor']}")).json()
    assert [order["order_no"] for order in first["items"] + second["items"]] == [
        order["order_no"] for order in (await listed(filled))[1:11]
    ]


async def test_a_buyer_lists_only_that_buyers_orders(filled: Desk) -> None:
    """T40, X6: asking for another's finds nothing."""
    buyer = {"account_id": filled.account("buyer-0")}
    mine = await listed(filled, role="storefront", **buyer)
    assert {order["account_id"] for order in mine} == {str(filled.account("buyer-0"))}
    assert len(mine) == len([order for order in await listed(filled) if order["account_id"] == mine[0]["account_id"]])
    other = f"&account_id={filled.account('buyer-1')}"
    assert await listed(filled, other, role="storefront", **buyer) == []
    assert await listed(filled, "&shop=outlet", role="storefront", **buyer) == []


async def test_a_token_of_some_shops_lists_those_shops(filled: Desk) -> None:
    """X1: with or without asking for a shop."""
    assert {order["shop"] for order in await listed(filled, shops=["outlet"])} == {"outlet"}
    assert len(await listed(filled, shops=["outlet", "flagship"])) == 12
    assert len(await listed(filled, shops=["outlet", "main"])) == 24
    assert await listed(filled, "&shop=main", shops=["outlet"]) == []
    assert await listed(filled, shops=["flagship"]) == []


async def test_a_query_that_means_nothing_is_refused(filled: Desk) -> None:
    """A parameter that doesn't exist, a cursor of another list, a limit out of bounds."""
    tickets = filled.call("GET", "/v1/tickets?limit=1")
    for _ in range(2):
        await filled.open()
    foreign = (await tickets).json()["next_cursor"]
    own = (await filled.call("GET", "/v1/orders?limit=1")).json()["next_cursor"]
    wrong = {
        "/query/limit": ["limit=0", "limit=201", "limit=x", "limit="],
        "/query/cursor": [f"cursor={foreign}", f"cursor={own[:-2]}", f"cursor=A{own}", "cursor=%00", "cursor="],
        "/query/colour": ["colour=red"],
        "/query/flag_meaning": ["flag_meaning=red"],
        "/query/account_id": ["account_id=ming"],
        "/query/shop": ["shop=%E4%B8%BB"],
    }
    for pointer, queries in wrong.items():
        for query in queries:
            assert faults(await filled.call("GET", f"/v1/orders?{query}")) == [pointer], query
