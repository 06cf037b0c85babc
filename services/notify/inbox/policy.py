"""What is worth telling (N3): news, not history."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind


class QuietStart(BaseModel):
    """How old an event may be and still be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_age_hours: int = Field(ge=0, le=8760)

    def speaks(self, happened_at: datetime, now: datetime) -> bool:
        """Whether an event of that time is still news: not when it is older than that many hours."""
        return now - happened_at <= timedelta(hours=self.max_age_hours)


QUIET_START = PolicyKind("quiet-start", QuietStart, QuietStart(max_age_hours=24))
