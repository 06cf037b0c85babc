"""Where files are kept: a folder, or a bucket of an S3 service."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.settings import Profile, ServiceSettings, UnsafeSettingsError


class AttachmentSettings(BaseSettings):
    """From the environment, once. Without an address the files lie in the folder `attachments` of the home."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, populate_by_name=True, env_prefix="KEFU_", env_ignore_empty=True
    )

    url: str | None = Field(None, validation_alias="KEFU_ATTACHMENTS_URL", pattern=r"^(s3://[a-z0-9]|file:///)")
    endpoint: str | None = Field(None, validation_alias="KEFU_ATTACHMENTS_ENDPOINT", pattern=r"^https?://")
    region: str = Field("us-east-1", validation_alias="KEFU_ATTACHMENTS_REGION")
    key_id: SecretStr | None = Field(None, validation_alias="KEFU_ATTACHMENTS_KEY_ID")
    secret: SecretStr | None = Field(None, validation_alias="KEFU_ATTACHMENTS_SECRET")
    seconds: float = Field(15.0, validation_alias="KEFU_ATTACHMENTS_SECONDS", gt=0, le=120)

    @model_validator(mode="after")
    def _refuse_half_a_login(self) -> Self:
        if (self.key_id is None) != (self.secret is None):
            raise UnsafeSettingsError("KEFU_ATTACHMENTS_KEY_ID and KEFU_ATTACHMENTS_SECRET belong together")
        return self

    def folder(self, service: ServiceSettings) -> Path | None:
        """The folder, or None for a bucket. Raises UnsafeSettingsError in production when nobody said where."""
        if self.url is None:
            if service.profile is Profile.PRODUCTION:
                raise UnsafeSettingsError("KEFU_ATTACHMENTS_URL must be set in production: files outlive a container")
            return service.home / "attachments"
        return Path(self.url.removeprefix("file://")) if self.url.startswith("file://") else None
