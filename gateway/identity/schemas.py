"""What the identity routes take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from gateway.identity.keys import KeyState
from gateway.identity.passwords import MAX_CHARS, MIN_CHARS
from kit.http.fields import Instant, Line

StaffRole = Literal["agent", "supervisor", "manager", "finance", "auditor", "admin"]
ClientRole = Literal["storefront", "service"]
Username = Annotated[
    str, StringConstraints(to_lower=True, min_length=3, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
ClientId = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Shop = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9][a-z0-9_-]{0,63})$")]
Shops = Annotated[list[Shop], Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountCreate(_Strict):
    """A new login for a member of staff."""

    username: Username = Field(examples=["li.na"])
    password: SecretStr = Field(
        examples=["correct-horse-battery"],
        max_length=1024,
        json_schema_extra={"minLength": MIN_CHARS, "maxLength": MAX_CHARS},
    )
    roles: list[StaffRole] = Field(min_length=1, max_length=8, examples=[["agent"]])
    shops: Shops = Field(default=["*"], examples=[["main"]])
    staff_id: UUID | None = None


class AccountPublic(BaseModel):
    """A login as an administrator sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    roles: list[str]
    shops: list[str]
    staff_id: UUID | None
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None


class ClientCreate(_Strict):
    """A new API client."""

    client_id: ClientId = Field(examples=["storefront-main"])
    name: Line = Field(max_length=120, examples=["Storefront backend"])
    roles: list[ClientRole] = Field(min_length=1, max_length=2, examples=[["storefront"]])
    shops: Shops = Field(default=["*"], examples=[["main"]])


class ClientPublic(BaseModel):
    """An API client; its secret is nowhere to be read."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    client_id: str
    name: str
    roles: list[str]
    shops: list[str]
    created_at: datetime
    disabled_at: datetime | None


class ClientWithSecret(ClientPublic):
    """A client just made, with its secret: this is the only time it is told."""

    client_secret: str


class ApiKeyCreate(_Strict):
    """A new API key of a client."""

    client_id: ClientId = Field(examples=["storefront-main"])
    scopes: list[ClientRole] = Field(
        min_length=1, max_length=2, description="Some of the client's roles.", examples=[["storefront"]]
    )
    expires_at: Instant = Field(description="At most a year from now.", examples=["2027-05-01T00:00:00+08:00"])


class ApiKeyPublic(BaseModel):
    """An API key as an administrator sees it; `key_id` stands in the key itself, to tell which is which."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key_id: str
    client_id: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyWithText(ApiKeyPublic):
    """A key just made: this is the only time it is told."""

    api_key: str


class SigningKey(BaseModel):
    """A key that signs access tokens, or did, or will."""

    model_config = ConfigDict(from_attributes=True)

    kid: str
    state: KeyState
    signs_from: datetime | None
    retires_at: datetime | None = Field(description="Null as long as no other key has followed.")


class SigningKeys(BaseModel):
    """Every signing key there is, oldest first."""

    items: list[SigningKey]


class TokenAnswer(BaseModel):
    """An access token (RFC 6749 §5.1), for staff with the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: int = Field(description="Seconds until it runs out.", examples=[600])
    refresh_token: str | None = Field(None, description="Good once: the answer to it holds the next one.")


class Me(BaseModel):
    """The caller as the token tells it."""

    subject: str
    roles: list[str]
    shops: list[str]
    permissions: list[str]
    staff_id: UUID | None
    client_id: str | None
    account_id: UUID | None
    expires_at: datetime | None
