"""How large a picture says it is, read from its header without decoding anything. Pure."""

import struct
from collections.abc import Callable
from typing import IO

from services.ticket.attachment.policy import FileType

Size = tuple[int, int]
_MOST_SEGMENTS = 500
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def size_of(file: IO[bytes], kind: FileType) -> Size | None:
    """Width and height; None where the header doesn't tell them."""
    reader = _READERS.get(kind)
    if reader is None:
        return None
    file.seek(0)
    try:
        found = reader(file)
    except (struct.error, IndexError):
        return None
    return found if found and found[0] > 0 and found[1] > 0 else None


def _png(file: IO[bytes]) -> Size | None:
    head = file.read(33)
    return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" else None


def _gif(file: IO[bytes]) -> Size | None:
    return struct.unpack("<HH", file.read(10)[6:10])


def _jpg(file: IO[bytes]) -> Size | None:
    """Along the segments to the first frame header."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        byte = file.read(1)
        while byte == b"\xff":
            byte = file.read(1)
        if not byte:
            return None
        marker = byte[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">xxxHH", file.read(7))
            return width, height
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            file.seek(1, 1)
            continue
        if marker in (0xD9, 0xDA):
            return None
        (length,) = struct.unpack(">H", file.read(2))
        if length < 2:
            return None
        file.seek(length - 2, 1)
        if file.read(1) != b"\xff":
            return None
    return None


def _webp(file: IO[bytes]) -> Size | None:
    head = file.read(30)
    form = head[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if form == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


_READERS: dict[FileType, Callable[[IO[bytes]], Size | None]] = {
    FileType.PNG: _png, FileType.GIF: _gif, FileType.JPG: _jpg, FileType.WEBP: _webp,
}  # fmt: skip
