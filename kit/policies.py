"""Which policy is in force: versioned documents per shop, from an instant on (X3)."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.policy import EVERYWHERE, InForce, PolicyKind
from kit.tables import policy

D = TypeVar("D", bound=BaseModel)


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
