"""Money moves under an Idempotency-Key only: asked for, decided on and tried again."""

import pytest
from stage import ANY_ID
from ticket_desk import Desk, faults

MOVES = {
    "/v1/refunds": "agent",
    f"/v1/refunds/{ANY_ID}/approve": "manager",
    f"/v1/refunds/{ANY_ID}/retry": "finance",
    f"/v1/refunds/{ANY_ID}/inspect": "agent",
    f"/v1/exchanges/{ANY_ID}/receive": "agent",
    f"/v1/tickets/{ANY_ID}/goodwill": "agent",
    f"/v1/tickets/{ANY_ID}/goodwill/{ANY_ID}/approve": "manager",
    f"/v1/tickets/{ANY_ID}/goodwill/{ANY_ID}/retry": "agent",
    "/v1/order-changes": "agent",
    f"/v1/order-changes/{ANY_ID}/agree": "manager",
    f"/v1/order-changes/{ANY_ID}/confirm": "manager",
    f"/v1/order-changes/{ANY_ID}/retry": "manager",
    f"/v1/payments/{ANY_ID}/book-late": "finance",
}


@pytest.mark.parametrize("path", MOVES)
async def test_money_moves_under_a_key_only(desk: Desk, path: str) -> None:
    without = await desk.call("POST", path, MOVES[path])
    assert "/header/idempotency-key" in faults(without)
    with_one = await desk.call("POST", path, MOVES[path], json={}, headers={"Idempotency-Key": "k-1"})
    assert with_one.status_code in (404, 412, 422, 428), with_one.text
    assert "/header/idempotency-key" not in with_one.text


async def test_who_may_not_hears_that_first(desk: Desk) -> None:
    for path in MOVES:
        assert (await desk.call("POST", path, "auditor")).status_code == 403
