"""With whom something saved is shared: with nobody, with a group, or with everybody of a shop."""

from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, model_validator

from kit.http.fields import Code
from kit.problems import InvalidValue, Problem, invalid
from kit.work import Work
from services.ticket.group import service as groups


class With(StrEnum):
    """How far something is shared."""

    NOBODY = "nobody"
    GROUP = "group"
    SHOP = "shop"


class Shared(BaseModel):
    """With whom; `code` names the group or the shop (`main`: all shops)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: With = With.NOBODY
    code: Code | None = None

    @model_validator(mode="after")
    def _names_whom(self) -> "Shared":
        if (self.code is None) != (self.to is With.NOBODY):
            raise InvalidValue("与小组或店铺共享时须填写 code", "names a code when shared, and only then")
        return self


class SharedLike(Protocol):
    """Something saved, as its table holds it."""

    owner: str
    shared_to: str
    shared_code: str | None


async def expect_may_share(work: Work, shared: Shared, permission: str) -> None:
    """Raises Problem `forbidden` for who may not share, or not with that shop, `invalid-request` for a group that
    isn't there."""
    if shared.to is not With.NOBODY and not work.actor.may(permission):
        raise Problem("forbidden", permission=permission)
    if shared.to is With.SHOP and shared.code is not None and not work.actor.serves(shared.code):
        raise Problem("forbidden", shop=shared.code)
    if shared.to is With.GROUP and await groups.by_code(work.session, str(shared.code)) is None:
        raise invalid("/shared/code", "没有这个小组", "is no group")


async def circle(work: Work) -> tuple[str, list[str], list[str] | None]:
    """Whose saved things the caller sees: their own, those of their groups, those of their shops (None: of all)."""
    codes: list[str] = []
    if work.actor.staff_id is not None:
        codes = (await groups.codes_of(work.session, [work.actor.staff_id])).get(work.actor.staff_id, [])
    shops = None if "*" in work.actor.shops else sorted({*work.actor.shops, "main"})
    return work.actor.subject, codes, shops


async def sees(work: Work, thing: SharedLike) -> bool:
    """Whether the caller is one of those it is shared with, or its owner."""
    owner, codes, shops = await circle(work)
    if thing.owner == owner:
        return True
    if thing.shared_to == With.GROUP:
        return thing.shared_code in codes
    return thing.shared_to == With.SHOP and (shops is None or thing.shared_code in shops)


def may_change(work: Work, thing: SharedLike, permission: str) -> bool:
    """Its owner may change it; what is shared, also whoever may share."""
    return thing.owner == work.actor.subject or (thing.shared_to != With.NOBODY and work.actor.may(permission))
