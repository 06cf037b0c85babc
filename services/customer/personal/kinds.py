"""The kinds of personal values: what each is called, whether it is searched, how it looks masked (C1, X6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kit.privacy import mask_address, mask_code, mask_email, mask_id_number, mask_name, mask_phone

Mask = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal value.

    `name` stands in the database, `field` in requests and answers. A `mask` covers it in every answer; without one
    it is a remark of the staff, which staff see and the buyer never does. `spelling` makes two ways of writing the
    same thing alike where it is searched and stands in one file only (C3).
    """

    name: str
    field: str
    many: bool = False
    mask: Mask | None = None
    spelling: Callable[[str], str] | None = None

    def shown(self, value: str) -> str | None:
        """The value as an answer may show it."""
        return self.mask(value) if self.mask else value


def _as_it_is(value: str) -> str:
    return value


NAME = Kind("name", "name", mask=mask_name)
ID_NUMBER = Kind("id_number", "id_number", mask=mask_id_number, spelling=_as_it_is)
PHONE = Kind("phone", "phones", many=True, mask=mask_phone, spelling=_as_it_is)
EMAIL = Kind("email", "emails", many=True, mask=mask_email, spelling=str.casefold)
WECHAT = Kind("wechat", "wechat", mask=mask_code)
QQ = Kind("qq", "qq", mask=mask_code)
PAYMENT_ACCOUNT = Kind("payment_account", "payment_account", mask=mask_code)
ADDRESS = Kind("address", "addresses", many=True, mask=mask_address)
REMARKS = tuple(Kind(name, name) for name in ("habits", "explicit_needs", "implied_needs", "expectation", "notes"))

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (NAME, ID_NUMBER, PHONE, EMAIL, WECHAT, QQ, PAYMENT_ACCOUNT, ADDRESS, *REMARKS)
}
MASKED: tuple[Kind, ...] = tuple(kind for kind in KINDS.values() if kind.mask)
