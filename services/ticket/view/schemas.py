"""Saved views in the words of HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from kit.http.fields import Line
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.ticket.ticket.schemas import TicketFilter, TicketPublic
from services.ticket.view.sharing import Shared

# What the list of tickets can be asked, and nothing else: a new filter of the list is one of views, too.
_ASKED: dict[str, Any] = {
    name: (field.annotation, field)
    for name, field in TicketFilter.model_fields.items()
    if name not in Page.model_fields
}
ViewFilters: Any = create_model(
    "ViewFilters", __config__=ConfigDict(extra="forbid"), __doc__="What the list of tickets is asked.", **_ASKED
)
Mine = Annotated[bool, Field(description="Only tickets of whoever looks at the view.")]


class ViewCreate(BaseModel):
    """A view to save."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    filters: ViewFilters = Field(default_factory=ViewFilters)
    mine: Mine = False
    shared: Shared = Shared()


class ViewChange(BaseModel):
    """What to change on a view: only what is sent."""

    model_config = ConfigDict(extra="forbid")

    name: Line = ""
    filters: ViewFilters = Field(default_factory=ViewFilters)
    mine: Mine = False
    shared: Shared = Shared()

    @model_validator(mode="after")
    def _says_something(self) -> "ViewChange":
        if not self.model_fields_set:
            raise InvalidValue("至少修改一项", "must change something")
        return self


class ViewPublic(BaseModel):
    """A view as an answer shows it."""

    view_id: UUID
    version: int
    name: str
    filters: ViewFilters
    mine: Mine
    shared: Shared
    own: Annotated[bool, Field(description="Whether it is the caller's.")]
    saved_at: datetime


class ViewPage(BaseModel):
    """One page of views, the caller's and those shared with them, newest first."""

    items: list[ViewPublic]
    next_cursor: str | None = None


class ViewOpen(Page):
    """Which page of a view's tickets."""

    count: Annotated[bool, Field(description="Also count the tickets, as far as the policy says.")] = False


class ViewTickets(BaseModel):
    """One page of a view's tickets, in the view's order."""

    items: list[TicketPublic]
    next_cursor: str | None = None
    count: Annotated[int | None, Field(description="How many tickets the view has, when asked for.")] = None
    count_is_capped: Annotated[bool | None, Field(description="Whether there are more than that.")] = None
