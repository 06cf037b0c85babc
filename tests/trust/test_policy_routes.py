"""Policies over HTTP: what is in force when, its history, new versions, and what is refused (X3)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from stage import NOON, Client, Starter

from kit.clock import FrozenClock
from kit.problems import Fault
from services.ticket.flag.policy import FLAG_SCHEME, FlagScheme

FLAGS = "/v1/policies/ticket/flag-scheme"
CLASSIC = {
    "scheme": "classic",
    "meanings": {"red": "cleared", "green": "problem", "purple": "solved", "yellow": "fake"},
}
SALES_MARK = {
    "scheme": "sales-mark",
    "meanings": {"green": "sale", "red": "refund_or_change", "yellow": "exchange"},
}
TOMORROW = NOON + timedelta(days=1)


async def schedule(ticket: Client, shop: str = "main", **facts: Any) -> httpx.Response:
    body = {"shop": shop, "document": SALES_MARK, "reason": "促销季", **facts}
    return await ticket.call("POST", f"{FLAGS}/versions", "manager", json=body)


async def in_force(ticket: Client, **asked: str) -> dict[str, Any]:
    shown = await ticket.http.get(FLAGS, params=asked, headers=ticket.as_("supervisor"))
    assert shown.status_code == 200, shown.text
    return dict(shown.json()["in_force"])


def faults(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_every_policy_of_the_service_is_shown_with_its_default(ticket: Client) -> None:
    shown = (await ticket.call("GET", "/v1/policies/ticket", "finance")).json()["items"]
    assert {"flag-scheme", "ticket-life"} <= {one["name"] for one in shown}
    for one in shown:
        assert one["title_zh"]
        assert one["title_en"]
        assert one["schema"]["type"] == "object"
        assert (one["in_force"]["version"], one["in_force"]["shop"]) == (1, "main")
    assert (await in_force(ticket))["document"] == CLASSIC


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ticket", "flag-scheme"),
        ("ticket", "ticket-life"),
        ("appraisal", "commission-tiers"),
        ("notify", "quiet-start"),
    ],
)
async def test_each_service_shows_its_own(start_service: Starter, service: str, name: str) -> None:
    async with start_service(service) as client:
        shown = await client.call("GET", f"/v1/policies/{service}/{name}", "admin")
        assert shown.json()["in_force"]["version"] == 1
        default = shown.json()["in_force"]["document"]
        judged = await client.call(
            "POST", f"/v1/policies/{service}/{name}/validate", "admin", json={"document": default}
        )
        assert judged.json() == {"valid": True}
        for nowhere in (f"/v1/policies/{service}/no-such", f"/v1/policies/gateway/{name}"):
            assert (await client.call("GET", nowhere, "admin")).status_code == 404


async def test_a_scheme_changes_what_green_means_from_its_instant_on(ticket: Client, clock: FrozenClock) -> None:
    """T30: the same flag on the same shop's orders, a moment before and at the instant; other shops keep theirs."""
    for number in ("A-1", "A-2", "A-3"):
        for shop in ("B2C", "main"):
            line = {"line_no": 1, "sku": "TEA", "quantity": 1, "paid_total": "9.00"}
            order = {"buyer_ref": "ming", "lines": [line], "placed_at": "2026-11-20T10:00:00+08:00"}
            put = await ticket.call("PUT", f"/v1/orders/{shop}/{number}", "storefront", json=order)
            assert put.status_code == 201, put.text

    async def meaning(number: str, shop: str = "B2C") -> str:
        flagged = await ticket.call("POST", f"/v1/orders/{shop}/{number}/flags", json={"colour": "green"})
        return str(flagged.json()["meaning"])

    scheduled = await schedule(ticket, "B2C", effective_from=TOMORROW.isoformat())
    assert scheduled.status_code == 201, scheduled.text
    assert scheduled.json()["version"] == 1
    assert scheduled.json()["state"] == "scheduled"
    assert await meaning("A-1") == "problem"
    clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert await meaning("A-2") == "problem"
    clock.advance(timedelta(microseconds=1))
    assert await meaning("A-3") == "sale"
    assert await meaning("A-3", "main") == "problem"
    assert (await in_force(ticket, shop="B2C"))["document"] == SALES_MARK
    assert (await in_force(ticket, shop="B2C", at=NOON.isoformat()))["document"] == CLASSIC


