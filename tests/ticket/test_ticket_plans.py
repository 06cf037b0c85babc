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

pytestmark = pytest.mark.plans

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
        event_seq, customer_id, group_code, unit_id, category, tags, due_at)
    SELECT uuidv7(n * interval '1 minute'), 'T-' || n, CASE WHEN dice % 50 = 7 THEN 'complaint' ELSE 'inquiry' END,
        shop, CASE WHEN die < 2 THEN 'new' WHEN die < 5 THEN 'open' WHEN die < 7 THEN 'waiting' WHEN die < 10
            THEN 'cancelled' ELSE 'closed' END,
        CASE WHEN die BETWEEN 5 AND 6 THEN 'courier' END, '查单', account_id, order_id, order_no,
        CASE WHEN die > 1 THEN md5(shop || dice % 6)::uuid END, CASE WHEN dice % 90 = 8 THEN 'urgent' ELSE 'normal' END,
        CASE WHEN dice % 70 = 9 THEN 'phone' ELSE 'chat' END, 'manual', 'staff:x', now(), 0, '[]', 1, 1, account_id,
        CASE WHEN dice % 3 > 0 THEN 'group-' || dice % 4 END, CASE WHEN dice % 30 = 1 THEN md5('u' || dice % 7)::uuid END,
        CASE WHEN dice % 5 = 1 THEN 'category-' || dice % 11 END,
        CASE WHEN dice % 9 = 1 THEN jsonb_build_array('tag-' || dice % 13) ELSE '[]' END,
        CASE WHEN die < 7 THEN timestamptz '2026-01-01' + dice % 90000 * interval '1 minute' END
    FROM (SELECT *, abs(hashint4(n)) % 100 AS die, abs(hashint4(-n)) AS dice
          FROM (SELECT *, row_number() OVER ()::int AS n FROM shop_order))
    """,
    "INSERT INTO ticket_tag SELECT tags ->> 0, ticket_id FROM ticket WHERE tags <> '[]'",
    """
    INSERT INTO ticket_watcher SELECT md5(abs(hashtext(number)) % 8 || 'w')::uuid, ticket_id FROM ticket
    WHERE abs(hashtext(number)) % 10 = 3
    """,
    """
    INSERT INTO ticket_message SELECT uuidv7(), ticket_id, NULL, n % 3 = 0, CASE n % 3 WHEN 1 THEN 'customer' ELSE 'staff'
        END, false, 'staff:x', NULL, '您好', now()
    FROM ticket, generate_series(1, CASE WHEN number = 'T-77' THEN 5000 ELSE 2 END) n
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
MORE_FILTERS = {
    "group": "group-1", "unit_id": None, "category": "category-6", "tag": "tag-5", "watcher_staff_id": None,
    "customer_id": None, "channel": "phone", "priority": "urgent", "unassigned": "true", "number": "T20261121-000001",
    "opened_from": "2026-11-20T10:00:00Z",
}  # fmt: skip
NOWHERE = {"group": "no-such", "category": "no-such", "tag": "no-such", "channel": "letter", "priority": "low"}
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
        """Whether it found its rows by an index, read few that it didn't need, and sorted but a handful."""
        return self.reads_at_most(FEW_READ, FEW_SORTED)

    def reads_at_most(self, read: int, sorted_: int) -> bool:
        """Whether it found its rows by an index and no step read or sorted more. A bitmap is made of an index alone
        and reads no row."""
        return all(
            node["Node Type"] != "Seq Scan"
            and (node["Node Type"] == "Bitmap Index Scan" or _read(node) <= read)
            and (node["Node Type"] != "Sort" or node["Plans"][0]["Actual Rows"] <= sorted_)
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
            if statement.lstrip().startswith(("SELECT", "WITH")) and "INSERT INTO" not in statement
        ]
        return found, answer.json()
    finally:
        await connection.close()


async def _explained(connection: Any, statement: str, values: Any) -> dict[str, Any]:
    ((told,),) = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    return dict(orjson.loads(told)[0]["Plan"])


async def unserved(
    desk: Desk,
    path: str,
    filters: dict[str, Any],
    callers: list[dict[str, Any]],
    asked: Any = None,
    few: tuple[int, int] | None = None,
) -> list[str]:
    """The plans of a list that no index serves: these or all combinations of filters, the first page and a later
    one."""
    found: list[Plan] = []
    for caller, chosen in product(callers, asked or list(_subsets(filters))):
        query = "".join(f"&{name}={filters[name]}" for name in chosen)
        first, page = await _asked(desk, "GET", f"{path}?limit=5{query}", **caller)
        found += first
        if page["next_cursor"]:
            found += await plans(desk, "GET", f"{path}?limit=5{query}&cursor={page['next_cursor']}", **caller)
    return [str(plan) for plan in found if not (plan.is_served if few is None else plan.reads_at_most(*few))]


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


