"""The parts of e-mail by themselves: settings, the folder, the book of addresses (N1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError
from stage import KEY, NOON, Starter, Tokens

from contracts.notify import NotifyChannel, Purpose
from kit.ids import new_id
from kit.settings import Profile, ServiceSettings, UnsafeSettingsError
from kit.testing.children import free_port
from services.notify.email.channel import open_channel
from services.notify.email.contacts import ContactsAwayError, HttpContactBook
from services.notify.email.letter import Letter
from services.notify.email.mailer import FolderMailer, SmtpMailer
from services.notify.notification.delivery import Outcome
from services.notify.settings import EmailSettings, email_settings

CLIENT = {"KEFU_SERVICE_CLIENT_ID": "notify", "KEFU_SERVICE_CLIENT_SECRET": "s3cret"}
SMTP = {"KEFU_SMTP_URL": "smtps://kefu:p%40ss@mail.example.com:465", "KEFU_MAIL_FROM": "kefu@example.com"}


def _settings(profile: Profile, home: Path) -> ServiceSettings:
    return ServiceSettings(
        service="notify",
        database_url=SecretStr("postgresql://none"),
        profile=profile,
        installation_key=SecretStr(KEY),
        home=home,
        audit_dir=home,
    )


@pytest.mark.parametrize(
    ("profile", "environment", "by"),
    [
        (Profile.DEVELOPMENT, {}, None),
        (Profile.DEVELOPMENT, CLIENT, FolderMailer),
        (Profile.DEVELOPMENT, {**CLIENT, "KEFU_SMTP_URL": ""}, FolderMailer),
        (Profile.DEVELOPMENT, {**CLIENT, **SMTP}, SmtpMailer),
        (Profile.PRODUCTION, CLIENT, None),
        (Profile.PRODUCTION, {}, None),
        (Profile.PRODUCTION, {**CLIENT, **SMTP}, SmtpMailer),
    ],
)
def test_what_the_settings_make_of_the_channel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: Profile, environment: dict[str, str], by: type | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = _settings(profile, tmp_path)
    channel = open_channel(settings, email_settings(settings))
    assert (type(channel.mailer) if channel.mailer else None) is by
    assert bool(channel.missing) is (by is None)


@pytest.mark.parametrize("lacking", [*CLIENT, "KEFU_MAIL_FROM"])
def test_production_with_a_server_needs_all_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: str
) -> None:
    for name, value in {**CLIENT, **SMTP}.items():
        if name != lacking:
            monkeypatch.setenv(name, value)
    with pytest.raises(UnsafeSettingsError, match=lacking):
        email_settings(_settings(Profile.PRODUCTION, tmp_path))


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://h:0", "smtp://h:x"]
)
def test_an_address_of_no_mail_server_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(UnsafeSettingsError, match="KEFU_SMTP_URL") as refused:
        _ = EmailSettings(smtp_url=SecretStr(url)).smtp
    assert "example" not in str(refused.value)


@pytest.mark.parametrize("sender", ["kefu", "a@b\nBcc: c@d", "<a@b>", ""])
def test_a_sender_is_an_address(sender: str) -> None:
    with pytest.raises(ValidationError):
        EmailSettings(mail_from=sender)


async def test_the_folder_keeps_each_letter_once(tmp_path: Path) -> None:
    letter = Letter(new_id(), "kefu@localhost", "ming@example.com", "您好", "第一行\n.\n第二行", "zh-CN", NOON)
    folder = FolderMailer(tmp_path / "mail")
    for _ in range(2):
        assert (await folder.send(letter)).outcome is Outcome.ACCEPTED
    (kept,) = (tmp_path / "mail").iterdir()
    assert kept.name == f"{letter.notification_id}.eml"
    read = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert (read["Subject"], read.get_content().splitlines()) == ("您好", ["第一行", ".", "第二行"])
    assert "ming" not in repr(letter)
    (tmp_path / "file").write_text("")
    unwritable = await FolderMailer(tmp_path / "file" / "mail").send(letter)
    assert unwritable.outcome is Outcome.POSTPONED


@dataclass
class Gateway:
    """A stand-in for the gateway's token endpoint."""

    token: Tokens
    given: list[dict[str, str]] = field(default_factory=list)
    role: str = "service"
    status: int = 200

    async def issue(self, request: web.Request) -> web.Response:
        self.given.append({name: str(value) for name, value in (await request.post()).items()})
        body = {"access_token": self.token(self.role), "token_type": "Bearer", "expires_in": 600}
        return web.json_response(body if self.status == 200 else {}, status=self.status)