async def test_a_scheduled_version_can_be_read_and_stays_in_history(ticket: Client) -> None:
    first = await schedule(ticket, effective_from=TOMORROW.isoformat())
    assert first.json() == {
        "name": "flag-scheme", "shop": "main", "version": 2, "state": "scheduled", "document": SALES_MARK,
        "effective_from": "2026-11-22T04:00:00Z", "reason": "促销季", "saved_by": "manager:test",
        "saved_at": "2026-11-21T04:00:00Z", "withdrawn_at": None, "withdrawn_by": None, "withdrawn_reason": None,
    }  # fmt: skip
    found = await ticket.call("GET", first.headers["location"], "manager")
    assert found.json() == first.json()
    assert (await ticket.call("GET", f"{FLAGS}/versions/9", "manager")).status_code == 404
    await schedule(ticket, "B2C")
    pages, query = [], {"limit": "1"}
    while True:
        page = (await ticket.http.get(f"{FLAGS}/versions", params=query, headers=ticket.as_("auditor"))).json()
        pages += [(one["shop"], one["version"], one["state"]) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert pages == [("main", 2, "scheduled"), ("main", 1, "effective"), ("B2C", 1, "effective")]
    of_one_shop = await ticket.call("GET", f"{FLAGS}/versions?shop=B2C", "auditor")
    assert [one["shop"] for one in of_one_shop.json()["items"]] == ["B2C"]


async def test_what_is_not_in_force_yet_can_be_withdrawn(ticket: Client, clock: FrozenClock) -> None:
    await schedule(ticket, effective_from=TOMORROW.isoformat())
    path, why = f"{FLAGS}/versions/2/withdraw", {"reason": "取消促销"}
    gone = await ticket.call("POST", path, "manager", json=why)
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert gone.json()["withdrawn_reason"] == "取消促销"
    again = await ticket.call("POST", path, "manager", json=why)
    assert (again.status_code, again.json()["from"], again.json()["allowed"]) == (409, "withdrawn", [])
    clock.advance(timedelta(days=2))
    assert (await in_force(ticket))["version"] == 1
    history = (await ticket.call("GET", f"{FLAGS}/versions", "manager")).json()["items"]
    assert [one["version"] for one in history] == [2, 1]
    trail = (await ticket.call("GET", "/v1/audit/ticket?noun=policy", "auditor")).json()["items"]
    assert [(row["action"], row["reason"]) for row in trail] == [("withdraw", "取消促销"), ("schedule", "促销季")]


async def test_what_is_or_was_in_force_can_t_be_withdrawn(ticket: Client, clock: FrozenClock) -> None:
    assert (await schedule(ticket)).json()["state"] == "effective"
    for version in (1, 2):
        refused = await ticket.call("POST", f"{FLAGS}/versions/{version}/withdraw", "manager", json={"reason": "x"})
        assert refused.json()["type"] == "/problems/transition-refused"
        assert refused.json()["from"] == "effective"
    unknown = await ticket.call("POST", f"{FLAGS}/versions/3/withdraw", "manager", json={"reason": "x"})
    assert unknown.status_code == 404


async def test_no_version_of_the_past_and_no_two_at_one_instant(ticket: Client) -> None:
    """History isn't rewritten, and it is never unclear which version decides; a withdrawn one is in nobody's way."""
    past = NOON - timedelta(microseconds=1)
    assert faults(await schedule(ticket, effective_from=past.isoformat())) == ["/effective_from"]
    assert (await schedule(ticket, effective_from=TOMORROW.isoformat())).status_code == 201
    twice = await schedule(ticket, effective_from="2026-11-22T12:00:00+08:00")
    assert (twice.status_code, twice.json()["type"], twice.json()["version"]) == (409, "/problems/already-exists", 2)
    assert (await schedule(ticket, "B2C", effective_from=TOMORROW.isoformat())).status_code == 201
    await ticket.call("POST", f"{FLAGS}/versions/2/withdraw", "manager", json={"reason": "x"})
    assert (await schedule(ticket, effective_from=TOMORROW.isoformat())).json()["version"] == 3


async def test_versions_scheduled_at_once_are_numbered_without_gap(ticket: Client) -> None:
    at = [(TOMORROW + timedelta(hours=hour)).isoformat() for hour in range(10)]
    answers = await asyncio.gather(*(schedule(ticket, "B2C", effective_from=one) for one in at))
    assert sorted(one.json()["version"] for one in answers) == list(range(1, 11))


async def test_one_idempotency_key_is_one_version(ticket: Client) -> None:
    body = {"document": SALES_MARK, "reason": "x"}
    key = {"Idempotency-Key": "policy-1"}
    first = await ticket.call("POST", f"{FLAGS}/versions", "manager", json=body, headers=key)
    again = await ticket.call("POST", f"{FLAGS}/versions", "manager", json=body, headers=key)
    assert (first.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({}, ["/document/scheme", "/document/meanings"]),
        ({"scheme": "s", "meanings": {}}, ["/document"]),
        ({"scheme": "s", "meanings": {"green": "sale", "red": "sale"}}, ["/document"]),
        ({"scheme": "s", "meanings": {"pink": "sale"}}, ["/document/meanings/pink"]),
        ({"scheme": "s", "meanings": {"green": "gift"}}, ["/document/meanings/green"]),
        ({"scheme": "s", "meanings": {"green": "sale"}, "colour": 1}, ["/document/colour"]),
        ({"scheme": "\u0000", "meanings": {"green": "sale"}}, ["/document"]),
        ({"scheme": 7, "meanings": []}, ["/document/scheme", "/document/meanings"]),
    ],
)
async def test_a_wrong_document_is_refused_with_every_place(
    ticket: Client, document: dict[str, Any], where: list[str]
) -> None:
    body = {"document": document}
    assert faults(await ticket.call("POST", f"{FLAGS}/validate", "manager", json=body)) == where
    assert faults(await schedule(ticket, document=document)) == where
    assert (await in_force(ticket))["version"] == 1


