"""`/v1/customers`: files with their accounts and purchases, within the caller's sight (C1, C13, T40, X1)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from customer_orders import PLACED, Copying, account_of, an_order
from sqlalchemy import text
from stage import Starter

from contracts.permissions import ROLES
from kit.ids import new_id
from kit.principals import system

LATER = PLACED + timedelta(days=1)


@pytest.fixture
async def customer(start_service: Starter) -> AsyncIterator[Copying]:
    async with start_service("customer") as client:
        yield Copying(client)


async def _give_account(customer: Copying, buyer: str, to: UUID) -> None:
    """Let the account of `buyer` lead to the file `to`, as a person may have several accounts (C1)."""
    async with customer.client.transactions.begin(system("test")) as work:
        for table in ("account", "purchase"):
            moved = f"UPDATE {table} SET customer_id = :to WHERE account_id = :account"
            await work.session.execute(text(moved), {"to": to, "account": account_of(buyer)})


def _paid(first: str, last: str) -> dict[str, str]:
    return {"first_paid_at": first, "last_paid_at": last}


def _kept(net: str, refunded: str) -> dict[str, str]:
    return {"refunded": refunded, "net": net}


async def test_a_customer_shows_accounts_and_purchases(customer: Copying) -> None:
    await customer.hear(
        an_order("A-1", paid="20.00"),
        an_order("A-2", paid="0.01", placed_at=LATER, paid_at=LATER),
        an_order("A-3", paid="500.00", top_up_of="A-1"),
        an_order("A-4", paid="300", currency="JPY"),
        an_order("A-5", paid=None),
    )
    customer_id = await customer.customer_of("ming")
    answer = await customer.client.call("GET", f"/v1/customers/{customer_id}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"1"'
    body = answer.json()
    first, last = "2026-11-01T02:03:00Z", "2026-11-02T02:00:00Z"
    assert body["purchases"] == [
        {
            "shop": "main",
            "currency": "CNY",
            "orders": 2,
            "spend": "20.01",
            **_kept("20.01", "0.00"),
            **_paid(first, last),
        },
        {"shop": "main", "currency": "JPY", "orders": 1, "spend": "300", **_kept("300", "0"), **_paid(first, first)},
    ]
    assert body["accounts"] == [{"shop": "main", "account_id": str(account_of("ming")), "buyer_ref": None}]
    assert (body["customer_id"], body["provisional"], body["language"]) == (str(customer_id), True, "zh-CN")


async def test_an_unknown_customer_is_not_found(customer: Copying) -> None:
    for path in ("", "/purchases"):
        answer = await customer.client.call("GET", f"/v1/customers/{new_id()}{path}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/not-found"


async def test_customers_are_listed_newest_first_over_pages(customer: Copying) -> None:
    for number in range(5):
        await customer.hear(an_order(f"A-{number}", buyer=f"buyer-{number}"))
    expected = [str(await customer.customer_of(f"buyer-{number}")) for number in reversed(range(5))]
    seen: list[str] = []
    path = "/v1/customers?limit=2"
    while path:
        page = (await customer.client.call("GET", path)).json()
        assert len(page["items"]) <= 2
        assert all(item["purchases"][0]["spend"] == "20.00" for item in page["items"])
        seen += [item["customer_id"] for item in page["items"]]
        path = f"/v1/customers?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == expected


async def test_a_page_that_ends_exactly_has_no_next(customer: Copying) -> None:
    await customer.hear(an_order("A-1"), an_order("A-2", buyer="hong"))
    answer = await customer.client.call("GET", "/v1/customers?limit=2")
    assert answer.json()["next_cursor"] is None
    assert "link" not in answer.headers


async def test_filters_find_by_shop_account_and_provisional(customer: Copying) -> None:
    await customer.hear(an_order("A-1"), an_order("A-2", buyer="hong", shop="outlet"))
    ming, hong = await customer.customer_of("ming"), await customer.customer_of("hong", "outlet")
    for query, expected in (
        ("", {ming, hong}),
        ("shop=outlet", {hong}),
        ("shop=nowhere", set()),
        (f"account_id={account_of('ming')}", {ming}),
        (f"account_id={account_of('ming')}&shop=outlet", set()),
        ("provisional=true", {ming, hong}),
        ("provisional=false", set()),
    ):
        page = (await customer.client.call("GET", f"/v1/customers?{query}")).json()
        assert {UUID(item["customer_id"]) for item in page["items"]} == expected, query


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "colour=red", "account_id=x", "cursor=AAAA", "provisional=?"]
)
async def test_a_query_that_means_nothing_is_refused(customer: Copying, query: str) -> None:
    answer = await customer.client.call("GET", f"/v1/customers?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


async def test_purchases_are_listed_newest_first_over_pages(customer: Copying) -> None:
    """Also where many were placed at the same instant."""
    same = [an_order(f"A-{number}") for number in range(4)]
    later = an_order("A-9", placed_at=LATER, paid=None)
    await customer.hear(later, *same, an_order("B-1", buyer="hong"))
    expected = [str(later.order_id), *sorted((str(order.order_id) for order in same), reverse=True)]
    path = f"/v1/customers/{await customer.customer_of('ming')}/purchases?limit=2"
    seen, cursor = [], ""
    for size in (2, 2, 1):
        page = (await customer.client.call("GET", path + cursor)).json()
        assert len(page["items"]) == size
        seen += [item["order_id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert seen == expected


async def test_a_purchase_tells_what_was_paid_and_whether_it_counts(customer: Copying) -> None:
    order = an_order("A-1", paid="12.5", fake=True, flag_meaning="fake")
    await customer.hear(order)
    page = await customer.client.call("GET", f"/v1/customers/{await customer.customer_of('ming')}/purchases")
    (item,) = page.json()["items"]
    assert (item["order_no"], item["paid"], item["currency"], item["counted"]) == ("A-1", "12.50", "CNY", False)
    assert "customer_id" not in item


async def test_a_cursor_of_another_list_is_refused(customer: Copying) -> None:
    await customer.hear(an_order("A-1"), an_order("A-2", buyer="hong"))
    cursor = (await customer.client.call("GET", "/v1/customers?limit=1")).json()["next_cursor"]
    path = f"/v1/customers/{await customer.customer_of('ming')}/purchases?cursor={cursor}"
    assert (await customer.client.call("GET", path)).status_code == 422


async def test_a_buyer_sees_its_own_file_and_no_other(customer: Copying) -> None:
    """T40: another account gets the answer of a thing that doesn't exist."""
    await customer.hear(an_order("A-1"), an_order("A-2", buyer="hong"))
    ming, hong = await customer.customer_of("ming"), await customer.customer_of("hong")
    buyer = {"account_id": account_of("ming")}
    for path in ("", "/purchases"):
        own = await customer.client.call("GET", f"/v1/customers/{ming}{path}", "storefront", **buyer)
        assert own.status_code == 200
        other = await customer.client.call("GET", f"/v1/customers/{hong}{path}", "storefront", **buyer)
        nobody = await customer.client.call("GET", f"/v1/customers/{new_id()}{path}", "storefront", **buyer)
        assert other.status_code == nobody.status_code == 404
        assert {**other.json(), "request_id": ""} == {**nobody.json(), "request_id": ""}
    for query, found in (("", [ming]), (f"?account_id={account_of('hong')}", []), ("?shop=main", [ming])):
        listed = await customer.client.call("GET", f"/v1/customers{query}", "storefront", **buyer)
        assert [UUID(item["customer_id"]) for item in listed.json()["items"]] == found


