"""The desk in the words of HTTP."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Code, Instant
from services.ticket.shift.lifecycle import Presence
from services.ticket.shift.policy import Duty


class DeskQuery(BaseModel):
    """Of which group; all of them when it isn't said."""

    model_config = ConfigDict(extra="forbid")

    group: Code | None = None


class AgentAtDesk(BaseModel):
    """Somebody who is on shift, and what they have open."""

    staff_id: UUID
    shift_id: UUID
    shop: str
    preset: str | None
    planned_end: Instant
    presence: Presence
    presence_since: Instant | None
    duty: Annotated[Duty | None, Field(description="What the present segment is for; none between segments.")]
    takes_work: Annotated[bool, Field(description="Whether tickets are given to them now.")]
    auto_reply: Annotated[bool, Field(description="A lone agent at a meal: chats are answered automatically.")]
    groups: list[str]
    open_tickets: int
    open_chats: int
    last_given_at: Instant | None


class GroupAtDesk(BaseModel):
    """A group, who of it takes work now, and what waits for them."""

    code: str
    taking_work: int
    waiting: Annotated[int, Field(description="Tickets in its queue; 1000 stands for 1000 or more.")]


class DeskPublic(BaseModel):
    """Who is here now (T44)."""

    at: Instant
    chat_limit: int
    agents: list[AgentAtDesk]
    groups: list[GroupAtDesk]
