"""Every list and look-up is served by an index: with many rows, no plan reads a whole table or sorts one (T5)."""

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from ticket_desk import Desk

ROWS = 20_000
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
    SELECT uuidv7(n * interval '1 minute'), 'T-' || n,
        CASE WHEN n % 50 = 0 THEN 'complaint' ELSE 'inquiry' END, o.shop,
        CASE WHEN n % 100 < 2 THEN 'new' WHEN n % 100 < 5 THEN 'open' WHEN n % 100 < 7 THEN 'waiting'
             WHEN n % 100 < 10 THEN 'cancelled' ELSE 'closed' END,
        CASE WHEN n % 100 BETWEEN 5 AND 6 THEN 'courier' END, '查单', o.account_id, o.order_id, o.order_no,
        CASE WHEN n % 100 > 1 THEN md5('staff' || n % 30)::uuid END, 'normal', 'chat', 'manual', 'staff:x', now(), 0,
        '[]', 1, 1
    FROM (SELECT *, row_number() OVER () AS n FROM shop_order) o
    """,
    """
    INSERT INTO order_flag (flag_id, order_id, flagged_by, flagged_at)
    SELECT gen_random_uuid(), order_id, 'staff:x', now() FROM shop_order
    """,
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


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    """The service with many orders, tickets and copies, and fresh statistics."""
    for statement in _FILL:
        await desk.change(statement.replace("{rows}", str(ROWS)).replace("::", "\\:\\:"))
    return desk


def subsets(names: Any) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


async def plans(desk: Desk, method: str, path: str, **options: Any) -> list[str]:
    """The plans of all that a request asks the database."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")) and "timer" not in statement:
            asked.append((statement, parameters))

    engine = desk.client.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await desk.call(method, path, **options)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code < 300, answer.text
    connection = await desk.client.runtime.database.connect()
    try:
        found = []
        for statement, parameters in asked:
            rows = await connection.fetch(f"EXPLAIN {statement}", *parameters)
            found.append("\n".join([statement, *(row[0] for row in rows)]))
        return found
    finally:
        await connection.close()


def whole(plan: str) -> bool:
    """Whether it reads a whole table or sorts."""
    return "Seq Scan" in plan or "Sort" in plan


async def known(desk: Desk) -> dict[str, UUID]:
    """An account and a member of staff who have tickets and orders."""
    (row,) = await desk.rows(
        "SELECT account_id, assignee_staff_id FROM ticket WHERE status = 'open' ORDER BY ticket_id LIMIT 1"
    )
    return {"account_id": row.account_id, "assignee_staff_id": row.assignee_staff_id}


async def test_every_list_of_orders_is_served_by_an_index(crowded: Desk) -> None:
    """Every combination of filters, first and later pages, of one shop's token, of several shops', of a buyer's."""
    ids = await known(crowded)
    bad = []
    for chosen in subsets(ORDER_FILTERS):
        query = "".join(f"&{name}={ORDER_FILTERS[name] or ids[name]}" for name in chosen)
        for caller in ({}, {"shops": ["shop-1"]}, {"shops": ["shop-0", "shop-1"]}):
            first = await crowded.call("GET", f"/v1/orders?limit=1{query}", **caller)
            cursor = first.json()["next_cursor"]
            for page in ("", f"&cursor={cursor}" if cursor else ""):
                bad += [plan for plan in await plans(crowded, "GET", f"/v1/orders?limit=20{query}{page}", **caller)
                        if whole(plan)]  # fmt: skip
    buyer = {"account_id": ids["account_id"], "shops": ["shop-0"], "role": "storefront"}
    bad += [plan for plan in await plans(crowded, "GET", "/v1/orders", **buyer) if whole(plan)]
    print(
        *["\n".join([b[b.index("WHERE") if "WHERE" in b else 0 :][:400]] + b.split(chr(10))[1:]) for b in bad],
        sep="\n=====\n",
    )
    assert not bad


async def test_every_list_of_tickets_is_served_by_an_index(crowded: Desk) -> None:
    """Every combination of filters, first and later pages, of one shop's token, of several shops', of a buyer's."""
    ids = await known(crowded)
    bad = []
    for chosen in subsets(TICKET_FILTERS):
        query = "".join(f"&{name}={TICKET_FILTERS[name] or ids[name]}" for name in chosen)
        for caller in ({}, {"shops": ["shop-0", "shop-1"]}):
            first = await crowded.call("GET", f"/v1/tickets?limit=1{query}", **caller)
            cursor = first.json()["next_cursor"]
            for page in ("", f"&cursor={cursor}" if cursor else ""):
                bad += [plan for plan in await plans(crowded, "GET", f"/v1/tickets?limit=20{query}{page}", **caller)
                        if whole(plan)]  # fmt: skip
    buyer = {"account_id": ids["account_id"], "shops": ["shop-0"], "role": "storefront"}
    bad += [plan for plan in await plans(crowded, "GET", "/v1/tickets", **buyer) if whole(plan)]
    print(
        *["\n".join([b[b.index("WHERE") if "WHERE" in b else 0 :][:400]] + b.split(chr(10))[1:]) for b in bad],
        sep="\n=====\n",
    )
    assert not bad


async def test_every_look_up_is_served_by_an_index(crowded: Desk) -> None:
    """One order, its flags, a flag with its alias and inquiry, a ticket for a customer, each verb."""
    (order,) = await crowded.rows("SELECT 1")
    where = f"/v1/orders/{order.shop}/{order.order_no}"
    (file,) = await crowded.rows("SELECT customer_id FROM customer_copy WHERE merged_into IS NOT NULL LIMIT 1")
    found = await plans(crowded, "GET", where)
    found += await plans(crowded, "GET", f"{where}/flags")
    found += await plans(crowded, "POST", f"{where}/flags", json={"colour": "green", "remark": "【a-7】"})
    ticket = await crowded.open(order_no=order.order_no, shop=order.shop)
    body = {"subject": "查单", "customer_id": str(file.customer_id)}
    found += await plans(crowded, "POST", "/v1/tickets", json=body)
    path = f"/v1/tickets/{ticket['ticket_id']}"
    found += await plans(crowded, "GET", path)
    found += await plans(crowded, "POST", f"{path}/start", headers={"Idempotency-Key": "start"})
    (staff,) = await crowded.rows("SELECT staff_id FROM staff_copy LIMIT 1")
    found += await plans(crowded, "POST", f"{path}/assign", role="manager", json={"staff_id": str(staff.staff_id)})
    assert len(found) > 10
    small = ("policy", "idempotency")  # tables of a few rows, read whole by good right in a test
    assert [plan for plan in found if whole(plan) and not any(f"FROM {table}" in plan for table in small)] == []
