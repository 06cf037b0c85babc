"""Masking (X6): personal data leaves a service only with its middle covered, unless somebody revealed it."""

import re

_RUN = re.compile(
    r"\d[\d\s-]{5,}\d[Xx]?"
    r"|[\w.+-]+@[\w-]+(\.[\w-]+)+"
    # A number plate: province, letter, five signs, six of an electric car.
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•.\s-]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]"
)


def mask_name(name: str | None) -> str | None:
    """李小明 → 李**."""
    return None if name is None else name[:1] + "**"


def mask_phone(phone: str | None) -> str | None:
    """13812345678, with or without +86, → 138****5678; of a short number less: at least four digits stay covered."""
    if phone is None:
        return None
    digits = re.sub(r"\D", "", phone.removeprefix("+86"))
    return _middle_covered(digits, ahead=3 if len(digits) >= 11 else 0)


def mask_email(email: str | None) -> str | None:
    """xiaoming@example.com → x****@example.com; of a name of one character nothing."""
    if email is None:
        return None
    name, at, domain = email.rpartition("@")
    return f"{name[:1] if len(name) > 1 else ''}****{at}{domain}" if at else "****"


def mask_id_number(number: str | None) -> str | None:
    """11010519491231002X → 1****X: the birthday stands elsewhere in the file, so the ends that mask_code shows would
    leave nothing to guess but a district."""
    if number is None:
        return None
    return f"{number[:1]}****{number[-1:]}" if len(number) >= 8 else "****"


def mask_address(address: str | None) -> str | None:
    """The first six characters (a province and city) and nothing after; of a short one at most half."""
    return None if address is None else address[: min(6, len(address) // 2)] + "****"


def mask_code(code: str | None) -> str | None:
    """SF1234567890 → SF****7890; for tracking numbers, plates and accounts."""
    if code is None:
        return None
    return _middle_covered(code, ahead=2 if len(code) >= 10 else 0)


def scrub(text: str) -> str:
    """Free text for an event: what looks like a phone, an ID number, an account, an e-mail or a plate is covered."""
    return _RUN.sub("****", text)


def _middle_covered(text: str, *, ahead: int) -> str:
    return f"{text[:ahead]}****{text[-4:]}" if len(text) >= 8 else "****"
