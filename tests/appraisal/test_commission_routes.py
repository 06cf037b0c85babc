"""Commission quotes over HTTP (A6, X3)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from appraisal_desk import Desk
from sqlalchemy import insert
from stage import NOON, Starter

from kit.tables import policy

QUOTES = "/v1/appraisals/commission-quotes"


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("appraisal") as client:
        yield Desk(client)


async def quote(desk: Desk, **asked: Any) -> Any:
    answer = await desk.client.call("POST", QUOTES, "agent", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_quote_says_how_it_came_about(desk: Desk) -> None:
    assert await quote(desk, orders=1001) == {
        "orders": 1001,
        "variant": "progressive",
        "pool": {"amount": "1000.75", "currency": "CNY"},
        "pool_share": "1.00",
        "steps": [
            {"from": 1, "to": 1000, "orders": 1000, "rate": "1.00", "base": "0.00", "amount": "1000.00"},
            {"from": 1001, "to": 1001, "orders": 1, "rate": "0.75", "base": "0.00", "amount": "0.75"},
        ],
        "policy": {"name": "commission-tiers", "shop": "main", "version": 1},
    }


async def test_another_variant_can_be_tried(desk: Desk) -> None:
    assert (await quote(desk, orders=3001, variant="stage-table"))["pool"]["amount"] == "6000.50"
    assert (await quote(desk, orders=3001, variant="stage-base"))["pool"]["amount"] == "4500.50"


async def test_the_policy_in_force_decides_by_shop_and_time(desk: Desk) -> None:
    """A shop's own document goes before the company's; one of tomorrow doesn't count yet."""
    flat = {"steps": [{"rate": "2.00"}], "pool_share": "0.50"}
    rows = [
        {"shop": "B2C", "version": 1, "effective_from": NOON, "document": flat},
        {
            "shop": "B2C",
            "version": 2,
            "effective_from": NOON + timedelta(days=1),
            "document": {"steps": [{"rate": "9"}]},
        },
    ]
    async with desk.client.runtime.database.transaction() as session:
        await session.execute(
            insert(policy), [{"name": "commission-tiers", "saved_by": "test", **row} for row in rows]
        )
    own = await quote(desk, orders=1001, shop="B2C")
    assert own["pool"]["amount"] == "1001.00"
    assert own["policy"] == {"name": "commission-tiers", "shop": "B2C", "version": 1}
    assert (await quote(desk, orders=1001, shop="C2C"))["policy"]["shop"] == "main"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/orders"),
        ({"orders": -1}, "/orders"),
        ({"orders": 1.5}, "/orders"),
        ({"orders": "10"}, "/orders"),
        ({"orders": True}, "/orders"),
        ({"orders": 1, "variant": "flat"}, "/variant"),
        ({"orders": 1, "month": "2026-11"}, "/month"),
    ],
)
async def test_what_is_wrong_is_pointed_at(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    refused = await desk.client.call("POST", QUOTES, "agent", json=body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_shop_that_isnt_the_callers_is_forbidden(desk: Desk) -> None:
    refused = await desk.client.call("POST", QUOTES, "agent", json={"orders": 1, "shop": "C2C"}, shops=["main"])
    assert refused.status_code == 403


async def test_the_shipped_document_is_the_codes_default(desk: Desk) -> None:
    from services.appraisal.commission.policy import COMMISSION_TIERS

    ((document,),) = await desk.rows("SELECT document FROM policy WHERE name = 'commission-tiers'")
    assert document == orjson.loads(COMMISSION_TIERS.default.model_dump_json())
