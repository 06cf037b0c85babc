"""Every number of identity, in one frozen document (G2).

`KEFU_IDENTITY` changes some of them as JSON, with durations in seconds or as ISO 8601: `{"key_pause": "PT90S"}`.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

ACCESS_LIFE = timedelta(minutes=10)
"""How long an access token is good. Part of the conventions, so no setting."""


class IdentityPolicy(BaseModel):
    """How long credentials live, how often they may be wrong, how fast they can be withdrawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_idle: timedelta = Field(timedelta(days=14), description="A session unused for so long is over.")
    refresh_absolute: timedelta = Field(timedelta(days=30), description="A session is over so long after its login.")

    lock_after: int = Field(5, ge=1, description="So many wrong passwords …")
    lock_window: timedelta = Field(timedelta(minutes=15), description="… within so long lock the login.")
    lock_first: timedelta = Field(timedelta(minutes=15), description="For so long, each further lock twice as long …")
    lock_longest: timedelta = Field(timedelta(hours=4), description="… up to this.")
    lock_memory: timedelta = Field(timedelta(days=1), description="Locks are forgotten so long after a failure.")

    logins_at_once: int = Field(32, ge=2, description="Passwords being checked or waiting for it; more get a 429.")
    logins_of_one_name: int = Field(8, ge=1, description="Of these, at most so many for one username.")

    api_key_longest: timedelta = Field(timedelta(days=365), description="An API key lives at most so long.")
    api_keys_live: int = Field(2, ge=1, description="Live keys a client may have: one in use, one to change to.")
    internal_life: timedelta = Field(
        timedelta(minutes=2), description="The internal token that stands for an API key or a provider's token."
    )

    revocation_poll: timedelta = Field(
        timedelta(seconds=1),
        le=timedelta(seconds=2),
        description="How often a process looks for others' revocations.",
    )
    key_pause: timedelta = Field(
        timedelta(seconds=60), description="A new signing key is published so long before it signs: a JWKS lifetime."
    )
    key_margin: timedelta = Field(
        timedelta(seconds=60), description="An old key is kept so much longer than the last token under it."
    )
