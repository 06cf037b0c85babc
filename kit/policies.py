"""Policies are data (X3): versioned documents per shop, in force from an instant; results name the version used."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.tables import policy

D = TypeVar("D", bound=BaseModel)
EVERYWHERE = "main"
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PolicyKind(Generic[D]):
    """One named policy of a service: the shape of its document and the default shipped as version 1."""

    name: str
    document: type[D]
    default: D


@dataclass(frozen=True)
class InForce(Generic[D]):
    """The document that decides, with the version that a result records."""

    name: str
    shop: str
    version: int
    document: D


async def in_force(session: AsyncSession, kind: PolicyKind[D], shop: str, at: datetime) -> InForce[D]:
    """The policy of the shop, else of `main`, at the business time of the fact it decides about.

    Raises LookupError when not even the default of the migrations is there.
    """
    statement = (
        select(policy.c.shop, policy.c.version, policy.c.document)
        .where(policy.c.name == kind.name, policy.c.shop.in_({shop, EVERYWHERE}), policy.c.effective_from <= at)
        .order_by((policy.c.shop == shop).desc(), policy.c.effective_from.desc(), policy.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise LookupError(f"no policy {kind.name} is in force")
    return InForce(kind.name, row.shop, row.version, kind.document.model_validate(row.document))
