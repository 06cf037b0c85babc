"""The gateway's settings, from the environment, once."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from gateway.bodies import BodyLimits
from gateway.proxy import TimeLimits
from gateway.routes import SERVICES
from kit.settings import Profile, ServiceSettings, UnsafeSettingsError

_OWN_BODY_BYTES = 64 * 1024
_DEVELOPMENT_PORTS = {"customer": 8001, "ticket": 8002, "appraisal": 8003, "notify": 8004}


class GatewaySettings(ServiceSettings):
    """What the gateway needs to know beyond any service: where the services are, its keys, its limits."""

    service: str = "gateway"
    upstreams: dict[str, str]
    home: Path = Field(Path(".kefu"), validation_alias="KEFU_HOME")
    keys_dir: Path | None = Field(None, validation_alias="KEFU_KEYS_DIR")
    dev_credentials: Path | None = Field(None, validation_alias="KEFU_DEV_CREDENTIALS")
    body_bytes: int = Field(1024 * 1024, validation_alias="KEFU_BODY_BYTES", ge=1024)
    body_seconds: float = Field(10.0, validation_alias="KEFU_BODY_SECONDS", gt=0)
    answer_seconds: float = Field(30.0, validation_alias="KEFU_ANSWER_SECONDS", gt=0)
    transfer_seconds: float = Field(120.0, validation_alias="KEFU_TRANSFER_SECONDS", gt=0)

    @property
    def keys(self) -> Path:
        """The folder of the signing keys."""
        return self.keys_dir or self.home / "keys"

    @property
    def body(self) -> BodyLimits:
        """The limits of bodies on their way to a service."""
        return BodyLimits(self.body_bytes, self.body_seconds)

    @property
    def own_body(self) -> BodyLimits:
        """The limits of bodies that the gateway reads itself."""
        return BodyLimits(_OWN_BODY_BYTES, self.body_seconds)

    @property
    def time(self) -> TimeLimits:
        """How long a service may take."""
        return TimeLimits(self.answer_seconds, self.transfer_seconds)

    @model_validator(mode="after")
    def _refuse_development_in_production(self) -> Self:
        if self.profile is Profile.PRODUCTION:
            if self.dev_credentials is not None:
                raise UnsafeSettingsError("KEFU_DEV_CREDENTIALS has no place in production")
            if self.keys_dir is None:
                raise UnsafeSettingsError("KEFU_KEYS_DIR must be set in production: keys outlive a container")
        return self


def gateway_settings() -> GatewaySettings:
    """The settings from the environment. Raises ValueError when something is missing or unsafe."""
    address = os.environ.get("GATEWAY_DATABASE_URL")
    if not address:
        raise UnsafeSettingsError("GATEWAY_DATABASE_URL is not set: where is the gateway's database?")
    production = os.environ.get("KEFU_PROFILE") == Profile.PRODUCTION
    upstreams = {service: _address_of(service, required=production) for service in SERVICES}
    return GatewaySettings(database_url=SecretStr(address), upstreams=upstreams)


def _address_of(service: str, *, required: bool) -> str:
    variable = f"{service.upper()}_URL"
    address = os.environ.get(variable)
    if address is None and required:
        raise UnsafeSettingsError(f"{variable} is not set: where is the {service} service?")
    return address or f"http://127.0.0.1:{_DEVELOPMENT_PORTS[service]}"
