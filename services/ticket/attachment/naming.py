"""Names of files: shown to people and never used as a path (T1). Pure."""

import re
import unicodedata
from urllib.parse import quote

LONGEST_NAME = 120
_LONGEST_EXTENSION = 10
_ODD = re.compile(r'[<>:"|?*;\\/]')
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def shown_name(given: str) -> str:
    """The last part of the name as it can be shown: no path, no control or direction characters, not too long."""
    last = re.split(r"[\\/]", given)[-1]
    visible = "".join(char for char in last if unicodedata.category(char) not in _HIDDEN)
    tidy = " ".join(_ODD.sub("_", unicodedata.normalize("NFC", visible)).split()).strip(". ")
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        return tidy[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(extension) - 1].rstrip('. ') or '_'}.{extension}"


def extension_of(name: str) -> str:
    """What stands after the last dot, in small letters; empty where there is no dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def disposition(name: str) -> str:
    """The Content-Disposition of a download (RFC 6266): always an attachment, the name in ASCII and in full."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", plain).strip(". ") or "file"
    stem, dot, extension = plain.rpartition(".")
    if dot and not stem:
        plain = f"file.{extension}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
