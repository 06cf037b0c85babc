"""Templates and rules over HTTP, and who may ask for what (N2, N3, G2)."""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson
import pytest
from notify_desk import Desk
from stage import NOON, Starter

from contracts.examples import example
from contracts.permissions import ROLES, roles_with
from kit.envelope import Meta
from kit.http.of_every_service import OF_EVERY_SERVICE
from kit.ids import new_id
from services.notify.notification.news import TOLD, of_event
from services.notify.notification.policy import DELIVERY_PAUSES, QUIET_START
from services.notify.template.policy import Wording


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("notify") as client:
        yield Desk(client)


ID = UUID(int=7)
ENDPOINTS = (
    ("GET", "/v1/inbox", "inbox:read"),
    ("GET", "/v1/inbox/unread-count", "inbox:read"),
    ("POST", f"/v1/inbox/{ID}/read", "inbox:mark"),
    ("GET", "/v1/notifications", "notification:read"),
    ("GET", "/v1/notifications/channels", "notification:read"),
    ("GET", f"/v1/notifications/{ID}", "notification:read"),
    ("POST", f"/v1/notifications/{ID}/resend", "notification:resend"),
    ("GET", "/v1/notification-rules", "policy:read"),
    ("GET", "/v1/templates", "policy:read"),
)


async def test_every_endpoint_asks_for_a_token_and_for_its_permission(desk: Desk) -> None:
    for method, path, permission in ENDPOINTS:
        nobody = await desk.client.http.request(method, path)
        assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json"), path
        for role in ROLES:
            answer = await desk.client.call(method, path, role)
            if role in roles_with(permission):
                assert answer.status_code not in (401, 403), (method, path, role)
            else:
                assert answer.status_code == 403, (method, path, role)
                assert answer.json()["permission"] == permission


async def test_no_endpoint_is_missing_above(desk: Desk) -> None:
    spec = desk.client.app.openapi()
    own = {path: one for path, one in spec["paths"].items() if not path.startswith(OF_EVERY_SERVICE)}
    served = {(method.upper(), path) for path, methods in own.items() for method in methods}
    assert served == {(method, path.replace(str(ID), "{notification_id}")) for method, path, _ in ENDPOINTS}


TEMPLATES = (
    "clock.breached", "clock.warned", "complaint.graded", "cost.rebooked", "emergency.late", "emergency.opened",
    "exchange.sent.customer", "goodwill.granted.customer", "order.change_requested.customer", "order.problem",
    "order.shipped.customer", "order.wrong_price", "payment.drifted", "penalty.published", "refund.approved",
    "refund.approved.customer", "refund.failed", "refund.goods_wanted.customer", "refund.paid",
    "refund.paid.customer", "refund.refused.customer", "refund.resend_approved.customer",
    "service_request.coupon.customer", "service_request.done.customer", "service_request.returned.customer",
    "shift.handover_missed", "shift.uncovered", "shop_account.unattended", "ticket.answered.customer", "ticket.assigned", "ticket.closed",
    "ticket.closed.customer", "ticket.customer_wrote", "ticket.opened", "ticket.queued",
)  # fmt: skip
RULES = [
    "clock-breached", "clock-warned", "complaint-graded", "cost-rebooked", "emergency-late", "emergency-opened",
    "exchange-sent-customer", "goodwill-failed", "goodwill-granted-customer", "order-change-customer", "order-problem",
    "order-shipped-customer", "order-wrong-price", "payment-drifted", "penalty-published", "refund-approved",
    "refund-approved-customer", "refund-failed", "refund-goods-wanted-customer", "refund-paid",
    "refund-paid-customer", "refund-refused-customer", "refund-resend-customer", "request-done-coupon-customer",
    "request-done-customer", "request-returned-customer", "shift-handover-missed", "shift-uncovered",
    "shop-account-unattended",
    "ticket-answered-customer", "ticket-assigned", "ticket-closed", "ticket-closed-customer", "ticket-customer-wrote",
    "ticket-opened", "ticket-queued",
]  # fmt: skip


async def test_every_shipped_template_is_sound_and_in_both_languages(desk: Desk) -> None:
    items = (await desk.client.call("GET", "/v1/templates?limit=200", "supervisor")).json()["items"]
    assert [(one["name"], one["version"], one["language"]) for one in items] == [
        (name, 1, language) for name in TEMPLATES for language in ("en", "zh-CN")
    ]
    for one in items:
        words = Wording.model_validate(one)
        assert "{" not in "".join(words.fill({}))


async def test_templates_are_paged_and_filtered(desk: Desk) -> None:
    seen, cursor = [], ""
    while cursor != "&cursor=None":
        page = (await desk.client.call("GET", f"/v1/templates?limit=3{cursor}", "supervisor")).json()
        seen += [(one["name"], one["language"]) for one in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 2 * len(TEMPLATES)
    query = "/v1/templates?name=ticket.opened&language=en"
    (only,) = (await desk.client.call("GET", query, "supervisor")).json()["items"]
    assert only["subject"] == "New ticket {number} ({kind})"


async def test_the_shipped_rules(desk: Desk) -> None:
    rules, cursor = {}, ""
    while cursor != "&cursor=None":
        page = (await desk.client.call("GET", f"/v1/notification-rules?limit=5{cursor}", "supervisor")).json()
        rules |= {one["name"]: one for one in page["items"]}
        cursor = f"&cursor={page['next_cursor']}"
    assert list(rules) == RULES
    assert rules["order-problem"]["condition"] == {"meaning": "problem"}
    assert rules["ticket-opened"]["recipients"] == [["assignee", "role:supervisor"]]
    templates = (await desk.client.call("GET", "/v1/templates?limit=200", "supervisor")).json()["items"]
    assert {one["template"] for one in rules.values()} == {one["name"] for one in templates}
    assert {one["subject"] for one in rules.values()} == {event.SUBJECT for event in TOLD}
    query = "/v1/notification-rules?subject=ticket.closed"
    staff, customer = (await desk.client.call("GET", query, "supervisor")).json()["items"]
    assert (staff["recipients"], staff["channel"]) == ([["assignee"], ["opener"], ["watchers"]], "inbox")
    assert (customer["recipients"], customer["channel"]) == ([["customer"]], "email")


async def test_every_template_finds_its_variables_in_the_events_that_its_rules_are_about(desk: Desk) -> None:
    rules = (await desk.client.call("GET", "/v1/notification-rules?limit=200", "supervisor")).json()["items"]
    templates = (await desk.client.call("GET", "/v1/templates?limit=200", "supervisor")).json()["items"]
    variables = {one["name"]: set(one["variables"]) for one in templates}
    for rule in rules:
        event = example(rule["subject"])
        facts = of_event(Meta(new_id(), event.SUBJECT, event.aggregate_id, 1, NOON), event).facts
        assert variables[rule["template"]] <= facts.keys(), rule["name"]
        assert rule["condition"].keys() <= facts.keys(), rule["name"]


async def test_the_shipped_document_is_the_codes_default(desk: Desk) -> None:
    for kind in (QUIET_START, DELIVERY_PAUSES):
        ((document,),) = await desk.rows("SELECT document FROM policy WHERE name = :name", name=kind.name)
        assert document == orjson.loads(kind.default.model_dump_json())
