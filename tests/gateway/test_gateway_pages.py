"""What the gateway says about itself and about the services: health, documents, problems (G4, X8)."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from gateway_desk import Desk, desk
from gateway_rig import Seen, Service, answer, serving

from gateway.document import MergedDocument
from gateway.routes import SERVICES
from gateway.settings import GatewaySettings, gateway_settings
from gateway.upstream import HttpUpstream
from kit.problems import CATALOGUE
from kit.settings import UnsafeSettingsError
from kit.testing.stage import Databases


def document_of(path: str, **info: Any) -> bytes:
    spec = {"openapi": "3.1.0", "info": info, "paths": {path: {"get": {"operationId": "x", "responses": {}}}}}
    return orjson.dumps(spec)


class Documented(Service):
    """A service with a document and a health."""

    ready = 200
    document = document_of("/v1/tickets")

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.seen.append(Seen(scope["method"], scope["raw_path"], b"", scope["headers"]))
        if scope["path"] == "/openapi.json":
            await answer(send, 200, self.document)
        else:
            await answer(send, self.ready, b"{}")


@contextlib.asynccontextmanager
async def documented(databases: Databases, tmp_path: Path, away: str = "") -> AsyncIterator[tuple[Desk, Documented]]:
    service = Documented()
    async with serving(service) as address:
        upstreams = {name: "http://127.0.0.1:9" if name == away else address for name in SERVICES}
        async with desk(databases.fresh("gateway"), tmp_path / "keys", upstreams=upstreams) as built:
            yield built, service


async def test_health_tells_of_every_service(databases: Databases, tmp_path: Path) -> None:
    async with documented(databases, tmp_path, away="notify") as (built, service):
        told = (await built.http.get("/health")).json()
        assert told == {"status": "degraded", "services": {**dict.fromkeys(SERVICES, "ok"), "notify": "away"}}
        service.ready = 503
        told = (await built.http.get("/health")).json()
        assert told["services"]["ticket"] == "unready"


async def test_health_waits_for_nobody_long(databases: Databases, tmp_path: Path) -> None:
    import asyncio

    async def hang(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await receive()

    async with serving(hang) as address:
        upstreams = dict.fromkeys(SERVICES, address)
        async with desk(databases.fresh("gateway"), tmp_path / "keys", upstreams=upstreams) as built:
            async with asyncio.timeout(2.5):
                told = (await built.http.get("/health")).json()
    assert told == {"status": "degraded", "services": dict.fromkeys(SERVICES, "away")}


async def test_the_gateway_itself_is_alive_and_says_when_it_is_not_ready(standing_desk: Desk) -> None:
    assert (await standing_desk.http.get("/livez")).status_code == 200
    answer = await standing_desk.http.get("/readyz")  # its broker was never there
    assert (answer.status_code, answer.json()["database"], answer.json()["migrations"]) == (503, "ok", "ok")


async def test_one_document_for_all(databases: Databases, tmp_path: Path) -> None:
    async with documented(databases, tmp_path, away="notify") as (built, service):
        answer = await built.http.get("/openapi.json")
        spec = answer.json()
        assert spec["openapi"] == "3.1.0"
        assert spec["x-missing"] == ["notify"]
        assert {"/v1/tickets", "/oauth/token", "/v1/accounts", "/health", "/problems/{slug}"} <= set(spec["paths"])
        assert not {"/livez", "/readyz", "/openapi.json/"} & set(spec["paths"])
        assert spec["paths"]["/oauth/token"]["post"]["security"] == []
        asked = len(service.seen)
        again = await built.http.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert len(service.seen) == asked


async def test_the_document_follows_the_services() -> None:
    service = Documented()
    now = 0.0
    async with serving(service) as address:
        upstream = HttpUpstream(dict.fromkeys(SERVICES, address))
        async with upstream.running():
            merged = MergedDocument(upstream, "1", monotonic=lambda: now)
            first = await merged.edition({})
            assert await merged.edition({}) is first
            service.document = document_of("/v1/refunds")
            assert await merged.edition({}) is first
            now += 11
            second = await merged.edition({})
            assert second.tag != first.tag
            assert b"/v1/refunds" in second.content
            for broken in (b"{", b"x" * 20_000_000):
                service.document = broken
                now += 11
                assert await merged.edition({}) is second  # what it last showed stays


async def test_the_docs_page_needs_nothing_from_elsewhere(standing_desk: Desk) -> None:
    answer = await standing_desk.http.get("/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not re.findall(r"https?://|//[a-z]|@import|src=", answer.text.replace("// ", ""))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "未找到"), ("en", "Not found"), ("", "未找到")])
async def test_problems_are_explained_to_people(standing_desk: Desk, language: str, title: str) -> None:
    headers = {"Accept": "text/html,*/*", "Accept-Language": language}
    one = await standing_desk.http.get("/problems/not-found", headers=headers)
    assert one.headers["Content-Type"].startswith("text/html")
    assert f"404 · {title}" in one.text
    everything = await standing_desk.http.get("/problems", headers=headers)
    assert all(f"/problems/{slug}" in everything.text for slug in CATALOGUE)


async def test_problems_are_explained_to_programs(standing_desk: Desk) -> None:
    told = (await standing_desk.http.get("/problems")).json()
    assert {one["type"] for one in told} == {f"/problems/{slug}" for slug in CATALOGUE}
    one = (await standing_desk.http.get("/problems/not-found")).json()
    assert (one["status"], one["title_zh"], one["title_en"]) == (404, "未找到", "Not found")
    assert (await standing_desk.http.get("/problems/nothing")).json()["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health/x"), ("GET", "/v1/me/x"), ("GET", "/docs/x"), ("GET", "/v1")]
)
async def test_unknown_own_paths_are_problems_too(standing_desk: Desk, method: str, path: str) -> None:
    answer = await standing_desk.http.request(method, path, headers=await standing_desk.as_("admin"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


async def test_without_its_database_the_gateway_says_so(tmp_path: Path) -> None:
    async with desk("postgresql://nobody@127.0.0.1:9/gateway", tmp_path) as built:
        form = {"grant_type": "client_credentials", "client_id": "abc", "client_secret": "x"}
        answer = await built.http.post("/oauth/token", data=form)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/dependency-unavailable")
        assert answer.headers["X-Request-Id"]
        assert (await built.http.get("/.well-known/jwks.json")).status_code == 200
        assert (await built.http.get("/readyz")).status_code == 503


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://a:b@h:1/d")
    monkeypatch.setenv("TICKET_URL", "http://ticket:1")
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    monkeypatch.delenv("KEFU_KEYS_DIR", raising=False)
    found = gateway_settings()
    assert found.upstreams["ticket"] == "http://ticket:1"
    assert found.keys == tmp_path / "keys"
    assert found.body.size == 1024 * 1024
    assert "b@h" not in repr(found)


@pytest.mark.parametrize("unsafe", [{"KEFU_DEV_CREDENTIALS": "x"}, {"KEFU_KEYS_DIR": None}, {"NOTIFY_URL": None}])
def test_production_refuses_what_only_development_may_have(
    monkeypatch: pytest.MonkeyPatch, unsafe: dict[str, str | None]
) -> None:
    good = {f"{service.upper()}_URL": "http://s:1" for service in SERVICES}
    good |= {"KEFU_PROFILE": "production", "KEFU_INSTALLATION_KEY": "5a" * 32, "KEFU_KEYS_DIR": "/keys"}
    good |= {"GATEWAY_DATABASE_URL": "postgresql://a:b@h:1/d", "KEFU_AUDIT_DIR": "/audit"}
    for name, value in good.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KEFU_DEV_CREDENTIALS", raising=False)
    assert isinstance(gateway_settings(), GatewaySettings)
    for name, changed in unsafe.items():
        monkeypatch.delenv(name, raising=False) if changed is None else monkeypatch.setenv(name, changed)
    with pytest.raises((UnsafeSettingsError, ValueError)):
        gateway_settings()


def test_a_service_s_address_is_an_origin() -> None:
    for wrong in ("ticket:8000", "http://h/path", "http://u:p@h", "ftp://h", "http://h?x=1", ""):
        with pytest.raises(ValueError, match="address"):
            HttpUpstream({"ticket": wrong})
