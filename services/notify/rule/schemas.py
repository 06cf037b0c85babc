"""Rules in the words of HTTP."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.notify import NotifyChannel
from kit.http.fields import Code
from kit.http.pages import Page


class RulePublic(BaseModel):
    """Which event is told to whom (N3)."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    subject: Annotated[str, Field(examples=["ticket.opened"])]
    condition: dict[str, str]
    template: str
    recipients: Annotated[
        list[list[str]],
        Field(
            description="Each is a list of alternatives, the first that finds somebody is told.",
            examples=[[["assignee", "role:supervisor"]]],
        ),
    ]
    channel: NotifyChannel
    active: bool


class RuleFilter(Page):
    """Which rules to list."""

    subject: Code | None = None


class RulePage(BaseModel):
    """One page of rules, by name."""

    items: list[RulePublic]
    next_cursor: str | None = None
