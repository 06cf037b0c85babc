"""Attachments in the words of HTTP."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit.http.fields import Line
from services.ticket.attachment.policy import MEDIA_TYPES, FileType


class Visibility(StrEnum):
    """Who can see a file."""

    PUBLIC = "public"
    INTERNAL = "internal"


class AttachmentPublic(BaseModel):
    """A file of a ticket, without its content."""

    attachment_id: UUID
    ticket_id: UUID
    name: Annotated[str, Field(description="As it was sent, made harmless; it may be shown, and is no path.")]
    kind: FileType
    media_type: str
    size_bytes: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    width: int | None
    height: int | None
    visibility: Visibility
    staff_id: Annotated[UUID | None, Field(description="The member of staff who attached it.")]
    attached_at: datetime


class AttachmentPage(BaseModel):
    """One page of a ticket's files, oldest first."""

    items: list[AttachmentPublic]
    next_cursor: str | None = None


class AttachmentRemove(BaseModel):
    """Why the file goes."""

    model_config = ConfigDict(extra="forbid")

    reason: Line


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "One file, with its name."},
                        "visibility": {"type": "string", "enum": ["public", "internal"], "default": "public"},
                    },
                }
            }
        },
    }
}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The content, always to be saved and never to be shown in place.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA_TYPES.values()},
    }
}
