"""How an alias is spelt, so that one typed full width is the same as one typed half width (T31)."""

import unicodedata


def spelling(alias: str) -> str:
    """The one spelling of an alias: without space around it, full-width letters and digits made half width."""
    return unicodedata.normalize("NFKC", alias).strip()