async def test_every_list_by_what_else_a_ticket_says_is_served_by_an_index(crowded: Desk) -> None:
    """T5: each of them with each of those that most lists ask by; also values that don't occur at all."""
    of = "SELECT md5('u' || 3)::uuid AS unit_id, (SELECT staff_id FROM ticket_watcher LIMIT 1) AS watcher_staff_id"
    (ids,) = await crowded.rows(of.replace("::", "\\:\\:"))
    known_ids = {**ids._mapping, "customer_id": (await known(crowded, "shop-0"))["account_id"]}
    filters = MORE_FILTERS | known_ids | {"shop": "shop-0", "status": "open", "kind": "complaint"}
    with_each = [()] + [(name,) for name in ("shop", "status", "kind")] + [("shop", "status")]
    asked = [(name, *others) for name in MORE_FILTERS for others in with_each]
    assert await unserved(crowded, "/v1/tickets", filters, [{}], asked) == []
    asked = [(name, *others) for name in NOWHERE for others in with_each]
    assert await unserved(crowded, "/v1/tickets", filters | NOWHERE, [{}], asked) == []
    asked = [
        ("tag", "category"),
        ("group", "unassigned"),
        ("group", "unassigned", "shop"),
        ("watcher_staff_id", "tag"),
    ]
    assert await unserved(crowded, "/v1/tickets", filters, [{}, *SOME_SHOPS], asked) == []


async def test_what_is_due_first_is_found_by_an_index(crowded: Desk) -> None:
    """T49, T5: of everybody, of a shop, of somebody, of a group; the queue; what is narrowed further never reads more
    than what is unfinished, however many have ended."""
    (row,) = await crowded.rows("SELECT count(*) AS n FROM ticket WHERE due_at IS NOT NULL")
    few = (row.n, row.n // 2)
    ids = await known(crowded, "shop-0")
    filters = TICKET_FILTERS | MORE_FILTERS | ids | {"sort": "due"}
    narrowed = [(), ("shop",), ("assignee_staff_id",), ("group",), ("status",), ("unassigned",), ("group", "unassigned"),
                ("shop", "status"), ("shop", "kind"), ("assignee_staff_id", "status"), ("tag",), ("priority",)]  # fmt: skip
    asked = [("sort", *one) for one in narrowed]
    assert await unserved(crowded, "/v1/tickets", filters, [{}, *SOME_SHOPS], asked, few) == []
    plain = [("sort",), ("sort", "shop"), ("sort", "assignee_staff_id"), ("sort", "group")]
    assert await unserved(crowded, "/v1/tickets", filters, [{}], plain, (100, 100)) == []


async def test_a_conversation_is_found_by_an_index(crowded: Desk) -> None:
    """T5: of 5,000 messages a page reads a page, whoever reads it."""
    (row,) = await crowded.rows("SELECT ticket_id, account_id FROM ticket WHERE number = 'T-77'")
    path = f"/v1/tickets/{row.ticket_id}/messages?limit=50"
    found: list[Plan] = []
    for claims in ({}, {"role": "storefront", "account_id": row.account_id}):
        first, page = await _asked(crowded, "GET", path, **claims)
        found += first + await plans(crowded, "GET", f"{path}&cursor={page['next_cursor']}", **claims)
    assert [str(plan) for plan in found if not plan.is_served] == []


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
    found += await plans(crowded, "POST", f"{path}/messages", json={"text": "您好"})
    buyer = {"role": "storefront", "account_id": ticket["account_id"]}
    found += await plans(crowded, "POST", f"{path}/messages", json={"text": "在吗"}, **buyer)
    found += await plans(crowded, "POST", f"{path}/watchers", json={"staff_id": str(staff.staff_id)})
    found += await plans(crowded, "PUT", f"{path}/deadline", json={"deadline_at": None, "version_stamp": 1})
    other = await crowded.open(order_no=order["order_no"], shop="shop-0")
    link = {"kind": "parent", "ticket_id": other["ticket_id"]}
    found += await plans(crowded, "POST", f"{path}/links", json=link)
    found += await plans(crowded, "GET", f"{path}/links")
    found += await plans(crowded, "GET", f"{path}/history")
    into = {"into_ticket_id": other["ticket_id"], "reason": "同一件事"}
    found += await plans(crowded, "POST", f"{path}/merge", json=into)
    assert len(found) > 10
    assert [str(plan) for plan in found if not plan.is_served] == []
