"""T5, T60: every list of service requests, and every look at one, is served by an index."""

from typing import Any

import pytest
from request_desk import Requests
from test_ticket_plans import plans, unserved
from ticket_desk import Desk

pytestmark = pytest.mark.plans

ROWS = 20_000
_FILL = (
    """
    INSERT INTO ticket (ticket_id, number, kind, shop, status, subject, account_id, assignee_staff_id, priority, channel,
        source, opened_by, opened_at, times_reopened, touched_by, version, event_seq)
    SELECT uuidv7(n * interval '1 minute'), 'T-' || n, 'service_request', 'shop-' || n % 5, 'open', '开具发票',
        md5((n % 4000)::text)::uuid, md5((n % 60)::text)::uuid, 'normal', 'phone', 'manual', 'staff:x',
        now(), 0, '[]', 1, 1
    FROM generate_series(1, {rows}) n
    """,
    """
    INSERT INTO service_request (request_id, number, type, shop, account_id, organisation_id, unit_id, status, round,
        missing, policy_version, submitted_at, event_seq)
    SELECT ticket_id, number, CASE WHEN dice % 80 = 0 THEN 'charter' WHEN dice % 3 = 0 THEN 'correction' ELSE 'invoice'
        END, shop, account_id, CASE WHEN dice % 20 = 1 THEN md5('o' || dice % 400)::uuid END,
        md5('u' || dice % 50)::uuid,
        CASE WHEN dice % 20 = 0 THEN 'dispatched' WHEN dice % 50 = 1 THEN 'under_review' ELSE 'done' END, 1, '[]', 1,
        now(), 1
    FROM (SELECT *, abs(hashint4(n)) AS dice FROM (SELECT *, row_number() OVER ()::int AS n FROM ticket))
    """,
    """
    INSERT INTO service_request_form
    SELECT gen_random_uuid(), request_id, n, 'x', 'staff:x', now()
    FROM service_request, generate_series(1, 2) n
    """,
    """
    INSERT INTO service_request_step (step_id, request_id, round, step, recorded_by, recorded_at)
    SELECT gen_random_uuid(), request_id, 1, 'issued', 'staff:x', now() FROM service_request
    """,
    """
    INSERT INTO service_request_document SELECT request_id, 'licence', gen_random_uuid(), 'staff:x', now()
    FROM service_request
    """,
    """
    INSERT INTO service_request_over_short
    SELECT gen_random_uuid(), request_id, 1, 5, 1, 'CNY', 1, 't', NULL, false, 1, 100, 0, 0, 'staff:x', now()
    FROM service_request
    """,
    """
    INSERT INTO service_request_claim SELECT over_short_id, request_id, 1, 1, 'CNY', now()
    FROM service_request_over_short
    """,
    """
    INSERT INTO ticket_procedure SELECT ticket_id, 'checks', '核对', 'Checks', 'main', 1, 'staff:x', now() FROM ticket
    """,
    """
    INSERT INTO ticket_procedure_step SELECT ticket_id, 'checks', 's' || n, n, '核对', 'Check', true FROM ticket,
        generate_series(1, 3) n
    """,
    "INSERT INTO unit_copy SELECT gen_random_uuid(), 'u' || n, 'u', 'support', NULL, true FROM generate_series(1, {rows}) n",
    "ANALYZE",
)
FILTERS = {"shop": "shop-0", "type": "charter", "status": "dispatched"}


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    for statement in _FILL:
        await desk.change(statement.replace("{rows}", str(ROWS)).replace("::", "\\:\\:"))
    return desk


async def test_every_list_of_requests_is_served_by_an_index(crowded: Desk) -> None:
    """T5, X1: whatever is asked for together, of all shops, of some, and of one buyer."""
    (row,) = await crowded.rows(
        "SELECT unit_id, organisation_id, account_id, shop FROM service_request WHERE organisation_id IS NOT NULL LIMIT 1"
    )
    ids: dict[str, Any] = {"unit_id": row.unit_id, "organisation_id": row.organisation_id}
    callers: list[dict[str, Any]] = [{}, {"shops": ["shop-1"]}, {"shops": ["shop-0", "shop-1"]}]
    assert await unserved(crowded, "/v1/service-requests", FILTERS, callers[:1]) == []
    for name in FILTERS:
        assert await unserved(crowded, "/v1/service-requests", FILTERS, callers[1:], [(name,)]) == []
    assert await unserved(crowded, "/v1/service-requests", ids, callers) == []
    buyer = {"role": "storefront", "account_id": row.account_id, "shops": [row.shop]}
    assert await unserved(crowded, "/v1/service-requests", FILTERS, [buyer]) == []


async def test_one_request_is_looked_at_by_its_keys(crowded: Desk) -> None:
    """T60, T53: form, steps, documents, what was loaded, checklists, and the unit of a type."""
    requests = Requests(crowded)
    request = await requests.at("under_review", "logistics")
    path = f"/v1/service-requests/{request['service_request_id']}"
    match = {"If-Match": f'"{request["ticket"]["version"]}"'}
    found = [
        *await plans(crowded, "GET", path),
        *await plans(crowded, "POST", f"{path}/approve", headers=match),
        *await plans(crowded, "GET", f"/v1/tickets/{request['service_request_id']}/procedures"),
    ]
    assert len(found) > 10
    assert [str(plan) for plan in found if not plan.is_served] == []
