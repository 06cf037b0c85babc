"""Masking (X6): personal data leaves a service only with its middle covered, unless somebody revealed it."""

import re

_RUN = re.compile(r"\d[\d\s-]{5,}\d[Xx]?|[\w.+-]+@[\w-]+(\.[\w-]+)+")


def mask_name(name: str | None) -> str | None:
    """李小明 → 李**."""
    return None if name is None else name[:1] + "**"


def mask_phone(phone: str | None) -> str | None:
    """13812345678 → 138****5678; of a short number less, so that at least four digits stay covered."""
    if phone is None:
        return None
    digits = re.sub(r"\D", "", phone)
    return _middle_covered(digits, ahead=3 if len(digits) >= 11 else 0)


def mask_address(address: str | None) -> str | None:
    """The first six characters (a province and city) and nothing after; of a short one at most half."""
    return None if address is None else address[: min(6, len(address) // 2)] + "****"


def mask_code(code: str | None) -> str | None:
    """SF1234567890 → SF****7890; for tracking numbers, plates and accounts."""
    if code is None:
        return None
    return _middle_covered(code, ahead=2 if len(code) >= 10 else 0)


def scrub(text: str) -> str:
    """Free text for an event: anything that looks like a phone, an ID number, an account or an e-mail is covered."""
    return _RUN.sub("****", text)


def _middle_covered(text: str, *, ahead: int) -> str:
    return f"{text[:ahead]}****{text[-4:]}" if len(text) >= 8 else "****"
