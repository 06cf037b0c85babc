"""Approvals, goodwill and costs read what counts and nothing else, however many cases there have been."""

import re
from typing import Any

import orjson
import pytest
from goodwill_desk import AGENT, CHIEF, OFFERS, GoodwillDesk, place
from test_ticket_plans import FEW_READ, Plan
from ticket_desk import Desk

pytestmark = pytest.mark.plans

CASES = 6_000
_OURS = re.compile(r"\s*SELECT\b.*\b(approval\w*|goodwill|case_cost|budget_spent)\b", re.DOTALL)
_GUARDED = ("approval_case", "approval", "goodwill")
_FILL = (
    *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in _GUARDED),
    """
    INSERT INTO shop_order (order_id, shop, order_no, account_id, revision, currency, goods_minor, discount_minor,
        freight_minor, lines, historic, fake, placed_at, recorded_at, version, event_seq)
    SELECT md5('o' || n)::uuid, 'main', 'O-' || n, md5('a' || n % 3000)::uuid, 1, 'CNY', 100, 0, 0, '[]', false, false,
        now(), now(), 1, 1 FROM generate_series(1, {cases} / 2) n
    """,
    """
    INSERT INTO approval_case (case_id, noun, shop, order_id, account_id, status, requested_by_person,
        written_by_person, team_id, content_version, content_digest, currency, amount_minor, approved_minor,
        approved_at, month, policy_version, order_total_minor, customer_total_minor, opened_at)
    SELECT md5('c' || n)::uuid, 'refund', 'main', md5('o' || (n + 1) / 2)::uuid, md5('a' || n % 3000)::uuid, 'approved',
        'staff:x', 'staff:x', md5('t' || n % 20)::uuid, 1, sha256('x'), 'CNY', 100, 100,
        timestamptz '2026-11-21' - n * interval '20 minutes',
        to_char(timestamptz '2026-11-21' - n * interval '20 minutes', 'YYYY-MM'), 1, 100, 100, now()
    FROM generate_series(1, {cases}) n
    """,
    "INSERT INTO approval SELECT case_id, 1, 'staff:y', 1, '[\"agent\"]', 'agent:y', now() FROM approval_case",
    """
    INSERT INTO ticket (ticket_id, number, kind, shop, status, subject, order_id, order_no, priority, channel, source,
        opened_by, opened_at, times_reopened, touched_by, version, event_seq, tags)
    SELECT md5('k' || n)::uuid, 'K-' || n, 'inquiry', 'main', 'open', '补偿', md5('o' || n)::uuid, 'O-' || n, 'normal',
        'chat', 'manual', 'staff:x', now(), 0, '[]', 1, 1, '[]' FROM generate_series(1, {cases} / 2) n
    """,
    """
    INSERT INTO goodwill (goodwill_id, ticket_id, shop, order_id, order_no, line_no, status, currency, amount_minor,
        most_minor, defect, fault, policy_version, payment_key, offered_by, offered_at, approved_by, attempts, version,
        event_seq)
    SELECT md5('g' || n)::uuid, md5('k' || n)::uuid, 'main', md5('o' || n)::uuid, 'O-' || n, 1, 'offered', 'CNY', 1, 1,
        '划痕', 'merchant', 1, md5('p' || n)::uuid, 'staff:x', now(), '[]', 0, 1, 1
    FROM generate_series(1, {cases} / 2) n
    """,
    """
    INSERT INTO case_cost (cost_id, cause_id, ticket_id, order_id, shop, kind, currency, amount_minor, fault, bearer,
        month, booked_at, version)
    SELECT md5('b' || n)::uuid, md5('g' || n)::uuid, md5('k' || n)::uuid, md5('o' || n)::uuid, 'main', 'goodwill', 'CNY',
        1, 'merchant', 'company', CASE WHEN n % 100 = 0 THEN '2026-11' ELSE '2025-' || lpad((n % 12 + 1)::text, 2, '0')
        END, now(), 1 FROM generate_series(1, {cases} / 2) n
    """,
    *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in _GUARDED),
    "ANALYZE",
)


@pytest.fixture
async def crowded(desk: Desk) -> GoodwillDesk:
    """The desk after years of cases."""
    for statement in _FILL:
        await desk.change(statement.replace("{cases}", str(CASES)).replace("::", "\\:\\:"))
    return GoodwillDesk(desk)


async def test_every_question_is_served_by_an_index(crowded: GoodwillDesk) -> None:
    ticket = await crowded.ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}"
    with crowded.desk.statements() as sent:
        offered = await crowded.offer(ticket)
        await crowded.done(offered, "approve", AGENT)
        for asked in (f"{path}/goodwill?limit=5", place(offered), f"{path}/costs"):
            assert (await crowded.call("GET", asked, OFFERS)).status_code == 200
        for query in ("month=2026-11", "month=2026-11&shop=main"):
            report = await crowded.call("GET", f"/v1/ticket-reports/costs?{query}", CHIEF)
            assert report.json()["totals"] == [{"amount": f"0.{CASES // 200}", "currency": "CNY"}]
    found = [await _plan(crowded.desk, *one) for one in sent if _OURS.match(one[0])]
    assert len(found) > 10
    assert [str(plan) for plan in found if not plan.reads_at_most(FEW_READ, FEW_READ)] == []


async def _plan(desk: Desk, statement: str, values: Any) -> Plan:
    connection = await desk.client.runtime.database.connect()
    try:
        ((told,),) = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
        return Plan(statement, orjson.loads(told)[0]["Plan"])
    finally:
        await connection.close()
