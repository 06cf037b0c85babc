"""Orders as the storefront sends them (C10, E3)."""

from conftest import Starter

ORDER = {
    "buyer_ref": "旺旺:xiaoming",
    "lines": [{"line_no": 1, "sku": "SKU-1", "quantity": 2, "paid_total": "20.00"}],
    "discount": "1.00",
    "freight": "5.00",
    "paid": "24.00",
    "placed_at": "2026-11-20T10:00:00+08:00",
    "paid_at": "2026-11-20T10:01:00+08:00",
    "recipient": {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"},
}


async def test_an_order_is_recorded_once_and_replaced_by_a_higher_revision(start_service: Starter) -> None:
    async with start_service("ticket") as ticket:
        first = await ticket.call("PUT", "/v1/orders/main/A-1", "storefront", json=ORDER)
        assert first.status_code == 201, first.text
        assert first.json()["recipient"] == {"name": "李**", "phone": "138****5678", "address": "江苏省连云港****"}
        again = await ticket.call("PUT", "/v1/orders/main/A-1", "storefront", json=ORDER)
        assert again.status_code == 200
        assert again.json()["version"] == 1
        shipped = {**ORDER, "revision": 2, "shipped_at": "2026-11-20T18:00:00+08:00"}
        corrected = await ticket.call("PUT", "/v1/orders/main/A-1", "storefront", json=shipped)
        assert corrected.json()["version"] == 2
        assert corrected.json()["shipped_at"] is not None