async def test_a_buyer_without_a_file_finds_nothing(customer: Copying) -> None:
    await customer.hear(an_order())
    buyer = {"account_id": account_of("nobody")}
    listed = await customer.client.call("GET", "/v1/customers", "storefront", **buyer)
    assert listed.json() == {"items": [], "next_cursor": None}


async def test_a_buyer_does_not_see_another_account_of_the_same_file(customer: Copying) -> None:
    """An order is discussed only with the account that placed it, even where one person has both."""
    await customer.hear(an_order("A-1", paid="20.00"), an_order("A-2", buyer="ming-too", paid="7.00"))
    ming = await customer.customer_of("ming")
    await _give_account(customer, "ming-too", to=ming)
    whole = (await customer.client.call("GET", f"/v1/customers/{ming}")).json()
    assert (len(whole["accounts"]), whole["purchases"][0]["spend"]) == (2, "27.00")
    buyer = {"account_id": account_of("ming-too")}
    own = (await customer.client.call("GET", f"/v1/customers/{ming}", "storefront", **buyer)).json()
    assert [account["account_id"] for account in own["accounts"]] == [str(account_of("ming-too"))]
    assert own["purchases"][0]["spend"] == "7.00"
    page = (await customer.client.call("GET", f"/v1/customers/{ming}/purchases", "storefront", **buyer)).json()
    assert [item["order_no"] for item in page["items"]] == ["A-2"]


async def test_a_token_for_one_shop_sees_that_shop(customer: Copying) -> None:
    await customer.hear(an_order("A-1", shop="main"), an_order("A-2", buyer="hong", shop="outlet"))
    ming, hong = await customer.customer_of("ming"), await customer.customer_of("hong", "outlet")
    assert (await customer.client.call("GET", f"/v1/customers/{hong}", shops=["outlet"])).status_code == 200
    assert (await customer.client.call("GET", f"/v1/customers/{ming}", shops=["outlet"])).status_code == 404
    for query, found in (("", [hong]), ("?shop=outlet", [hong]), ("?shop=main", [])):
        listed = (await customer.client.call("GET", f"/v1/customers{query}", shops=["outlet"])).json()["items"]
        assert [UUID(item["customer_id"]) for item in listed] == found


@pytest.mark.parametrize("role", [*ROLES, "stranger"])
async def test_who_may_read_customers(customer: Copying, role: str) -> None:
    await customer.hear(an_order())
    customer_id = await customer.customer_of("ming")
    for path in ("/v1/customers", f"/v1/customers/{customer_id}", f"/v1/customers/{customer_id}/purchases"):
        answer = await customer.client.call("GET", path, role)
        assert answer.status_code == (403 if role == "stranger" else 200)
        assert (await customer.client.http.get(path)).status_code == 401
