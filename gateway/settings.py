"""The gateway's settings, from the environment, once.

Numbers of identity stand in `gateway.identity.policy` (KEFU_IDENTITY), those of limits in `gateway.quotas`
(KEFU_LIMITS); both take JSON with what is to differ.
"""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator

from gateway.bodies import BodyLimits
from gateway.identity.policy import IdentityPolicy
from gateway.identity.provider import ALGORITHMS, Algorithm, Trust
from gateway.identity.schemas import StaffRole
from gateway.quotas import DEVELOPMENT_FACTOR, Quotas
from gateway.routes import SERVICES
from gateway.watch import TimeLimits
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
    file_bytes: int = Field(11 * 1024 * 1024, validation_alias="KEFU_FILE_BYTES", ge=1024)
    file_seconds: float = Field(60.0, validation_alias="KEFU_FILE_SECONDS", gt=0)
    answer_seconds: float = Field(30.0, validation_alias="KEFU_ANSWER_SECONDS", gt=0)
    transfer_seconds: float = Field(120.0, validation_alias="KEFU_TRANSFER_SECONDS", gt=0)

    identity: IdentityPolicy = Field(IdentityPolicy(), validation_alias="KEFU_IDENTITY")
    limits: dict[str, Any] = Field({}, validation_alias="KEFU_LIMITS")
    oidc_issuer: str | None = Field(None, validation_alias="KEFU_OIDC_ISSUER", min_length=1, max_length=500)
    oidc_jwks_url: str | None = Field(None, validation_alias="KEFU_OIDC_JWKS_URL", pattern="^https?://")
    oidc_audience: str | None = Field(None, validation_alias="KEFU_OIDC_AUDIENCE", min_length=1)
    oidc_roles: dict[str, StaffRole] = Field({}, validation_alias="KEFU_OIDC_ROLES")
    oidc_role_claim: str = Field("roles", validation_alias="KEFU_OIDC_ROLE_CLAIM", min_length=1)
    oidc_staff_claim: str = Field("staff_id", validation_alias="KEFU_OIDC_STAFF_CLAIM", min_length=1)
    oidc_shops_claim: str = Field("", validation_alias="KEFU_OIDC_SHOPS_CLAIM")
    oidc_algorithms: list[Algorithm] = Field(list(ALGORITHMS), validation_alias="KEFU_OIDC_ALGORITHMS", min_length=1)

    @property
    def quotas(self) -> Quotas:
        """How much callers may ask: the profile's quotas with what KEFU_LIMITS changes."""
        quotas = Quotas()
        if self.profile is not Profile.PRODUCTION:
            quotas = quotas.times(DEVELOPMENT_FACTOR)
        return quotas.changed(self.limits)

    @property
    def trust(self) -> Trust | None:
        """The OpenID provider whose tokens are accepted, if there is one."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return Trust(
            self.oidc_issuer,
            self.oidc_audience,
            self.oidc_roles,
            role_claim=self.oidc_role_claim,
            staff_claim=self.oidc_staff_claim,
            shops_claim=self.oidc_shops_claim,
            algorithms=frozenset(self.oidc_algorithms),
        )

    @property
    def keys(self) -> Path:
        """The folder of the signing keys."""
        return self.keys_dir or self.home / "keys"

    @property
    def body(self) -> BodyLimits:
        """The limits of bodies on their way to a service."""
        return BodyLimits(self.body_bytes, self.body_seconds)

    @property
    def files(self) -> BodyLimits:
        """The limits of files on their way to a service; its policy may allow less."""
        return BodyLimits(self.file_bytes, self.file_seconds)

    @property
    def own_body(self) -> BodyLimits:
        """The limits of bodies that the gateway reads itself."""
        return BodyLimits(_OWN_BODY_BYTES, self.body_seconds)

    @property
    def time(self) -> TimeLimits:
        """How long a service may take."""
        return TimeLimits(self.answer_seconds, self.transfer_seconds)

    @model_validator(mode="after")
    def _refuse_senseless_quotas(self) -> Self:
        try:
            self.quotas  # noqa: B018 - built to see whether it can be
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
            raise UnsafeSettingsError(f"KEFU_LIMITS has no such name or number: {place}") from error
        return self

    @model_validator(mode="after")
    def _refuse_half_a_provider(self) -> Self:
        needed = (self.oidc_issuer, self.oidc_jwks_url, self.oidc_audience)
        if any(needed) and not (all(needed) and self.oidc_roles):
            raise UnsafeSettingsError(
                "KEFU_OIDC_ISSUER, KEFU_OIDC_JWKS_URL, KEFU_OIDC_AUDIENCE and KEFU_OIDC_ROLES belong together"
            )
        if self.oidc_issuer == self.issuer:
            raise UnsafeSettingsError("KEFU_OIDC_ISSUER must not be our own name")
        if self.profile is Profile.PRODUCTION and str(self.oidc_jwks_url or "https://").startswith("http://"):
            raise UnsafeSettingsError("KEFU_OIDC_JWKS_URL must be https in production: its keys give access")
        return self

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