@asynccontextmanager
async def served(path: str, handler: Any) -> AsyncIterator[str]:
    """A handler behind a real port."""
    app = web.Application()
    app.router.add_post(path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Looking:
    book: HttpContactBook
    gateway: Gateway
    customers: Any
    now: float = 1000.0

    async def up(self, customer_id: UUID, channel: NotifyChannel = NotifyChannel.EMAIL) -> str | None:
        return await self.book.address_of(customer_id, channel, Purpose.TRANSACTIONAL)


@pytest.fixture
async def looking(start_service: Starter, token: Tokens) -> AsyncIterator[Looking]:
    """The book before the real customer service, which is reached over a real port."""
    gateway = Gateway(token)
    async with start_service("customer") as customers:

        async def forward(request: web.Request) -> web.Response:
            headers = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
            answer = await customers.http.post(request.path, content=await request.read(), headers=headers)
            return web.Response(body=answer.content, status=answer.status_code)

        async with (
            served("/oauth/token", gateway.issue) as gateway_url,
            served("/{rest:.*}", forward) as customer_url,
        ):
            found = Looking(None, gateway, customers)  # type: ignore[arg-type]
            secret = SecretStr("s3cret")
            found.book = HttpContactBook(customer_url, gateway_url, "notify", secret, monotonic=lambda: found.now)
            yield found
            await found.book.close()


async def _ming(looking: Looking) -> UUID:
    made = await looking.customers.call("POST", "/v1/customers", "agent", json={"emails": ["ming@example.com"]})
    return UUID(made.json()["customer_id"])


async def test_the_book_looks_addresses_up_with_one_token(looking: Looking) -> None:
    ming = await _ming(looking)
    assert [await looking.up(ming) for _ in range(3)] == ["ming@example.com"] * 3
    assert looking.gateway.given == [
        {"grant_type": "client_credentials", "client_id": "notify", "client_secret": "s3cret"}
    ]
    looking.now += 571  # thirty seconds before it runs out
    assert await looking.up(ming) == "ming@example.com"
    assert len(looking.gateway.given) == 2


async def test_who_is_unknown_or_has_no_such_contact_has_no_address(looking: Looking) -> None:
    ming = await _ming(looking)
    assert await looking.up(new_id()) is None
    assert await looking.up(ming, NotifyChannel.SMS) is None


async def test_a_token_that_is_refused_is_taken_anew_once(looking: Looking) -> None:
    ming = await _ming(looking)
    looking.book._token = ("withdrawn", looking.now + 100)
    assert await looking.up(ming) == "ming@example.com"
    assert len(looking.gateway.given) == 1


async def test_a_token_without_the_permission_is_no_missing_address(looking: Looking) -> None:
    """Else a wrong role would fail every message as one without a contact."""
    ming = await _ming(looking)
    looking.gateway.role = "agent"
    with pytest.raises(ContactsAwayError, match="customer: 403"):
        await looking.up(ming)


async def test_parties_that_are_away_are_named(looking: Looking) -> None:
    ming = await _ming(looking)
    looking.gateway.status = 401
    with pytest.raises(ContactsAwayError, match="gateway: 401"):
        await looking.up(ming)
    nowhere = HttpContactBook("http://127.0.0.1:1", "http://127.0.0.1:1", "notify", SecretStr("s3cret"))
    with pytest.raises(ContactsAwayError, match="gateway: Client"):
        await nowhere.address_of(ming, NotifyChannel.EMAIL, Purpose.TRANSACTIONAL)
    await nowhere.close()
