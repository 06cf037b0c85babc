"""Templates in the words of HTTP."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from kit.http.fields import Code
from kit.http.pages import Page


class TemplatePublic(BaseModel):
    """One version of a template in one language."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: int
    language: str
    subject: str
    body: str
    variables: list[str]


class TemplateFilter(Page):
    """Which templates to list."""

    name: Code | None = None
    language: Literal["zh-CN", "en"] | None = None


class TemplatePage(BaseModel):
    """One page of templates, by name, version and language."""

    items: list[TemplatePublic]
    next_cursor: str | None = None
