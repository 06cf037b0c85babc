"""Groups in the words of HTTP."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.ticket.ticket import TicketKind
from kit.http.fields import Code, Instant, Line
from kit.http.pages import Page
from services.ticket.group.lifecycle import GroupStatus

Shops = Annotated[list[Code], Field(max_length=100, description="The shops it works for; none: all of them.")]
Kinds = Annotated[list[TicketKind], Field(max_length=20, description="The kinds it takes; none: all of them.")]
Categories = Annotated[list[Code], Field(max_length=100, description="The categories it takes; none: all of them.")]
Skills = Annotated[list[Code], Field(max_length=50)]


class GroupCreate(BaseModel):
    """A group to make. Its code is what routing rules and tickets name it by, for ever."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Line
    shops: Shops = []
    kinds: Kinds = []
    categories: Categories = []
    skills: Annotated[Skills, Field(description="What all its members need to be given work.")] = []


class GroupChange(BaseModel):
    """What of a group to change; what isn't named stays."""

    model_config = ConfigDict(extra="forbid")

    name: Line = ""
    shops: Shops = []
    kinds: Kinds = []
    categories: Categories = []
    skills: Skills = []


class MemberPut(BaseModel):
    """What a member is good at in this group."""

    model_config = ConfigDict(extra="forbid")

    skills: Skills = []


class MemberPublic(BaseModel):
    """Somebody in a group."""

    model_config = ConfigDict(from_attributes=True)

    staff_id: UUID
    skills: list[str]
    added_at: Instant


class GroupPublic(BaseModel):
    """A group as an answer shows it."""

    model_config = ConfigDict(from_attributes=True)

    group_id: UUID
    code: str
    name: str
    shops: list[str]
    kinds: list[str]
    categories: list[str]
    skills: list[str]
    status: GroupStatus
    version: int
    members: list[MemberPublic]
    allowed: Annotated[list[str], Field(description="The verbs that its present status allows.")]


class GroupFilter(Page):
    """Which groups to list."""

    staff_id: UUID | None = None


class GroupPage(BaseModel):
    """One page of groups, by code."""

    items: list[GroupPublic]
    next_cursor: str | None = None
