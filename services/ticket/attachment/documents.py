"""Looking into office documents, which are archives: nothing is unpacked beyond the first bytes of a part. Pure."""

import zipfile
import zlib
from typing import IO

from services.ticket.attachment.policy import AttachmentRules, FileType

_MAIN_PART = {FileType.XLSX: "xl/workbook.xml", FileType.DOCX: "word/document.xml"}
_RUNNING = ("vbaproject.bin", "vbadata.xml", ".exe", ".dll", ".js", ".vbs", ".scr", ".bat", ".cmd", ".ps1", ".lnk")
_PEEK = 64 * 1024
_PEEK_IN_ALL = 32 * 1024 * 1024
_ENTITIES = (b"<!doctype", b"<!entity")


def is_sound(file: IO[bytes], kind: FileType, rules: AttachmentRules) -> bool:
    """Whether it is the document it claims to be, and no bomb, no carrier of macros and no XML with entities."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            return _is_of_kind(parts, kind) and _fits(parts, _length(file), rules) and not _declares(archive, parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError):
        return False  # not an archive, or a broken or encrypted one


def _is_of_kind(parts: list[zipfile.ZipInfo], kind: FileType) -> bool:
    names = [part.filename for part in parts]
    lowered = [name.lower() for name in names]
    return (
        "[Content_Types].xml" in names
        and _MAIN_PART[kind] in names
        and len(set(lowered)) == len(lowered)
        and not any(name.endswith(_RUNNING) for name in lowered)
        and not any(name.startswith("/") or ".." in name or "\\" in name or ":" in name for name in names)
        and not any(part.flag_bits & 1 for part in parts)
    )


def _fits(parts: list[zipfile.ZipInfo], length: int, rules: AttachmentRules) -> bool:
    """By what the directory says; parts that lie over each other say more than the file holds."""
    packed = sum(part.compress_size for part in parts)
    unpacked = sum(part.file_size for part in parts)
    offsets = {part.header_offset for part in parts}
    return (
        len(parts) <= rules.most_parts
        and len(offsets) == len(parts)
        and packed <= length
        and unpacked <= rules.most_unpacked_bytes
        and unpacked <= max(packed, 1) * rules.most_ratio
    )


def _declares(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> bool:
    """Whether some XML declares a document type: no office program does, and whoever reads it might follow it."""
    left = _PEEK_IN_ALL
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".vml")):
            with archive.open(part) as opened:
                begin = opened.read(min(_PEEK, left)).replace(b"\0", b"").lower()
            left -= len(begin)
            if left <= 0 or any(word in begin for word in _ENTITIES):
                return True
    return False


def _length(file: IO[bytes]) -> int:
    return file.seek(0, 2)
