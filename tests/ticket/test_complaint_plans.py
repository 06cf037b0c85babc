"""T5, T15: every list of complaints is served by an index, and the month's report reads the tally: with 30,000 complaints a
month its statements take less than 20 ms together, in the database."""

from typing import Any

import pytest
from complaint_desk import CULPRIT, Complaints
from test_ticket_plans import Plan, plans, unserved
from ticket_desk import Desk

pytestmark = pytest.mark.plans

ROWS = 20_000
_FILL = (
    """
    INSERT INTO ticket (ticket_id, number, kind, shop, status, subject, account_id, assignee_staff_id, priority, channel,
        source, opened_by, opened_at, times_reopened, touched_by, version, event_seq)
    SELECT uuidv7(n * interval '1 minute'), 'T-' || n, 'complaint', 'shop-' || n % 5, 'open', '茶壶',
        md5((n % 4000)::text)::uuid, md5((n % 60)::text)::uuid, 'normal', 'phone', 'manual', 'staff:x',
        now(), 0, '[]', 1, 1
    FROM generate_series(1, {rows}) n
    """,
    """
    INSERT INTO complaint (complaint_id, number, shop, account_id, category, stage, occurred_at, wish, nature, severity,
        judged_at, unit_id, responsible_staff_id, cause_code, cause, grade, round, promised_for, due_at, verified_at,
        times_not_settled, times_not_carried_out, times_unsatisfied, times_missed, times_reopened, injury_or_safety,
        media_or_regulator, month, opened_at, closed_at, event_seq)
    SELECT ticket_id, number, shop, account_id,
        CASE WHEN dice % 40 = 0 THEN 'emergency' WHEN dice % 3 = 0 THEN 'service' ELSE 'quality' END,
        CASE WHEN dice % 20 = 0 THEN 'customer_informed' WHEN dice % 20 = 1 THEN 'recorded' ELSE 'closed' END,
        now(), '退款', 'founded', 2, now(), md5('unit' || dice % 50)::uuid, md5((dice % 60)::text)::uuid, 'packing',
        '破损', CASE WHEN dice % 50 = 0 THEN 'repeat' WHEN dice % 200 = 1 THEN 'malignant' ELSE 'ordinary' END, 1,
        now(), CASE WHEN dice % 20 = 0 THEN timestamptz '2026-11-01' + n * interval '1 minute' END,
        CASE WHEN dice % 20 > 1 THEN now() END, 0, 0, 0, 0, 0, false, false,
        '2026-' || lpad((n % 12 + 1)::text, 2, '0'), now(), CASE WHEN dice % 20 > 1 THEN now() END, 0
    FROM (SELECT *, abs(hashint4(n)) AS dice FROM (SELECT *, row_number() OVER ()::int AS n FROM ticket))
    """,
    """
    INSERT INTO complaint_tally
    SELECT '2026-' || lpad(m::text, 2, '0'), measure, 'shop-' || s, measure || '-' || k, 100
    FROM generate_series(1, 12) m, generate_series(0, 4) s,
        unnest(ARRAY['opened', 'category', 'grade', 'nature', 'ended', 'promise']) measure, generate_series(1, 3) k
    """,
    """
    INSERT INTO complaint_tally
    SELECT '2026-' || lpad(m::text, 2, '0'), measure, 'shop-' || s, md5(measure || k)::uuid::text, 60
    FROM generate_series(1, 12) m, generate_series(0, 4) s,
        unnest(ARRAY['unit', 'unit_founded', 'responsible', 'handled', 'handled_kept']) measure, generate_series(1, 100) k
    """,
    """
    INSERT INTO complaint_tally
    SELECT '2026-' || lpad(m::text, 2, '0'), 'minutes', 'shop-' || s, (k * 10)::text, 10
    FROM generate_series(1, 12) m, generate_series(0, 4) s, generate_series(1, 600) k
    """,
    """
    INSERT INTO complaint_call (call_id, complaint_id, number, shop, month, round, result, manner, called_by, called_at)
    SELECT gen_random_uuid(), complaint_id, number, shop, month, 1, 'satisfied', 'call', 'staff:x', now() FROM complaint
    """,
    """
    INSERT INTO complaint_improvement (improvement_id, complaint_id, number, shop, measure, owner_staff_id, due_on,
        set_by, set_at, done_by, done_at)
    SELECT gen_random_uuid(), complaint_id, number, shop, 'x', responsible_staff_id, opened_at::date, 'staff:x', now(),
        CASE WHEN n % 10 > 0 THEN 'staff:x' END, CASE WHEN n % 10 > 0 THEN now() END
    FROM (SELECT *, row_number() OVER () AS n FROM complaint)
    """,
    "ANALYZE",
)
FILTERS = {
    "shop": "shop-0", "stage": "customer_informed", "category": "emergency", "grade": "malignant",
    "month": "2026-03",
}  # fmt: skip
OTHERS = [{"shops": ["shop-1"], "role": "supervisor"}, {"shops": ["shop-0", "shop-1"], "role": "supervisor"}]


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    await Complaints(desk).settle_in()
    for statement in _FILL:
        await desk.change(statement.replace("{rows}", str(ROWS)).replace("::", "\\:\\:"))
    return desk


