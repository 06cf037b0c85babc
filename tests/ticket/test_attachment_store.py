"""Where contents lie: an S3 service, one that is away or slow, and what becomes of what was begun (I11)."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attachment_files import jpg
from file_desk import Bucket, attach, attached, bucket, path_of
from pydantic import SecretStr
from stage import KEY, Starter
from ticket_desk import Desk

from kit.clock import FrozenClock
from kit.lines import Lines
from kit.settings import Profile, ServiceSettings, UnsafeSettingsError
from kit.testing.poll import eventually
from services.ticket.attachment import files
from services.ticket.attachment.settings import AttachmentSettings
from services.ticket.attachment.sweeping import ABANDONED_AFTER, sweep


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bucket]:
    async with bucket() as stand_in:
        monkeypatch.setenv("KEFU_ATTACHMENTS_URL", "s3://files/kefu")
        monkeypatch.setenv("KEFU_ATTACHMENTS_ENDPOINT", stand_in.url)
        monkeypatch.setenv("KEFU_ATTACHMENTS_KEY_ID", "key-id")
        monkeypatch.setenv("KEFU_ATTACHMENTS_SECRET", "secret")
        monkeypatch.setenv("KEFU_ATTACHMENTS_SECONDS", "1")
        yield stand_in


@pytest.fixture
async def remote(s3: Bucket, start_service: Starter, standing_broker: str, clock: FrozenClock) -> AsyncIterator[Desk]:
    """The service with its files in a bucket."""
    async with start_service("ticket", nats_url=standing_broker) as client:
        yield Desk(client, clock)


async def test_a_bucket_keeps_files_small_and_large(remote: Desk, s3: Bucket) -> None:
    ticket = await remote.open()
    for name, content in (("a.jpg", jpg()), ("a.txt", b"text " * 1_500_000)):
        file = await attached(remote, ticket, name, content)
        assert (await remote.call("GET", path_of(file))).content == content
        assert (await remote.call("DELETE", path_of(file), "supervisor", json={"reason": "x"})).status_code == 204
    assert len(s3.kept) == 2
    assert all(key.startswith("kefu/202611/") for key in s3.kept)
    assert (await sweep(remote.client.runtime), s3.kept) == (2, {})


@pytest.mark.parametrize("refusal", [500, 403, -200], ids=["broken", "refusing", "hanging"])
async def test_a_store_that_is_away_is_a_503_after_a_bounded_wait(remote: Desk, s3: Bucket, refusal: int) -> None:
    """Nothing is lost, nothing half there; when it is back, the same request works."""
    ticket = await remote.open()
    kept = await attached(remote, ticket, "a.jpg", jpg())
    s3.refusal = refusal
    began = time.monotonic()
    for answer in (
        await attach(remote, ticket, "b.jpg", jpg(9, 9), headers={"Idempotency-Key": "b"}),
        await remote.call("GET", path_of(kept)),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/dependency-unavailable")
        assert (answer.json()["dependency"], answer.headers["retry-after"]) == ("attachments", "2")
    assert time.monotonic() - began < 15
    assert len(await remote.rows("SELECT 1 FROM attachment")) == 1
    assert (await remote.call("GET", f"/v1/tickets/{ticket['ticket_id']}")).status_code == 200
    remote.clock.advance(ABANDONED_AFTER * 2)
    assert await sweep(remote.client.runtime) == 0
    s3.refusal = None
    assert (await remote.call("GET", path_of(kept))).content == jpg()
    again = await attach(remote, ticket, "b.jpg", jpg(9, 9), headers={"Idempotency-Key": "b"})
    assert again.status_code == 201
    assert await sweep(remote.client.runtime) == 1
    assert len(s3.kept) == 2


def _idle_while_asked(s3: Bucket, lines: Lines, before: int) -> bool:
    return len(s3.asked) > before and lines.in_use == 0


async def test_nothing_of_the_database_is_held_while_the_store_is_waited_for(remote: Desk, s3: Bucket) -> None:
    """I11: neither while a content goes in nor while it comes out is there a connection, so no transaction either."""
    ticket = await remote.open()
    kept = await attached(remote, ticket, "a.jpg", jpg())
    lines = remote.client.runtime.database.home.lines
    s3.refusal = -200
    for ask in (attach(remote, ticket, "b.jpg", jpg()), remote.call("GET", path_of(kept))):
        asked = len(s3.asked)
        waiting = asyncio.create_task(ask)
        await eventually(partial(_idle_while_asked, s3, lines, asked))
        assert not waiting.done()
        assert (await waiting).status_code == 503


async def test_a_content_that_was_swept_while_it_arrived_is_not_attached(
    remote: Desk, s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await remote.open()
    put = files.Files.put

    async def slow(self: Any, key: str, file: Any) -> None:
        await put(self, key, file)
        remote.clock.advance(ABANDONED_AFTER * 2)
        assert await sweep(remote.client.runtime) == 1

    monkeypatch.setattr(files.Files, "put", slow)
    assert (await attach(remote, ticket, "a.jpg", jpg())).status_code == 409
    assert (s3.kept, await remote.rows("SELECT 1 FROM attachment")) == ({}, [])


def settings(profile: Profile = Profile.TEST) -> ServiceSettings:
    return ServiceSettings(
        service="ticket", database_url=SecretStr("postgresql://h/d"), profile=profile,
        installation_key=SecretStr(KEY), home=Path("/home/kefu"), audit_dir=Path("/audit"),
    )  # fmt: skip


def test_a_place_is_named_or_the_home_s_and_in_production_named() -> None:
    assert AttachmentSettings().folder(settings()) == Path("/home/kefu/attachments")
    assert AttachmentSettings(url="file:///files").folder(settings(Profile.PRODUCTION)) == Path("/files")
    assert AttachmentSettings(url="s3://bucket/place").folder(settings()) is None
    with pytest.raises(UnsafeSettingsError):
        AttachmentSettings().folder(settings(Profile.PRODUCTION))
    for wrong in ({"url": "http://x"}, {"url": "s3://"}, {"key_id": SecretStr("a")}, {"endpoint": "x"}):
        with pytest.raises((ValueError, UnsafeSettingsError)):
            AttachmentSettings(**wrong)
