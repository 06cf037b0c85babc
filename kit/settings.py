"""Settings come from the environment, once, and production refuses what only development may have."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Profile(StrEnum):
    """Where this process runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


DEVELOPMENT_KEY = "00" * 32
_HEX_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){32,}")
_TRACES = re.compile(r"(?:(?:https?://|file:)\S+)?")


class UnsafeSettingsError(ValueError):
    """Production was started with something only development may have."""


class ProcessSettings(BaseSettings):
    """What every process of Kefu needs to know."""

    # The prefix keeps HOST, PORT and HOME of the shell out: field names are looked up in the environment as well.
    # A variable that is empty says nothing: deployment files can name all there are.
    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, populate_by_name=True, env_prefix="KEFU_", env_ignore_empty=True
    )

    profile: Profile = Field(Profile.DEVELOPMENT, validation_alias="KEFU_PROFILE")
    host: str = Field("127.0.0.1", validation_alias="KEFU_HOST")
    port: int = Field(0, validation_alias="KEFU_PORT", ge=0, le=65535)
    log_level: str = Field("info", validation_alias="KEFU_LOG_LEVEL", pattern="(?i)^(debug|info|warning|error)$")
    nats_url: SecretStr = Field(SecretStr("nats://127.0.0.1:4222"), validation_alias="NATS_URL")
    installation_key: SecretStr = Field(SecretStr(DEVELOPMENT_KEY), validation_alias="KEFU_INSTALLATION_KEY")
    issuer: str = Field("kefu", validation_alias="KEFU_ISSUER")
    jwks_url: str = Field("http://127.0.0.1:8000/.well-known/jwks.json", validation_alias="KEFU_JWKS_URL")
    failpoints: str = Field("", validation_alias="KEFU_FAILPOINTS")
    metrics_host: str = Field("127.0.0.1", validation_alias="KEFU_METRICS_HOST")
    metrics_port: int = Field(0, validation_alias="KEFU_METRICS_PORT", ge=0, le=65535)
    traces: str = Field("", validation_alias="KEFU_TRACES")
    traces_share: float = Field(0.1, validation_alias="KEFU_TRACES_SHARE", ge=0, le=1)

    @property
    def key(self) -> bytes:
        """The installation's secret, from which account ids and cursor signatures are made."""
        return bytes.fromhex(self.installation_key.get_secret_value())

    @model_validator(mode="after")
    def _refuse_development_secrets(self) -> Self:
        if not _HEX_KEY.fullmatch(self.installation_key.get_secret_value()):
            raise UnsafeSettingsError("KEFU_INSTALLATION_KEY must be at least 32 bytes in hex")
        if not _TRACES.fullmatch(self.traces):
            raise UnsafeSettingsError("KEFU_TRACES must be the http(s) address of an OTLP collector, or file:FOLDER")
        if self.profile is Profile.PRODUCTION:
            if not any(self.key):
                raise UnsafeSettingsError("KEFU_INSTALLATION_KEY must be set in production")
            if self.failpoints:
                raise UnsafeSettingsError("KEFU_FAILPOINTS has no place in production")
        return self


class ServiceSettings(ProcessSettings):
    """Settings of one of the four services; `service` picks its own database address."""

    service: str
    database_url: SecretStr
    database_pool: int = Field(4, validation_alias=AliasChoices("KEFU_DATABASE_POOL"), ge=1, le=50)
    relay_poll_seconds: float = Field(1.0, validation_alias="KEFU_RELAY_POLL_SECONDS", gt=0)
    home: Path = Field(Path(".kefu"), validation_alias="KEFU_HOME")
    audit_dir: Path | None = Field(None, validation_alias="KEFU_AUDIT_DIR")

    @property
    def audit_folder(self) -> Path:
        """Where the checkpoints of the audit trail go: best a place that the database's owner can't write (X7)."""
        return self.audit_dir or self.home / "audit"

    @model_validator(mode="after")
    def _refuse_a_lost_trail(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.audit_dir is None:
            raise UnsafeSettingsError("KEFU_AUDIT_DIR must be set in production: checkpoints outlive a container")
        return self


def service_settings(service: str) -> ServiceSettings:
    """The settings of `service` from the environment. Raises ValueError when its database address is missing."""
    import os

    variable = f"{service.upper()}_DATABASE_URL"
    address = os.environ.get(variable)
    if not address:
        raise UnsafeSettingsError(f"{variable} is not set: where is the {service} database?")
    return ServiceSettings(service=service, database_url=SecretStr(address))
