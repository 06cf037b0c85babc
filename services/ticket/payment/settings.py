"""Where the payment side is called."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.settings import UnsafeSettingsError


class PaymentSettings(BaseSettings):
    """From the environment, once. Without an address nothing is called: the payment side listens to events."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, populate_by_name=True, env_prefix="KEFU_", env_ignore_empty=True
    )

    url: str | None = Field(None, validation_alias="KEFU_PAYMENTS_URL", pattern=r"^https?://[^\s?#]+$")
    token: SecretStr | None = Field(None, validation_alias="KEFU_PAYMENTS_TOKEN")
    seconds: float = Field(10.0, validation_alias="KEFU_PAYMENTS_SECONDS", gt=0, le=60)

    @model_validator(mode="after")
    def _refuse_an_open_door(self) -> Self:
        if self.url is not None and self.token is None:
            raise UnsafeSettingsError("KEFU_PAYMENTS_TOKEN must be set where KEFU_PAYMENTS_URL is")
        return self
