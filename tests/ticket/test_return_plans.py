"""Returns and replacements read what is asked for and nothing else, however many there have been."""

import re
from typing import Any

import orjson
import pytest
from refund_desk import AGENT, Refunds
from return_desk import Returns
from test_ticket_plans import FEW_READ, Plan
from ticket_desk import Desk

pytestmark = pytest.mark.plans

CASES = 5_000
_OURS = re.compile(r"\s*(SELECT|UPDATE|DELETE)\b.*\b(return_\w+|exchange\w*)\b", re.DOTALL)
_FILL = (
    """
    INSERT INTO ticket (ticket_id, number, kind, shop, status, subject, priority, channel, source,
        opened_by, opened_at, times_reopened, touched_by, version, event_seq, tags)
    SELECT ('00' || substr(md5('k' || n), 3))::uuid, 'K-' || n, 'exchange', 'main', 'open', '换货', 'normal', 'chat',
        'manual', 'staff:x', now(), 0, '[]', 1, 1, '[]' FROM generate_series(1, {cases}) n
    """,
    """
    INSERT INTO refund (refund_id, number, shop, order_id, order_no, currency, kind, status, reason, fault, shipped,
        ahead, goods_moved, freight_insured, goods_minor, freight_minor, deducted_minor, amount_minor, out_payer,
        fee_minor, evidence, reasons_version, freight_version, approved_by, attempt, requested_by,
        requested_at, event_seq)
    SELECT ticket_id, number, shop, ticket_id, number, 'CNY', 'exchange', 'inspected', 'quality', 'merchant', true,
        false, true, false, 0, 0, 0, 0, 'as_paid', 0, '[]', 1, 1, '[]', 0, 'staff:x', now(), 1
    FROM ticket WHERE number LIKE 'K-%'
    """,
    """
    INSERT INTO return_parcel (parcel_id, refund_id, shop, status, carrier, sealed_tracking, tracking_hash, slip,
        announced_at, announced_by, arrived_at)
    SELECT refund_id, refund_id, 'main', 'arrived', '中通', 'x', sha256(number::bytea), true, now(), 'staff:x', now()
    FROM refund WHERE number LIKE 'K-%'
    """,
    "INSERT INTO return_parcel_line SELECT parcel_id, 1, 1 FROM return_parcel",
    """
    INSERT INTO return_receipt (receipt_id, refund_id, parcel_id, surplus, received_at, received_by)
    SELECT parcel_id, refund_id, parcel_id, 0, now(), 'staff:x' FROM return_parcel
    """,
    "INSERT INTO return_receipt_line SELECT receipt_id, 1, 1 FROM return_receipt",
    """
    INSERT INTO return_inspection (inspection_id, refund_id, round, passed, fault, inspected_at, inspected_by)
    SELECT parcel_id, refund_id, 1, true, 'merchant', now(), 'staff:x' FROM return_parcel
    """,
    "INSERT INTO return_inspection_line SELECT inspection_id, 1, 1, 0, 0, 0, 0, 0 FROM return_inspection",
    """
    INSERT INTO exchange (exchange_id, shop, status, difference_minor, again_minor, topped_up_minor, times_lost,
        began_at, sent_at, received_at, event_seq)
    SELECT refund_id, 'main', 'received', 0, 0, 0, 0, now(), now(), now(), 1 FROM refund WHERE number LIKE 'K-%'
    """,
    "INSERT INTO exchange_article SELECT exchange_id, 0, 1, 'TEA', 1, NULL FROM exchange",
    """
    INSERT INTO exchange_sending (sending_id, exchange_id, courier, ahead, sent_at, sent_by)
    SELECT exchange_id, exchange_id, '顺丰', false, now(), 'staff:x' FROM exchange
    """,
    """
    INSERT INTO shop_order (order_id, shop, order_no, account_id, revision, currency, goods_minor, discount_minor,
        freight_minor, lines, historic, fake, freight_insured, placed_at, recorded_at, version, event_seq)
    SELECT exchange_id, 'main', 'T-' || exchange_id, exchange_id, 1, 'CNY', 100, 0, 0, '[]', false, false, false, now(),
        now(), 1, 1 FROM exchange
    """,
    """
    INSERT INTO exchange_top_up (order_id, exchange_id, order_no, amount_minor, linked_at, linked_by)
    SELECT order_id, order_id, order_no, 100, now(), 'staff:x' FROM shop_order
    """,
    """
    INSERT INTO exchange_call (call_id, exchange_id, result, called_at)
    SELECT exchange_id, exchange_id, 'waits', now() FROM exchange
    """,
    "ANALYZE",
)


@pytest.fixture
async def crowded(desk: Desk) -> Returns:
    """The desk after years of returns."""
    for statement in _FILL:
        await desk.change(statement.replace("{cases}", str(CASES)).replace("::", "\\:\\:"))
    return Returns(await Refunds(desk).settle_in())


async def test_every_question_is_served_by_an_index(crowded: Returns) -> None:
    await crowded.refunds.order()
    refund = await crowded.waiting(kind="exchange")
    with crowded.desk.statements() as sent:
        parcel = await crowded.ship(refund)
        await crowded.parcel(refund, parcel, "search")
        await crowded.receive(refund, {1: 2}, parcel_id=parcel["parcel_id"])
        await crowded.inspect(refund, {1: {"sound": 2}})
        await crowded.done(refund, "run-out", reason="断货")
        await crowded.done(refund, "call-customer", result="waits")
        await crowded.done(refund, "restock", reason="到货")
        await crowded.done(refund, "send", courier="顺丰", tracking_number="SF1")
        await crowded.done(refund, "lose", reason="丢件")
        await crowded.get(refund)
        for asked in (
            "return-parcels?limit=1", "return-parcels?shop=main&limit=1", "return-parcels?status=searched",
            "exchanges?limit=5", "exchanges?status=ready&limit=5", "exchanges?shop=main&limit=5",
        ):  # fmt: skip
            assert (await crowded.refunds.call("GET", f"/v1/{asked}", AGENT)).status_code == 200
        number = {"tracking_number": "ZT1234567890"}
        found = await crowded.refunds.call("POST", "/v1/return-parcels/lookup", AGENT, json=number)
        assert len(found.json()["items"]) == 1
    plans = [await _plan(crowded.desk, *one) for one in sent if _OURS.match(one[0]) and "UPDATE" not in one[0]]
    assert len(plans) > 40
    assert [str(plan) for plan in plans if not plan.reads_at_most(FEW_READ, FEW_READ)] == []


async def _plan(desk: Desk, statement: str, values: Any) -> Plan:
    connection = await desk.client.runtime.database.connect()
    try:
        ((told,),) = await connection.fetch(f"EXPLAIN (FORMAT JSON, ANALYZE) {statement}", *values)
        return Plan(statement, orjson.loads(told)[0]["Plan"])
    finally:
        await connection.close()
