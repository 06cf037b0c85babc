"""Files for tests, made byte by byte: good ones, and ones that lie, blow up or would run somewhere."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0\0\0\x08mdat" + b"\0" * 64
EXE = b"MZ\x90\0" + b"\0" * 60 + b"PE\0\0" + b"\0" * 200


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpg(width: int = 3, height: int = 2) -> bytes:
    jfif = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + jfif + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x00" * 8 + b"\xff\xd9"


def gif(width: int = 3, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def webp(width: int = 3, height: int = 2) -> bytes:
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
    body += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little") + b"VP8 \0\0\0\0"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def archive(parts: Mapping[str, bytes | str] | Iterable[tuple[str, bytes | str]], *, packed: bool = True) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as out:
        for name, body in parts.items() if isinstance(parts, Mapping) else parts:
            out.writestr(name, body)
    return kept.getvalue()


def xlsx(**more: bytes | str) -> bytes:
    parts: dict[str, bytes | str] = {"[Content_Types].xml": TYPES, "xl/workbook.xml": "<workbook/>"}
    return archive({**parts, **more})


def docx(more: Mapping[str, bytes | str] | None = None) -> bytes:
    parts: dict[str, bytes | str] = {"[Content_Types].xml": TYPES, "word/document.xml": "<document/>"}
    return archive({**parts, **(more or {})})


def encrypted(content: bytes) -> bytes:
    """The same archive with the flag of encryption on every part."""
    marked = bytearray(content)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = marked.find(signature)
        while place >= 0:
            marked[place + at] |= 1
            place = marked.find(signature, place + 1)
    return bytes(marked)


def overlapping() -> bytes:
    """A directory that names one packed part many times, as the better bombs do."""
    one = archive({"[Content_Types].xml": TYPES, "xl/workbook.xml": "<workbook/>", "xl/bomb.xml": b"\0" * 1_000_000})
    start = one.find(b"PK\x01\x02", 0)
    last = one.rfind(b"PK\x01\x02")
    end = one.find(b"PK\x05\x06")
    entry = one[last:end]
    name_at = 46
    copies = b"".join(entry[:name_at] + b"xl/b%06d.x" % number + entry[name_at + 11 :] for number in range(50))
    directory = one[start:end] + copies
    count = 3 + 50
    tail = b"PK\x05\x06\0\0\0\0" + struct.pack("<HHIIH", count, count, len(directory), start, 0)
    return one[:start] + directory + tail


GOOD: dict[str, tuple[bytes, str]] = {
    "照片.jpg": (jpg(), "image/jpeg"),
    "photo.JPEG": (jpg(4000, 3000), "image/jpeg"),
    "截图.png": (png(), "image/png"),
    "a.gif": (gif(), "image/gif"),
    "a.webp": (webp(), "image/webp"),
    "发票.pdf": (PDF, "application/pdf"),
    "开箱.mp4": (MP4, "video/mp4"),
    "聊天记录.txt": ("亲，什么时候发货？\r\n\t今天".encode(), "text/plain"),
    "旧.txt": ("亲，什么时候发货？".encode("gb18030"), "text/plain"),
    "对账.xlsx": (xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "说明.docx": (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
_HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
_XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><workbook>&e;</workbook>'

HOSTILE: dict[str, tuple[str, bytes]] = {
    "a page": ("a.html", _HTML),
    "a drawing that runs": ("a.svg", _SVG),
    "a script": ("a.js", b"alert(1)"),
    "a program": ("a.exe", EXE),
    "a shell script": ("a.sh", b"#!/bin/sh\nrm -rf /"),
    "an archive": ("a.zip", archive({"a.txt": "a"})),
    "a macro workbook": ("a.xlsm", xlsx()),
    "no extension": ("photo", jpg()),
    "only an extension": (".jpg", jpg()),
    "an empty picture": ("a.jpg", b""),
    "a page as a picture": ("a.jpg", _HTML),
    "a drawing as a picture": ("a.png", _SVG),
    "a program as a picture": ("a.png", EXE),
    "a program as a document": ("a.pdf", EXE),
    "a png as a jpg": ("a.jpg", png()),
    "a jpg as a png": ("a.png", jpg()),
    "a gif as a webp": ("a.webp", gif()),
    "a pdf as a text": ("a.txt", PDF),
    "a page as a text": ("a.txt", b"\xef\xbb\xbf  \n" + _HTML),
    "a script as a text": ("a.txt", b"#!/bin/sh\nrm -rf /"),
    "php in a text": ("a.txt", b"hello <?php system($_GET[1]); ?>"),
    "bytes as a text": ("a.txt", bytes(range(256))),
    "no text in any encoding": ("a.txt", b"abc\xff\xff\xff"),
    "an archive as a workbook": ("a.xlsx", archive({"a.txt": "a"})),
    "a letter as a workbook": ("a.xlsx", docx()),
    "a workbook with macros": ("a.xlsx", xlsx(**{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})),
    "a letter with a program": ("a.docx", docx({"word/embeddings/run.exe": EXE})),
    "a workbook with entities": ("a.xlsx", xlsx(**{"xl/sheet1.xml": _XXE})),
    "entities in sixteen bits": ("a.xlsx", xlsx(**{"xl/sheet1.xml": _XXE.encode("utf-16")})),
    "a workbook that climbs": ("a.xlsx", xlsx(**{"../../etc/cron.d/x": "* * * * * root id"})),
    "a workbook from the root": ("a.xlsx", xlsx(**{"/etc/x": "x"})),
    "a locked workbook": ("a.xlsx", encrypted(xlsx())),
    "a broken workbook": ("a.xlsx", xlsx()[:-30]),
    "a bomb": ("a.xlsx", xlsx(**{"xl/sheet1.bin": b"\0" * 20_000_000})),
    "a bomb of many parts": ("a.docx", docx({f"word/{n}.bin": b"" for n in range(2001)})),
    "a bomb of one part many times": ("a.xlsx", overlapping()),
    "two parts of one name": (
        "a.docx", docx({"word/document.XML": "<evil/>"}),
    ),
    "a flood of pixels (png)": ("a.png", png(100_000, 100_000)),
    "a flood of pixels (jpg)": ("a.jpg", jpg(65_535, 65_535)),
    "a flood of pixels (gif)": ("a.gif", gif(65_535, 65_535)),
    "a flood of pixels (webp)": ("a.webp", webp(16_000_000, 16_000_000)),
    "a picture of no size": ("a.png", png(0, 0)),
    "a picture without a frame": ("a.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 200),
    "an endless picture": ("a.jpg", b"\xff\xd8" + b"\xff\xe1\x00\x02" * 100_000),
    "a picture that is an archive": ("a.jpg", jpg() + archive({"a.txt": "a"})),
    "a picture that is a page": ("a.gif", gif() + b"/*" + _HTML),
    "a picture that is php": ("a.png", png() + b"<?PHP system($_GET[1]);"),
    "a document that runs": ("a.pdf", PDF + b"\n/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
    "a document that starts programs": ("a.pdf", PDF + b"\n<</S/Launch/F(cmd.exe)>>"),
    "a document that is an archive": ("a.pdf", PDF + archive({"a.txt": "a"})),
    "a document after a page": ("a.pdf", _HTML + PDF),
    "a film of another kind": ("a.mp4", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
    "two extensions": ("a.jpg.exe", jpg()),
    "an extension behind a colon": ("a.exe:b.jpg\0.exe", EXE),
    "an extension turned round": ("a\u202egpj.exe", EXE),
}  # fmt: skip
NAMES: dict[str, str] = {
    "../../etc/passwd.jpg": "passwd.jpg",
    "..\\..\\windows\\a.jpg": "a.jpg",
    "/abs/olute/a.jpg": "a.jpg",
    "a\u202egpj.jpg": "agpj.jpg",
    "a\r\nSet-Cookie: x=1.jpg": "aSet-Cookie_ x=1.jpg",
    'a";filename="b.jpg': "a__filename=_b.jpg",
    "  ..a.jpg. ": "a.jpg",
    "文" * 300 + ".jpg": "文" * 116 + ".jpg",
    "a\u200bb.jpg": "ab.jpg",
    "CON.jpg": "CON.jpg",
    "<img src=x>.jpg": "_img src=x_.jpg",
    "ｅ\u0301.jpg": "ｅ\u0301.jpg",
}
