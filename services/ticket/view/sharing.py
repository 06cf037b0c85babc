"""With whom something saved is shared: with nobody, with a group, or with everybody of a shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from kit.http.fields import Code
from kit.policy import EVERYWHERE
from kit.problems import InvalidValue, Problem, invalid
from kit.work import Work
from services.ticket.group import service as groups
from services.ticket.sight import ALL_SHOPS


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


S = TypeVar("S", bound=SharedLike)


@dataclass(frozen=True, slots=True)
class Circle:
    """Whose saved things somebody sees: their own, those of their groups, those of their shops (None: of all)."""

    owner: str
    groups: Sequence[str]
    shops: Sequence[str] | None

    def holds(self, thing: SharedLike) -> bool:
        """Whether it is theirs or shared with them."""
        if thing.owner == self.owner:
            return True
        if thing.shared_to == With.GROUP:
            return thing.shared_code in self.groups
        return thing.shared_to == With.SHOP and (self.shops is None or thing.shared_code in self.shops)


async def expect_may_share(work: Work, shared: Shared, permission: str) -> None:
    """Raises Problem `forbidden` for who may not share, or not with that shop, `invalid-request` for a group that
    isn't there."""
    if shared.to is not With.NOBODY and not work.actor.may(permission):
        raise Problem("forbidden", permission=permission)
    if shared.to is With.SHOP and shared.code is not None and not work.actor.serves(shared.code):
        raise Problem("forbidden", shop=shared.code)
    if shared.to is With.GROUP and await groups.by_code(work.session, str(shared.code)) is None:
        raise invalid("/shared/code", "没有这个小组", "is no group")


async def circle(work: Work) -> Circle:
    """Whose saved things the caller sees."""
    codes: list[str] = []
    if work.actor.staff_id is not None:
        codes = (await groups.codes_of(work.session, [work.actor.staff_id])).get(work.actor.staff_id, [])
    shops = None if ALL_SHOPS in work.actor.shops else sorted({*work.actor.shops, EVERYWHERE})
    return Circle(work.actor.subject, codes, shops)


def within(circle: Circle, table: type[SharedLike]) -> ColumnElement[bool]:
    """What of a table of saved things is theirs or shared with them: what `Circle.holds` says of one."""
    to_shop = col(table.shared_to) == With.SHOP
    return or_(
        col(table.owner) == circle.owner,
        and_(col(table.shared_to) == With.GROUP, col(table.shared_code).in_(circle.groups)),
        to_shop if circle.shops is None else and_(to_shop, col(table.shared_code).in_(circle.shops)),
    )


async def expect_seen(work: Work, thing: S | None) -> S:
    """The thing. Raises Problem `not-found` when there is none, or it isn't shared with the caller."""
    if thing is None or not (await circle(work)).holds(thing):
        raise Problem("not-found")
    return thing


async def expect_own(work: Work, thing: S | None, permission: str) -> S:
    """The thing, to be changed by its owner; what is shared, also by whoever may share. Raises Problem `not-found`,
    `forbidden` for somebody else's."""
    seen = await expect_seen(work, thing)
    if not _may_change(work, seen, permission):
        raise Problem("forbidden", permission=permission)
    return seen


def _may_change(work: Work, thing: SharedLike, permission: str) -> bool:
    return thing.owner == work.actor.subject or (thing.shared_to != With.NOBODY and work.actor.may(permission))
