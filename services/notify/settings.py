"""Settings of this service alone: how e-mail leaves the house, and how customers' addresses are asked for."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.settings import Profile, ServiceSettings, UnsafeSettingsError

Address = Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")]


class EmailSettings(BaseSettings):
    """What the environment says about e-mail. An empty variable is none."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True)

    smtp_url: SecretStr | None = Field(None, validation_alias="KEFU_SMTP_URL")
    mail_from: Address = Field("kefu@localhost", validation_alias="KEFU_MAIL_FROM")
    customer_url: str = Field("http://127.0.0.1:8001", validation_alias="CUSTOMER_URL")
    gateway_url: str = Field("http://127.0.0.1:8000", validation_alias="GATEWAY_URL")
    client_id: str | None = Field(None, validation_alias="KEFU_SERVICE_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, validation_alias="KEFU_SERVICE_CLIENT_SECRET")

    @property
    def smtp(self) -> SplitResult | None:
        """Where the SMTP server is: smtp:// (with STARTTLS where it is offered) or smtps://.

        Raises UnsafeSettingsError for any other address; the text never quotes it, there may be a password in it.
        """
        if self.smtp_url is None:
            return None
        try:
            url = urlsplit(self.smtp_url.get_secret_value())
            well_formed = url.scheme in ("smtp", "smtps") and bool(url.hostname) and url.port != 0
        except ValueError:
            well_formed = False
        if not well_formed:
            raise UnsafeSettingsError("KEFU_SMTP_URL must be smtp://host:port or smtps://host:port")
        return url

    def missing(self, profile: Profile) -> Iterator[str]:
        """The variables without which e-mail can't be sent in that profile; development has its folder."""
        if profile is Profile.PRODUCTION and self.smtp_url is None:
            yield "KEFU_SMTP_URL"
        if self.client_id is None:
            yield "KEFU_SERVICE_CLIENT_ID"
        if self.client_secret is None:
            yield "KEFU_SERVICE_CLIENT_SECRET"


def email_settings(settings: ServiceSettings) -> EmailSettings:
    """The settings of e-mail. Raises UnsafeSettingsError when production has an SMTP server and not all it needs."""
    email = EmailSettings()
    if settings.profile is Profile.PRODUCTION and email.smtp is not None:
        if missing := list(email.missing(settings.profile)):
            raise UnsafeSettingsError(f"{missing[0]} must be set in production where KEFU_SMTP_URL is")
        if "mail_from" not in email.model_fields_set:
            raise UnsafeSettingsError("KEFU_MAIL_FROM must be set in production where KEFU_SMTP_URL is")
    return email
