"""Every list and look-up is served by an index: with many rows, no plan reads a whole table, reads many rows that it
doesn't need, or sorts more than a handful (T5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Any
from uuid import UUID

import orjson
import pytest
from ticket_desk import Desk

ROWS = 20_000
FEW_READ = 1000
FEW_SORTED = 100
_FILL = (
    """
    INSERT INTO shop_order (order_id, shop, order_no, account_id, revision, currency, goods_minor, discount_minor,
        freight_minor, lines, historic, fake, flag_meaning, placed_at, recorded_at, version, event_seq)
    SELECT gen_random_uuid(), 'shop-' || n % 5, 'A-' || n, md5((n % 4000)::text)::uuid, 1, 'CNY', 100, 0, 0, '[]',
        false, n % 40 = 39, CASE n % 40 WHEN 0 THEN 'problem' WHEN 1 THEN 'cleared' WHEN 39 THEN 'fake' END,
        timestamptz '2026-01-01' + n * interval '7 minutes', now(), 1, 1
    FROM generate_series(1, {rows}) n
    """,
    """
    INSERT INTO ticket (ticket_id, number, kind, shop, status, waiting_on, subject, account_id, order_id, order_no,
        assignee_staff_id, priority, channel, source, opened_by, opened_at, times_reopened, touched_by, version,
        event_seq)
    SELECT uuidv7(n * interval '1 minute'), 'T-' || n, CASE WHEN dice % 50 = 7 THEN 'complaint' ELSE 'inquiry' END,
        shop, CASE WHEN die < 2 THEN 'new' WHEN die < 5 THEN 'open' WHEN die < 7 THEN 'waiting' WHEN die < 10
            THEN 'cancelled' ELSE 'closed' END,
        CASE WHEN die BETWEEN 5 AND 6 THEN 'courier' END, '查单', account_id, order_id, order_no,
        CASE WHEN die > 1 THEN md5(shop || dice % 6)::uuid END, 'normal', 'chat', 'manual', 'staff:x', now(), 0,
        '[]', 1, 1
    FROM (SELECT *, abs(hashint4(n)) % 100 AS die, abs(hashint4(-n)) AS dice
          FROM (SELECT *, row_number() OVER ()::int AS n FROM shop_order))
    """,
    """
    INSERT INTO order_flag (flag_id, order_id, flagged_by, flagged_at)
    SELECT gen_random_uuid(), order_id, 'staff:x', now() FROM shop_order
    """,
    "INSERT INTO order_delivery SELECT order_id FROM shop_order",
    "INSERT INTO staff_copy SELECT gen_random_uuid(), 'agent', 'active' FROM generate_series(1, {rows})",
    "INSERT INTO alias_copy SELECT 'shop-' || n % 5, 'a-' || n, gen_random_uuid() FROM generate_series(1, {rows}) n",
    """
    INSERT INTO customer_copy SELECT md5(n::text)::uuid, CASE WHEN n % 100 = 0 THEN md5((n + 1)::text)::uuid END,
        'zh-CN' FROM generate_series(1, {rows}) n
    """,
    "INSERT INTO account_copy SELECT md5(n::text)::uuid, 'main', md5(n::text)::uuid FROM generate_series(1, {rows}) n",
    "ANALYZE",
)
ORDER_FILTERS = {"shop": "shop-0", "account_id": None, "flag_meaning": "problem"}
TICKET_FILTERS = {
    "shop": "shop-0", "kind": "complaint", "status": "open", "assignee_staff_id": None, "account_id": None,
    "order_no": "A-100",
}  # fmt: skip
SOME_SHOPS = [{"shops": ["shop-1"]}, {"shops": ["shop-0", "shop-1"]}]


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    """The service with many orders, tickets and copies, and fresh statistics."""
    for statement in _FILL:
        await desk.change(statement.replace("{rows}", str(ROWS)).replace("::", "\\:\\:"))
    return desk


@dataclass(frozen=True)
class Plan:
    """What the database did for one statement."""

    statement: str
    root: dict[str, Any]

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Every step of it."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", [])

    @property
    def is_served(self) -> bool:
        """Whether it found its rows by an index, read few that it didn't need, and sorted but a handful. A bitmap is
        made of an index alone and reads no row."""
        return all(
            node["Node Type"] != "Seq Scan"
            and (node["Node Type"] == "Bitmap Index Scan" or _read(node) <= FEW_READ)
            and (node["Node Type"] != "Sort" or node["Plans"][0]["Actual Rows"] <= FEW_SORTED)
            for node in self.nodes()
        )

    def __str__(self) -> str:
        steps = [
            (node["Node Type"], node.get("Index Name"), node["Actual Rows"], node.get("Rows Removed by Filter", 0))
            for node in self.nodes()
        ]
        return f"{self.statement.partition('WHERE')[2] or self.statement}: {steps}"


def _read(node: dict[str, Any]) -> float:
    return float(node["Actual Rows"] + node.get("Rows Removed by Filter", 0))


async def plans(desk: Desk, method: str, path: str, role: str = "agent", **options: Any) -> list[Plan]:
    """How the database goes about all that a request asks it about this service's things."""
    return (await _asked(desk, method, path, role, **options))[0]