async def test_messages_are_in_the_reader_s_language(ticket: Client) -> None:
    body = {"document": {"scheme": "s", "meanings": {}}}
    path = f"{FLAGS}/validate"
    zh = await ticket.call("POST", path, "manager", json=body)
    en = await ticket.call("POST", path, "manager", json=body, headers={"Accept-Language": "en"})
    assert zh.json()["errors"][0]["detail"] == "至少一种颜色，且每种含义只能有一种颜色"
    assert en.json()["errors"][0]["detail"] == "each meaning has one colour, and there is at least one"


async def test_codes_that_nobody_knows_are_refused(ticket: Client) -> None:
    """What the shape can't tell, the kind's own check does."""

    def known(scheme: FlagScheme) -> list[Fault]:
        return [] if scheme.scheme == "classic" else [Fault("/scheme", "没有这个方案", "there is no such scheme")]

    ticket.runtime.policies["flag-scheme"] = replace(FLAG_SCHEME, check=known)
    assert faults(await schedule(ticket)) == ["/document/scheme"]
    assert (await schedule(ticket, document=CLASSIC)).status_code == 201


async def test_steps_with_a_hole_are_refused(start_service: Starter) -> None:
    async with start_service("appraisal") as client:
        path = "/v1/policies/appraisal/commission-tiers/validate"
        for bounds in ([10, 20], [20, 10, None], [10, 10, None], [None, None]):
            document = {"steps": [{"up_to": bound, "rate": "1.00"} for bound in bounds]}
            assert faults(await client.call("POST", path, "manager", json={"document": document})) == ["/document"]


async def test_who_may(ticket: Client) -> None:
    for role in ("agent", "storefront", "service"):
        assert (await ticket.call("GET", FLAGS, role)).status_code == 403
    assert (await ticket.http.get(FLAGS)).status_code == 401
    body = {"document": SALES_MARK, "reason": "x"}
    for role in ("supervisor", "finance", "auditor"):
        assert (await ticket.call("GET", FLAGS, role)).status_code == 200
        for path in ("versions", "validate", "versions/1/withdraw"):
            assert (await ticket.call("POST", f"{FLAGS}/{path}", role, json=body)).status_code == 403


async def test_a_manager_of_one_shop_sees_and_changes_that_shop_s_policies(ticket: Client) -> None:
    """X1: and sees what holds for all."""
    await schedule(ticket, "C2C")
    await schedule(ticket, "B2C")
    mine: dict[str, Any] = {"shops": ["B2C"]}
    shown = await ticket.call("GET", f"{FLAGS}/versions", "manager", **mine)
    assert [one["shop"] for one in shown.json()["items"]] == ["main", "B2C"]
    for path in (f"{FLAGS}?shop=C2C", f"{FLAGS}/versions?shop=C2C", f"{FLAGS}/versions/1?shop=C2C"):
        assert (await ticket.call("GET", path, "manager", **mine)).status_code == 403
    later = {"document": SALES_MARK, "reason": "x", "effective_from": TOMORROW.isoformat()}
    for shop, status in (("B2C", 201), ("C2C", 403), ("main", 403)):
        answer = await ticket.call("POST", f"{FLAGS}/versions", "manager", json={**later, "shop": shop}, **mine)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "query", ["?colour=red", "?shop=%00", "?at=1", "?at=1800-01-01T00:00:00Z", "/versions?cursor=AAAA", "/versions/0"]
)
async def test_bad_questions_are_told(ticket: Client, query: str) -> None:
    assert (await ticket.call("GET", FLAGS + query, "manager")).status_code == 422


@pytest.mark.parametrize("reason", [None, "", " ", "a\nb", "x" * 201])
async def test_a_version_needs_a_reason(ticket: Client, reason: str | None) -> None:
    assert faults(await schedule(ticket, reason=reason)) == ["/reason"]
