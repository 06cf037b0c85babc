"""How handing over is timed (T46, X3)."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title


class HandoverRules(BaseModel):
    """Within how many minutes of the planned end a sheet has to be signed, how soon a shift must begin for its agent
    to take over already, and how far ahead the promises of a sheet reach."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grace_minutes: int = Field(ge=0, le=1440)
    about_to_start_minutes: int = Field(ge=0, le=1440)
    promises_within_hours: int = Field(ge=0, le=720)

    def due_at(self, planned_end: datetime) -> datetime:
        """When a sheet has to be signed."""
        return planned_end + timedelta(minutes=self.grace_minutes)

    def is_about_to_start(self, planned_start: datetime, now: datetime) -> bool:
        """Whether somebody whose shift begins then may take over now."""
        return planned_start <= now + timedelta(minutes=self.about_to_start_minutes)


HANDOVER_RULES = PolicyKind(
    "handover-rules",
    HandoverRules,
    HandoverRules(grace_minutes=15, about_to_start_minutes=60, promises_within_hours=24),
    Title("交接班规则", "Handover rules"),
)
