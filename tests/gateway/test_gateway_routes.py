"""Paths: who answers what, and that there is only one way to spell each (G1, OWASP API5)."""

import pytest
from starlette.routing import Match, Route

from gateway.routes import GATEWAY, SERVICES, TABLE, find, is_canonical

# Straight from the conventions: what users of the API rely on.
OWNERS = {
    "customer": "customers organisations consultations callbacks questionnaires segments contact-changes file-audits"
    " customer-value customer-reports",
    "ticket": "tickets complaints refunds return-parcels exchanges bad-reviews merchant-reports service-requests"
    " orders order-changes shop-accounts payments groups shifts handovers articles reply-checks ticket-reports"
    " penalties emergencies ticket-calendars ticket-clocks",
    "appraisal": "staff teams units attendance violations merits exams inspections rectifications appraisals payslips"
    " ledger quality-samples",
    "notify": "notifications inbox templates notification-rules campaigns announcements preferences webhooks",
}
NOUNS = [(f"/v1/{noun}", service) for service, nouns in OWNERS.items() for noun in nouns.split()]
SHARED = [(f"/v1/{shared}/{service}", service) for shared in ("policies", "audit", "events") for service in SERVICES]
OWN = [
    "/oauth/token", "/oauth/revoke", "/.well-known/jwks.json", "/v1/me", "/v1/accounts", "/v1/clients",
    "/v1/api-keys", "/v1/signing-keys", "/v1/audit/gateway", "/health", "/docs", "/problems",
    "/openapi.json", "/livez", "/readyz",
]  # fmt: skip
PREFIXES = [*NOUNS, *SHARED, *((path, GATEWAY) for path in OWN)]

TRICKS = [
    "{}/", "{}//", "/{}", "{}//x", "{}/x//y", "{}/..", "{}/../x", "{}/.", "{}/./x", "{}/x/..", "{}/..;/x", "{}/...",
    "{}/%2e%2e/x", "{}/%2E%2E", "{}/%2e", "{}/x%2fy", "{}/x%2Fy", "{}%2f", "{}\\x", "{}/x\\y", "{}/x%5cy", "{}/x%5Cy",
    "{}/%00", "{}/x%00", "{}/x%0a", "{}/x%0d%0ay", "{}/x%7f", "{}/%252e%252e/x", "{}/x%252fy", "{}/x%25",
    "{}/x%", "{}/x%4",
    "{}/x%zz", "{}/%61dmin", "{}/x%2dy", "{}/x%7ey", "{}/x%5fy", "{}/x y", "{}/x\ty", "{}/x?y", "{}/x#y", "{}/x\"y",
    "{}/<x>", "{}/x|y", "{}/x^y", "{}/x`y", "{}/{{x}}", "{}/[x]", "{}/\u4e2d", "{}/%ff", "{}/%c0%ae", "{}/%e4%b8",
    "{}/x\r\ny", "{}/x\0", "/.{}", "/..{}", "/%2e{}", "/x/..{}", "//host{}", "http://host{}", "*", "", "/",
]  # fmt: skip


@pytest.mark.parametrize(("path", "owner"), PREFIXES)
def test_a_path_and_what_lies_below_it_belong_to_its_owner(path: str, owner: str) -> None:
    for spelled in (path, f"{path}/0193", f"{path}/0193/close", f"{path}/a/b/c/d/e/f"):
        route = find(spelled.encode())
        assert route is not None
        assert (route.service, route.prefix) == (owner, path)


def test_the_table_holds_nothing_else() -> None:
    assert {prefix.decode() for prefix in TABLE} == {path for path, _ in PREFIXES}


@pytest.mark.parametrize("path", [path for path, _ in PREFIXES])
def test_prefixes_are_whole_segments_in_exactly_this_case(path: str) -> None:
    for other in (
        f"{path}x",
        f"{path}-x",
        f"{path}.json",
        f"{path};x",
        f"{path}.",
        f"{path}%20",
        path.upper(),
        path[:-1],
    ):
        found = find(other.encode())
        assert found is None or found.prefix != path


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("path", ["/v1/tickets", "/v1/policies/ticket", "/v1/accounts", "/problems"])
def test_tricky_spellings_are_nobody_s(path: str, trick: str) -> None:
    assert find(trick.format(path).encode()) is None


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v2/tickets", "/tickets", "/v1/policies", "/v1/policies/gateway", "/v1/policies/other/x", "/v1/audit",
     "/v1/events", "/metrics", "/v1/internal", "/admin", "/oauth", "/.well-known",
     "/.well-known/openid-configuration"],
)  # fmt: skip
def test_unknown_paths_are_nobody_s(path: str) -> None:
    assert find(path.encode()) is None


@pytest.mark.parametrize(
    "path",
    ["/v1/orders/main/2024-0001", "/v1/orders/main/%E4%B8%AD%E6%96%87", "/v1/orders/main/a%20b",
    "/v1/orders/main/a:b",
     "/v1/orders/main/a@b", "/v1/orders/main/(1)", "/v1/orders/main/1,2", "/v1/orders/main/.hidden",
     "/v1/orders/main/a.b", "/v1/orders/main/a..b", "/v1/orders/main/~x", "/v1/orders/main/a%3Fb",
     "/v1/orders/main/x%22"],
)  # fmt: skip
def test_honest_spellings_pass(path: str) -> None:
    route = find(path.encode())
    assert route is not None
    assert route.service == "ticket"


def test_endless_paths_are_refused() -> None:
    assert find(b"/v1/tickets" + b"/x" * 2000) is None
    assert find(b"/v1/tickets/" + b"x" * 3000) is None


@pytest.mark.parametrize("trick", TRICKS)
def test_what_the_gateway_lets_pass_the_service_reads_alike(trick: str) -> None:
    """A framework behind the gateway decodes the path: no accepted spelling may land on another route there."""
    from urllib.parse import unquote

    async def endpoint() -> None: ...

    served = Route("/v1/accounts/{rest:path}", endpoint)
    for path in ("/v1/tickets", "/v1/tickets/../accounts", "/v1/tickets/%2e%2e/accounts"):
        raw = trick.format(path).encode()
        if is_canonical(raw) and find(raw) is not None:
            scope = {"type": "http", "path": unquote(raw.decode()), "method": "GET"}
            assert served.matches(scope)[0] is Match.NONE
