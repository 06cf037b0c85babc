"""How long a ticket can be taken up again (T2, X3)."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title


class TicketLife(BaseModel):
    """The numbers of the common life."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reopen_days: int = Field(ge=0, le=3650)

    def may_reopen(self, ended_at: datetime, now: datetime) -> bool:
        """Whether a ticket that ended then can still be reopened; after that a follow-up is opened (T2)."""
        return now < ended_at + timedelta(days=self.reopen_days)


TICKET_LIFE = PolicyKind(
    "ticket-life", TicketLife, TicketLife(reopen_days=30), Title("工单生命周期", "Life of a ticket")
)
