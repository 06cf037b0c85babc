"""What the gateway counts: tokens it knew, whom it refused and why, services that fail; probes stay out of the log."""

from pathlib import Path

import pytest
from gateway_desk import ACCOUNTS, FORM, desk
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from gateway.metrics import UNCOUNTED
from kit.prometheus import Counted
from kit.testing.children import free_port
from kit.testing.stage import Databases

TICKETS = "/v1/tickets/01a200b4-d8cb-74cb-a79f-53780dd4fa13"


async def test_tokens_refusals_quotas_and_services(
    databases: Databases, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No path, caller or token is in any label (X6)."""
    monkeypatch.setenv("KEFU_METRICS_PORT", str(free_port()))
    tight = {"default": {"per_minute": 60, "burst": 6}}
    async with desk(databases.fresh("gateway"), tmp_path / "keys", credentials, limits=tight) as built:
        agent = await built.as_("agent")
        for _ in range(3):
            assert (await built.http.get(f"{TICKETS}?name=13800138000", headers=agent)).status_code == 503
        assert (await built.http.get("/v1/nobody/zhou.min", headers=agent)).status_code == 404
        assert (await built.http.get(TICKETS, headers={"Authorization": "Bearer x"})).status_code == 401
        assert (await built.http.request("BREW", "/v1/me", headers=agent)).status_code == 405
        assert (await built.http.get("/v1/me", headers=agent)).status_code == 200
        assert [(await built.http.get("/v1/me", headers=agent)).status_code for _ in range(3)][-1] == 429
        metrics = built.runtime.metrics
        assert isinstance(metrics, Counted)
        page = generate_latest(metrics.registry).decode()

        def value(name: str, **labels: str) -> float | None:
            return metrics.registry.get_sample_value(name, {"service": "gateway", **labels})

        assert value("kefu_gateway_tokens_total", result="miss") == 2
        assert (value("kefu_gateway_tokens_total", result="hit") or 0) >= 5
        refusals = {reason: value("kefu_gateway_refusals_total", reason=reason)
                    for reason in ("dependency-unavailable", "not-found", "unauthenticated", "method-not-allowed")}  # fmt: skip
        assert refusals == {
            "dependency-unavailable": 3,
            "not-found": 1,
            "unauthenticated": 1,
            "method-not-allowed": 1,
        }
        assert value("kefu_gateway_quota_refusals_total", quota="default") == value(
            "kefu_gateway_refusals_total", reason="too-many-requests"
        )
        assert value("kefu_gateway_upstream_failures_total", upstream="ticket", reason="unreachable") == 3
        assert value("kefu_http_requests_total", method="GET", route="/v1/tickets", status="5xx") == 3
        assert value("kefu_http_requests_total", method="GET", route="unmatched", status="4xx") == 1
        assert value("kefu_http_requests_total", method="other", route="/v1/me", status="4xx") == 1
        assert value("kefu_http_requests_in_progress") == 0
    for canary in ("13800138000", "zhou.min", "01a200b4", "BREW", "account:", agent["Authorization"][7:]):
        assert canary not in page


async def test_a_wrong_password_s_quota_is_counted_too(
    databases: Databases, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused inside the gateway's own application, and noted outside of it."""
    monkeypatch.setenv("KEFU_METRICS_PORT", str(free_port()))
    tight = {"login": {"per_minute": 1, "burst": 1}}
    async with desk(databases.fresh("gateway"), tmp_path / "keys", credentials, limits=tight) as built:
        form = {"grant_type": "password", "username": "agent", "password": ACCOUNTS["agent"]}
        statuses = [(await built.http.post("/oauth/token", data=form, headers=FORM)).status_code for _ in range(2)]
        metrics = built.runtime.metrics
        assert isinstance(metrics, Counted)
        assert statuses == [200, 429]
        labels = {"service": "gateway", "quota": "login"}
        assert metrics.registry.get_sample_value("kefu_gateway_quota_refusals_total", labels) == 1
        labels = {"service": "gateway", "method": "POST", "route": "/oauth/token", "status": "2xx"}
        assert (
            metrics.registry.get_sample_value("kefu_http_requests_total", labels) == 1
        )  # once, not once inside as well


async def test_probes_are_logged_for_debugging_only(databases: Databases, credentials: Path, tmp_path: Path) -> None:
    async with desk(databases.fresh("gateway"), tmp_path / "keys", credentials) as built:
        assert built.gateway._counts is UNCOUNTED
        with capture_logs() as lines:
            for path in ("/livez", "/readyz", "/problems"):
                await built.http.get(path)
    levels = {line["route"]: line["log_level"] for line in lines if line["event"] == "request"}
    assert levels == {"/livez": "debug", "/readyz": "debug", "/problems": "info"}
