"""Settings: once, from the environment, and production refuses what only development may have."""

import pytest
from pydantic import SecretStr, ValidationError

from kit.serve import serve
from kit.settings import DEVELOPMENT_KEY, ProcessSettings, Profile, ServiceSettings, service_settings

KEY = "5a" * 32
KEFU = ("KEFU_", "NATS_URL", "TICKET_DATABASE_URL")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    import os

    for name in [name for name in os.environ if name.startswith(KEFU)]:
        monkeypatch.delenv(name)
    return monkeypatch


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as failure:
        ProcessSettings()
    return "\n".join(error["msg"] for error in failure.value.errors(include_input=False))


def test_development_needs_nothing() -> None:
    settings = ProcessSettings()
    assert settings.profile is Profile.DEVELOPMENT
    assert (settings.host, settings.port, settings.issuer) == ("127.0.0.1", 0, "kefu")
    assert settings.key == bytes(32)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "KEFU_PROFILE": "production", "KEFU_HOST": "0.0.0.0", "KEFU_PORT": "8001", "KEFU_INSTALLATION_KEY": KEY,
        "KEFU_ISSUER": "https://login.example", "NATS_URL": "nats://u:secret@broker:4222",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings = ProcessSettings()
    assert settings.profile is Profile.PRODUCTION
    assert (settings.host, settings.port, settings.issuer) == ("0.0.0.0", 8001, "https://login.example")
    assert settings.key == bytes.fromhex(KEY)


@pytest.mark.parametrize("name", ["HOST", "PORT", "PROFILE", "ISSUER", "FAILPOINTS", "INSTALLATION_KEY", "LOG_LEVEL"])
def test_variables_of_other_programs_are_not_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Shells set HOST, platforms set PORT."""
    monkeypatch.setenv(name, "1")
    assert ProcessSettings() == ProcessSettings.model_construct(**dict(ProcessSettings()))
    assert ProcessSettings().host == "127.0.0.1"
    assert getattr(ProcessSettings(), name.lower()) == ProcessSettings.model_fields[name.lower()].default


@pytest.mark.parametrize("key", [DEVELOPMENT_KEY, "00" * 40])
def test_production_refuses_the_development_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    told = refusal(monkeypatch, KEFU_PROFILE="production", KEFU_INSTALLATION_KEY=key)
    assert "KEFU_INSTALLATION_KEY must be set in production" in told


def test_production_refuses_to_start_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "KEFU_INSTALLATION_KEY" in refusal(monkeypatch, KEFU_PROFILE="production")


def test_production_refuses_failpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(
        monkeypatch, KEFU_PROFILE="production", KEFU_INSTALLATION_KEY=KEY, KEFU_FAILPOINTS="after-commit=crash"
    )
    assert "KEFU_FAILPOINTS has no place in production" in told
    monkeypatch.setenv("KEFU_PROFILE", "test")
    assert ProcessSettings().failpoints == "after-commit=crash"


@pytest.mark.parametrize("key", ["5a", "5a" * 31, "zz" * 32, "not hex", "5" * 63])
def test_a_key_that_is_too_short_or_no_hex_is_refused_without_being_quoted(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    told = refusal(monkeypatch, KEFU_INSTALLATION_KEY=key)
    assert "KEFU_INSTALLATION_KEY" in told
    assert key not in told


def test_a_variable_that_is_empty_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deployment files name all there are; production insists on what it needs all the same."""
    monkeypatch.setenv("KEFU_PORT", "")
    monkeypatch.setenv("KEFU_INSTALLATION_KEY", KEY)
    assert ProcessSettings().port == 0
    told = refusal(monkeypatch, KEFU_PROFILE="production", KEFU_INSTALLATION_KEY="")
    assert "KEFU_INSTALLATION_KEY must be set in production" in told


@pytest.mark.parametrize(
    ("name", "value"), [("KEFU_PROFILE", "staging"), ("KEFU_PORT", "65536"), ("KEFU_LOG_LEVEL", "chatty")]
)
def test_a_value_that_cannot_be_used_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert refusal(monkeypatch, **{name: value})


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_INSTALLATION_KEY", KEY)
    monkeypatch.setenv("NATS_URL", "nats://u:hush@broker:4222")
    settings = ServiceSettings(service="ticket", database_url=SecretStr("postgresql://u:hush@db/ticket"))
    assert "hush" not in repr(settings)
    assert KEY not in repr(settings)


def test_a_service_without_a_database_address_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="TICKET_DATABASE_URL is not set"):
        service_settings("ticket")
    monkeypatch.setenv("TICKET_DATABASE_URL", "postgresql://u:p@db/ticket")
    settings = service_settings("ticket")
    assert settings.service == "ticket"
    assert settings.database_url.get_secret_value() == "postgresql://u:p@db/ticket"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("KEFU_INSTALLATION_KEY", "5a", "probe: KEFU_INSTALLATION_KEY must be at least 32 bytes in hex"),
        ("KEFU_PORT", "70000", "probe: KEFU_PORT: Input should be less than or equal to 65535"),
    ],
)
def test_a_process_that_cannot_start_says_why_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("kit.logs.configure", lambda *_: None)  # the tests' own logging stays as it is
    with pytest.raises(SystemExit) as end:
        serve("probe", lambda: (object, ProcessSettings()))  # type: ignore[arg-type, return-value]
    assert end.value.code == sentence
