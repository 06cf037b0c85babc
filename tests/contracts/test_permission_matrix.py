"""The matrix of roles and permissions, cell by cell (X6, G2)."""

import re

import pytest

from contracts.permissions import MATRIX, PERMISSIONS, ROLES, roles_with

AGREED = {
    "order:write": "storefront service admin",
    "order:read": "storefront agent supervisor manager finance auditor admin service",
    "order:flag": "agent supervisor manager",
    "order:confirm": "agent supervisor manager",
    "order:surcharge": "agent supervisor manager",
    "order:worklist": "agent supervisor manager auditor admin",
    "order_change:request": "storefront agent supervisor manager service",
    "order_change:read": "storefront agent supervisor manager finance auditor admin service",
    "order_change:decide": "agent supervisor manager finance",
    "order_change:address": "storefront service",
    "shop_account:read": "agent supervisor manager auditor admin",
    "shop_account:manage": "supervisor manager admin",
    "shop_account:sign_in": "agent supervisor manager",
    "ticket:open": "storefront agent supervisor manager service",
    "ticket:read": "storefront agent supervisor manager auditor admin service",
    "ticket:work": "agent supervisor manager",
    "ticket:reply": "storefront agent supervisor manager",
    "ticket:edit": "agent supervisor manager",
    "ticket:join": "agent supervisor manager",
    "ticket:history": "agent supervisor manager auditor admin",
    "ticket:deadline": "storefront agent supervisor manager service",
    "ticket:assign": "supervisor manager",
    "ticket:reopen": "agent supervisor manager",
    "ticket:cancel": "agent supervisor manager",
    "complaint:open": "storefront agent supervisor manager service",
    "complaint:read": "storefront agent supervisor manager finance auditor admin service",
    "complaint:judge": "supervisor manager",
    "complaint:work": "agent supervisor manager",
    "complaint:verify": "agent supervisor manager",
    "complaint:call_back": "agent supervisor manager",
    "complaint:cancel": "supervisor manager",
    "complaint:grade_lower": "manager",
    "review:open": "agent supervisor manager service",
    "review:read": "agent supervisor manager auditor admin service",
    "review:work": "agent supervisor manager",
    "emergency:open": "agent supervisor manager service",
    "emergency:read": "agent supervisor manager auditor admin service",
    "emergency:cancel": "supervisor manager",
    "emergency:contain": "agent supervisor manager",
    "procedure:tick": "agent supervisor manager",
    "procedure:drop": "supervisor manager",
    "service_request:submit": "storefront agent supervisor manager service",
    "service_request:read": "storefront agent supervisor manager auditor admin service",
    "service_request:work": "agent supervisor manager",
    "service_request:step": "storefront agent supervisor manager service",
    "service_request:weigh": "agent supervisor manager service",
    "service_request:reveal": "agent supervisor manager",
    "refund:request": "storefront agent supervisor manager service",
    "refund:read": "storefront agent supervisor manager finance auditor admin service",
    "refund:work": "agent supervisor manager",
    "refund:approve": "agent supervisor manager finance",
    "refund:retry": "agent supervisor manager finance",
    "return:ship_back": "storefront agent supervisor manager service",
    "return:receive": "agent supervisor manager service",
    "return:inspect": "agent supervisor manager service",
    "exchange:read": "storefront agent supervisor manager finance auditor admin service",
    "exchange:work": "agent supervisor manager",
    "exchange:top_up": "storefront agent supervisor manager service",
    "exchange:send": "agent supervisor manager service",
    "exchange:receive": "storefront agent supervisor manager service",
    "payment:read": "agent supervisor manager finance auditor admin service",
    "payment:answer": "storefront service",
    "payment:reconcile": "storefront finance service",
    "payment:balance": "manager finance auditor admin",
    "payment:book_late": "finance",
    "payment:settle": "manager finance",
    "goodwill:offer": "agent supervisor manager",
    "goodwill:read": "agent supervisor manager finance auditor admin",
    "goodwill:approve": "agent supervisor manager finance",
    "cost:read": "agent supervisor manager finance auditor admin",
    "cost:rebook": "supervisor manager finance",
    "penalty:read": "supervisor manager finance auditor admin",
    "penalty:draft": "supervisor manager",
    "penalty:sign": "manager",
    "report:read": "supervisor manager finance auditor admin",
    "report:volume": "supervisor manager admin",
    "calendar:read": "agent supervisor manager finance auditor admin",
    "calendar:write": "manager admin",
    "clock:read": "agent supervisor manager auditor admin",
    "clock:pause": "supervisor manager",
    "group:read": "agent supervisor manager auditor admin",
    "group:manage": "supervisor manager admin",
    "roster:read": "agent supervisor manager auditor admin",
    "roster:plan": "supervisor manager",
    "shift:work": "agent supervisor manager",
    "swap:request": "agent supervisor manager",
    "swap:approve": "supervisor manager",
    "handover:read": "agent supervisor manager auditor admin",
    "handover:sign": "agent supervisor manager",
    "ticket:bulk": "agent supervisor manager",
    "attachment:add": "storefront agent supervisor manager",
    "attachment:withdraw": "storefront agent supervisor manager",
    "attachment:remove": "supervisor manager",
    "view:use": "agent supervisor manager auditor admin",
    "view:share": "supervisor manager",
    "macro:use": "agent supervisor manager",
    "macro:share": "supervisor manager",
    "customer:read": "storefront agent supervisor manager finance auditor service admin",
    "customer:write": "storefront agent supervisor manager",
    "customer:reveal": "supervisor manager",
    "contact:resolve": "service",
    "customer:report": "supervisor manager finance auditor admin",
    "staff:read": "agent supervisor manager finance auditor admin",
    "staff:manage": "manager admin",
    "unit:read": "agent supervisor manager finance auditor admin",
    "unit:manage": "manager admin",
    "team:read": "agent supervisor manager finance auditor admin",
    "team:manage": "manager admin",
    "credit:read": "agent supervisor manager finance auditor",
    "commission:quote": "agent supervisor manager finance",
    "inbox:read": "agent supervisor manager finance auditor admin",
    "inbox:mark": "agent supervisor manager finance auditor admin",
    "notification:read": "manager auditor admin",
    "notification:resend": "manager",
    "account:manage": "admin",
    "client:manage": "admin",
    "key:manage": "admin",
    "policy:read": "supervisor manager finance auditor admin",
    "policy:write": "manager admin",
    "audit:read": "auditor admin",
    "event:read": "service auditor admin",
}


def test_the_roles_are_those_agreed() -> None:
    assert set(ROLES) == {
        "storefront", "agent", "supervisor", "manager", "finance", "auditor", "admin", "service",
    }  # fmt: skip


def test_no_permission_is_missing_or_extra() -> None:
    assert set(PERMISSIONS) == set(AGREED)
    assert len(MATRIX) == len(PERMISSIONS)


@pytest.mark.parametrize("permission", AGREED)
@pytest.mark.parametrize("role", ROLES)
def test_each_cell(role: str, permission: str) -> None:
    assert (role in roles_with(permission)) == (role in AGREED[permission].split())


@pytest.mark.parametrize("line", MATRIX, ids=lambda line: line.name)
def test_each_line_is_well_formed(line: tuple[str, str, tuple[str, ...]]) -> None:
    name, meaning, roles = line
    assert re.fullmatch(r"[a-z_]+:[a-z_]+", name)
    assert meaning
    assert roles
    assert set(roles) <= set(ROLES)
    assert len(roles) == len(set(roles))


def test_a_typo_dies_early() -> None:
    with pytest.raises(KeyError):
        roles_with("tickets:read")