async def _asked(
    desk: Desk, method: str, path: str, role: str = "agent", **options: Any
) -> tuple[list[Plan], dict[str, Any]]:
    with desk.statements() as sent:
        answer = await desk.call(method, path, role, **options)
    assert answer.status_code < 300, answer.text
    connection = await desk.client.runtime.database.connect()
    try:
        found = [
            Plan(statement, await _explained(connection, statement, values))
            for statement, values in sent
            if statement.lstrip().startswith(("SELECT", "WITH"))
        ]
        return found, answer.json()
    finally:
        await connection.close()


async def _explained(connection: Any, statement: str, values: Any) -> dict[str, Any]:
    ((told,),) = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    return dict(orjson.loads(told)[0]["Plan"])


async def unserved(desk: Desk, path: str, filters: dict[str, Any], callers: list[dict[str, Any]]) -> list[str]:
    """The plans of a list that no index serves: all combinations of filters, the first page and a later one."""
    found: list[Plan] = []
    for caller, chosen in product(callers, _subsets(filters)):
        query = "".join(f"&{name}={filters[name]}" for name in chosen)
        first, page = await _asked(desk, "GET", f"{path}?limit=5{query}", **caller)
        found += first
        if page["next_cursor"]:
            found += await plans(desk, "GET", f"{path}?limit=5{query}&cursor={page['next_cursor']}", **caller)
    return [str(plan) for plan in found if not plan.is_served]


def _subsets(names: Any) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


async def known(desk: Desk, shop: str) -> dict[str, UUID]:
    """An account and a member of staff who have orders and open tickets in that shop, and in no other."""
    one = "SELECT account_id, assignee_staff_id FROM ticket WHERE shop = :shop AND status = 'open' LIMIT 1"
    (row,) = await desk.rows(one, shop=shop)
    return {"account_id": row.account_id, "assignee_staff_id": row.assignee_staff_id}


async def test_every_list_of_orders_is_served_by_an_index(crowded: Desk) -> None:
    """T5, X1, X6: of a token of all shops, of several, and of a buyer's; also what doesn't occur together."""
    for shop in ("shop-0", "shop-3"):
        account_id = (await known(crowded, shop))["account_id"]
        assert await unserved(crowded, "/v1/orders", ORDER_FILTERS | {"account_id": account_id}, [{}]) == []
        buyer = {"account_id": account_id, "shops": [shop], "role": "storefront"}
        assert await unserved(crowded, "/v1/orders", {"shop": "shop-0"}, [buyer]) == []
    of_shops = {"account_id": account_id, "flag_meaning": "problem"}
    assert await unserved(crowded, "/v1/orders", of_shops, SOME_SHOPS) == []


async def test_every_list_of_tickets_is_served_by_an_index(crowded: Desk) -> None:
    """T5, X1, X6: of a token of all shops, of several, and of a buyer's; also what doesn't occur together."""
    for shop in ("shop-0", "shop-3"):
        ids = await known(crowded, shop)
        assert await unserved(crowded, "/v1/tickets", TICKET_FILTERS | ids, [{}]) == []
        buyer = {"account_id": ids["account_id"], "shops": [shop], "role": "storefront"}
        assert await unserved(crowded, "/v1/tickets", {"shop": "shop-0", "status": "closed"}, [buyer]) == []
    of_shops = {name: value for name, value in (TICKET_FILTERS | ids).items() if name not in ("shop", "order_no")}
    assert await unserved(crowded, "/v1/tickets", of_shops, SOME_SHOPS) == []


async def test_every_look_up_is_served_by_an_index(crowded: Desk) -> None:
    """One order, its flags, a flag with its alias and inquiry, a ticket for a customer, each verb."""
    order = await crowded.put("A-1", "shop-0")
    where = "/v1/orders/shop-0/A-1"
    (file,) = await crowded.rows("SELECT customer_id FROM customer_copy WHERE merged_into IS NOT NULL LIMIT 1")
    (staff,) = await crowded.rows("SELECT staff_id FROM staff_copy LIMIT 1")
    found = await plans(crowded, "GET", where)
    found += await plans(crowded, "POST", f"{where}/flags", json={"colour": "green", "remark": "【a-7】"})
    found += await plans(crowded, "GET", f"{where}/flags")
    ticket = await crowded.open(order_no=order["order_no"], shop="shop-0")
    body = {"subject": "查单", "customer_id": str(file.customer_id)}
    found += await plans(crowded, "POST", "/v1/tickets", json=body)
    path = f"/v1/tickets/{ticket['ticket_id']}"
    found += await plans(crowded, "GET", path)
    found += await plans(crowded, "POST", f"{path}/start", headers={"Idempotency-Key": "start"})
    found += await plans(crowded, "POST", f"{path}/assign", "manager", json={"staff_id": str(staff.staff_id)})
    assert len(found) > 10
    assert [str(plan) for plan in found if not plan.is_served] == []
