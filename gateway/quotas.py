"""How much each kind of caller may ask: the numbers, in one document (G3).

`KEFU_LIMITS` changes them as JSON, in whole or in part: `{"default": {"per_minute": 1200}, "login": {"burst": 20}}`.
Outside production everything is a thousand times as generous, so that demos and measurements are not refused.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DEVELOPMENT_FACTOR = 1_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quota(_Frozen):
    """So many requests a minute on the long run, and so many at once after a pause."""

    per_minute: int = Field(ge=1, le=10_000_000)
    burst: int = Field(ge=1, le=1_000_000)


class Quotas(_Frozen):
    """Whom which quota holds for, and how many callers are remembered.

    `default`: a member of staff, a buyer, or an address nobody has proved an identity from. `client`: a program.
    `login`: passwords tried from one address for one username.
    """

    default: Quota = Quota(per_minute=600, burst=100)
    client: Quota = Quota(per_minute=6_000, burst=1_000)
    login: Quota = Quota(per_minute=30, burst=10)
    callers: int = Field(100_000, ge=1_000, le=1_000_000)

    def times(self, factor: int) -> "Quotas":
        """The same, `factor` times as generous."""
        kinds = {"default": self.default, "client": self.client, "login": self.login}
        raised = {
            name: Quota(per_minute=quota.per_minute * factor, burst=quota.burst * factor)
            for name, quota in kinds.items()
        }
        return self.model_copy(update=raised)

    def changed(self, given: Mapping[str, Any]) -> "Quotas":
        """With what is `given` in place of its own. Raises ValueError for a name or number that makes no sense."""
        merged = self.model_dump()
        for name, value in given.items():
            known = merged.get(name)
            merged[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        return Quotas.model_validate(merged)
