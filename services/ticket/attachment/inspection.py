"""What a file really is: its name and its content must say the same, and it must be one of those allowed (T1)."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import puremagic

from kit.problems import Problem, invalid
from services.ticket.attachment import documents, pictures
from services.ticket.attachment.naming import extension_of
from services.ticket.attachment.policy import MEDIA_TYPES, AttachmentRules, FileType

_HEAD = 4096
_BLOCK = 1024 * 1024
_PICTURES = frozenset({FileType.JPG, FileType.PNG, FileType.GIF, FileType.WEBP})
_ARCHIVES = frozenset({FileType.XLSX, FileType.DOCX})
_BEGINNINGS = {
    FileType.JPG: (b"\xff\xd8\xff",),
    FileType.PNG: (b"\x89PNG\r\n\x1a\n",),
    FileType.GIF: (b"GIF87a", b"GIF89a"),
    FileType.WEBP: (b"RIFF",),
    FileType.PDF: (b"%PDF-",),
    FileType.XLSX: (b"PK\x03\x04",),
    FileType.DOCX: (b"PK\x03\x04",),
}
_MOVIES = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash", b"3gp4")
# What another program would take the same bytes for. Marks of this length don't turn up by chance.
_MARKUP = (b"<script", b"<html", b"<svg", b"<!doctype", b"<?php", b"<iframe", b"javascript:", b"<!entity")
_IN_PDF = (b"/javascript", b"/launch", b"/embeddedfile", b"/richmedia", b"<script")
_LONGEST_MARK = 32
_ARCHIVE_END = b"PK\x05\x06"
_ARCHIVE_TAIL = 66_000
_CONTROLS = frozenset(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file turned out to be."""

    kind: FileType
    width: int | None = None
    height: int | None = None

    @property
    def media_type(self) -> str:
        """Its media type, which is ours to say and not the sender's."""
        return MEDIA_TYPES[self.kind]


def inspect(file: IO[bytes], name: str, rules: AttachmentRules) -> Inspected:
    """What the file is. Raises Problem `invalid-request` for one that isn't allowed, isn't what its name says, or
    would grow beyond bounds when opened. It reads headers and looks for marks; it decodes nothing."""
    kind = rules.type_of(extension_of(name))
    if kind is None:
        allowed = ", ".join(rules.types)
        raise invalid("/file", f"只能是：{allowed}", f"must be one of {allowed}")
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        raise invalid("/file", "文件是空的", "must not be empty")
    if not (_begins_as(head, kind) and _is_known_as(head, kind) and _is_sound(file, kind, rules)):
        raise _lies()
    size = pictures.size_of(file, kind)
    if kind in _PICTURES:
        if size is None:
            raise _lies()
        if size[0] * size[1] > rules.most_pixels:
            raise invalid("/file", "图片像素过多", "has too many pixels")
    width, height = size or (None, None)
    return Inspected(kind, width, height)


def _begins_as(head: bytes, kind: FileType) -> bool:
    if kind is FileType.MP4:
        return head[4:8] == b"ftyp" and head[8:12] in _MOVIES
    if kind is FileType.WEBP:
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return kind is FileType.TXT or head.startswith(_BEGINNINGS[kind])


def _is_known_as(head: bytes, kind: FileType) -> bool:
    """Whether the signatures of the world's file types agree. Plain text has none."""
    try:
        known = {match.mime_type for match in puremagic.magic_string(head) if match.confidence >= 0.3}
    except (puremagic.PureError, ValueError):
        known = set()
    if kind is FileType.TXT:
        return not known & {"text/html", "image/svg+xml", "application/pdf"}
    return MEDIA_TYPES[kind] in known or kind is FileType.MP4


def _is_sound(file: IO[bytes], kind: FileType, rules: AttachmentRules) -> bool:
    if kind in _ARCHIVES:
        return documents.is_sound(file, kind, rules)
    if kind is FileType.TXT:
        return _is_text(file) and not _holds(file, _MARKUP)
    return not _ends_as_archive(file) and not _holds(file, _IN_PDF if kind is FileType.PDF else _MARKUP)


def _is_text(file: IO[bytes]) -> bool:
    """Text in UTF-8 or the Chinese national encoding, without control characters; no script."""
    decoders = [codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")]
    for at, block in enumerate(_blocks(file)):
        if not _CONTROLS.isdisjoint(block) or (at == 0 and block.startswith(b"#!")):
            return False
        decoders = [decoder for decoder in decoders if _decodes(decoder, block)]
    return any(_decodes(decoder, b"", final=True) for decoder in decoders)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _holds(file: IO[bytes], marks: tuple[bytes, ...]) -> bool:
    """Whether one of the marks stands anywhere, in large or small letters."""
    tail = b""
    for block in _blocks(file):
        lowered = tail + block.lower()
        if any(mark in lowered for mark in marks):
            return True
        tail = lowered[-_LONGEST_MARK:]
    return False


def _ends_as_archive(file: IO[bytes]) -> bool:
    """Whether a program that unpacks archives would find one at the end."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _ARCHIVE_TAIL))
    return _ARCHIVE_END in file.read(_ARCHIVE_TAIL)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(_BLOCK), b"")


def _lies() -> Problem:
    return invalid("/file", "内容与文件名的类型不符，或文件有害", "is not what its name says, or is harmful")
