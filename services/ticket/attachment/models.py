"""The tables of attachments; their contents lie elsewhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlmodel import Field

from services.ticket.models import TicketServiceTable


class Attachment(TicketServiceTable, table=True):
    """A file of a ticket. A removed one keeps its row, without its name."""

    __tablename__ = "attachment"

    attachment_id: UUID = Field(primary_key=True)
    ticket_id: UUID
    came_from: UUID | None = None
    internal: bool
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    media_type: str = Field(sa_type=Text)
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: bytes = Field(sa_type=LargeBinary)
    width: int | None = None
    height: int | None = None
    storage_key: str = Field(sa_type=Text)
    policy_version: int
    attached_by: str = Field(sa_type=Text)
    staff_id: UUID | None = None
    attached_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = Field(default=None, sa_type=Text)
    purged_at: datetime | None = None


class AttachmentUpload(TicketServiceTable, table=True):
    """A content that was begun to be stored and has no attachment yet; swept when it gets none."""

    __tablename__ = "attachment_upload"

    storage_key: str = Field(primary_key=True, sa_type=Text)
    begun_at: datetime
