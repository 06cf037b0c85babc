"""Which files are taken, and how many (T1, X3)."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from kit.policy import PolicyKind, Title

MOST_BYTES = 100 * 1024 * 1024
"""No policy allows more than this: what is larger is broken off on its way in."""


class FileType(StrEnum):
    """The types that can be recognised; nothing that a browser or an office program would run is among them."""

    JPG = "jpg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    PDF = "pdf"
    MP4 = "mp4"
    TXT = "txt"
    XLSX = "xlsx"
    DOCX = "docx"


MEDIA_TYPES = {
    FileType.JPG: "image/jpeg",
    FileType.PNG: "image/png",
    FileType.GIF: "image/gif",
    FileType.WEBP: "image/webp",
    FileType.PDF: "application/pdf",
    FileType.MP4: "video/mp4",
    FileType.TXT: "text/plain",
    FileType.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
EXTENSIONS = {"jpeg": FileType.JPG, **{kind.value: kind for kind in FileType}}


class AttachmentRules(BaseModel):
    """What may be attached. Sizes in bytes; pixels of one picture; of an office document how many parts, how large
    unpacked, and how many times larger than packed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    types: tuple[FileType, ...] = Field(min_length=1)
    most_bytes: int = Field(ge=1, le=MOST_BYTES)
    per_ticket: int = Field(ge=1, le=200)
    most_pixels: int = Field(ge=1)
    most_parts: int = Field(ge=1)
    most_unpacked_bytes: int = Field(ge=1)
    most_ratio: int = Field(ge=1)

    def type_of(self, extension: str) -> FileType | None:
        """The type that an extension claims, if it may be attached."""
        claimed = EXTENSIONS.get(extension.lower())
        return claimed if claimed in self.types else None


ATTACHMENT_RULES = PolicyKind(
    "attachment-rules",
    AttachmentRules,
    AttachmentRules(
        types=tuple(FileType),
        most_bytes=10 * 1024 * 1024,
        per_ticket=20,
        most_pixels=50_000_000,
        most_parts=2_000,
        most_unpacked_bytes=100 * 1024 * 1024,
        most_ratio=100,
    ),
    Title("附件规则", "Rules for attachments"),
)
