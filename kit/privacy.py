"""Masking (X6): personal data leaves a service only with its middle covered, unless somebody revealed it."""

import re

_RUN = re.compile(r"\d[\d\s-]{5,}\d[Xx]?|[\w.+-]+@[\w-]+(\.[\w-]+)+")


def mask_name(name: str | None) -> str | None:
    """李小明 → 李**."""
    return None if name is None else name[:1] + "**"


def mask_phone(phone: str | None) -> str | None:
    """13812345678 → 138****5678."""
    if phone is None:
        return None
    digits = re.sub(r"\D", "", phone)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"


def mask_address(address: str | None) -> str | None:
    """The first six characters (a province and city) and nothing after."""
    return None if address is None else address[:6] + "****"


def mask_code(code: str | None) -> str | None:
    """SF1234567890 → SF****7890; for tracking numbers, plates and accounts."""
    if code is None:
        return None
    return f"{code[:2]}****{code[-4:]}" if len(code) >= 8 else "****"


def scrub(text: str) -> str:
    """Free text for an event: anything that looks like a phone, an ID number, an account or an e-mail is covered."""
    return _RUN.sub("****", text)