async def test_every_list_of_complaints_is_served_by_an_index(crowded: Desk) -> None:
    """T5, X1: whatever is asked for together, of all shops and of some."""
    (row,) = await crowded.rows(
        "SELECT unit_id, responsible_staff_id FROM complaint WHERE unit_id IS NOT NULL LIMIT 1"
    )
    ids: dict[str, Any] = {"unit_id": row.unit_id, "responsible_staff_id": row.responsible_staff_id}
    assert await unserved(crowded, "/v1/complaints", FILTERS, [{"role": "supervisor"}]) == []
    assert await unserved(crowded, "/v1/complaints", ids, [{"role": "supervisor"}, *OTHERS]) == []
    for name in ("stage", "grade", "category", "month"):
        assert await unserved(crowded, "/v1/complaints", {name: FILTERS[name]}, OTHERS) == []
    due = {"promise_due_before": "2026-11-05T00:00:00Z", "shop": "shop-0"}
    assert await unserved(crowded, "/v1/complaints", due, [{"role": "supervisor"}]) == []
    buyer = {
        "account_id": (await crowded.rows("SELECT account_id FROM complaint LIMIT 1"))[0][0],
        "role": "storefront",
    }
    assert await unserved(crowded, "/v1/complaints", {"stage": "closed"}, [buyer]) == []
    for path in ("/v1/complaints/callbacks?month=2026-03", "/v1/complaints/improvements?overdue=true",
                 "/v1/complaints/improvements?done=true", f"/v1/complaints/improvements?owner_staff_id={CULPRIT}"):  # fmt: skip
        assert [str(plan) for plan in await plans(crowded, "GET", path, "supervisor") if not plan.is_served] == []


async def test_the_report_of_a_busy_month_takes_less_than_twenty_milliseconds(crowded: Desk) -> None:
    """T15: 30,000 complaints a month of five shops, a year of them; all its statements together, as EXPLAIN ANALYZE
    tells. It reads no complaint."""
    for query, role in (("month=2026-12", "manager"), ("month=2026-12&shop=shop-0", "manager")):
        found = await plans(crowded, "GET", f"/v1/ticket-reports/complaints?{query}", role)
        assert len(found) >= 5
        assert not any(" complaint " in f" {plan.statement} " for plan in found)
        assert all(node["Node Type"] != "Seq Scan" or _small(node) for plan in found for node in plan.nodes())
        assert sum(plan.root["Actual Total Time"] for plan in found) <= 20, [_timed(plan) for plan in found]


def _small(node: dict[str, Any]) -> bool:
    """A table of a few rows is read as a whole."""
    return float(node["Actual Rows"]) <= 100


def _timed(plan: Plan) -> tuple[str, float]:
    return plan.statement, plan.root["Actual Total Time"]
