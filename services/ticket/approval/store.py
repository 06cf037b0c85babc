"""Every query of approvals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, Select, func, insert, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ticket.approval.models import Approval, ApprovalCase, BudgetSpent

_ONE_CUSTOMER = text("SELECT pg_advisory_xact_lock(hashtextextended('approvals of ' || CAST(:whose AS text), 17))")
_SPEND = text("""
UPDATE budget_spent SET spent_minor = spent_minor + :minor
WHERE team_id = :team_id AND month = :month AND currency = :currency
""")
_OPEN_BUDGET = text("""
INSERT INTO budget_spent (team_id, month, currency, spent_minor) VALUES (:team_id, :month, :currency, 0)
ON CONFLICT (team_id, month, currency) DO NOTHING
""")
# Said as the indexes say it, not by a parameter: else no plan that is kept could use them.
_COUNTS: ColumnElement[bool] = literal_column("approval_case.status = 'approved'", Boolean())
_SUM = select(func.coalesce(func.sum(col(ApprovalCase.approved_minor)), 0)).where(_COUNTS)


async def add_case(session: AsyncSession, case: ApprovalCase) -> None:
    """Insert a new case."""
    await session.execute(insert(ApprovalCase).values(case.model_dump()))


async def get_for_update(session: AsyncSession, case_id: UUID) -> ApprovalCase | None:
    """One case under its row lock."""
    statement = select(ApprovalCase).where(col(ApprovalCase.case_id) == case_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def get(session: AsyncSession, case_id: UUID) -> ApprovalCase | None:
    """One case."""
    statement = select(ApprovalCase).where(col(ApprovalCase.case_id) == case_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def add_approval(session: AsyncSession, approval: Approval) -> None:
    """Insert a new approval."""
    await session.execute(insert(Approval).values(approval.model_dump()))


async def approvals(session: AsyncSession, case_id: UUID, content_version: int | None = None) -> list[Approval]:
    """Who approved that content of a case, in the order in which they did; of any content when none is named."""
    statement = select(Approval).where(col(Approval.case_id) == case_id)
    if content_version is not None:
        statement = statement.where(col(Approval.content_version) == content_version)
    ordered = statement.order_by(col(Approval.content_version), col(Approval.step))
    return list((await session.execute(ordered)).scalars())


async def given_of_order(session: AsyncSession, order_id: UUID, but: UUID | None = None) -> int:
    """What an order has given, in minor units, without that case: of each what was approved, or what went back for it
    when that is more. The guard in the database asks the same."""
    return await _number(session, select(func.given_of_order(order_id, but)))


async def sum_of_accounts(
    session: AsyncSession, accounts: Sequence[UUID], currency: str, since: datetime, but: UUID | None = None
) -> int:
    """What the cases of these accounts come to that were approved since then, in minor units, without that one."""
    statement = _SUM.where(
        col(ApprovalCase.account_id).in_(accounts),
        col(ApprovalCase.approved_at) > since,
        col(ApprovalCase.currency) == currency,
    )
    return await _number(session, _without(statement, but))


async def lock_customer(session: AsyncSession, whose: UUID) -> None:
    """Weigh a customer's cases one after the other until this transaction ends (T56)."""
    await session.execute(_ONE_CUSTOMER, {"whose": str(whose)})


async def lock_budget(session: AsyncSession, team_id: UUID, month: str, currency: str) -> int:
    """What a team has spent in the month, under its row lock."""
    await session.execute(_OPEN_BUDGET, {"team_id": team_id, "month": month, "currency": currency})
    return await _number(session, _spent(team_id, month, currency).with_for_update())


async def spent(session: AsyncSession, team_id: UUID, month: str, currency: str) -> int:
    """What a team has spent in the month."""
    return await _number(session, _spent(team_id, month, currency))


async def spent_in(session: AsyncSession, month: str) -> list[BudgetSpent]:
    """What all teams have spent in the month."""
    statement = select(BudgetSpent).where(col(BudgetSpent.month) == month)
    return list((await session.execute(statement)).scalars())


async def spend(session: AsyncSession, team_id: UUID, month: str, currency: str, minor: int) -> None:
    """Count so much more as spent by a team in that month, less where it is below zero; its row is there already."""
    await session.execute(_SPEND, {"team_id": team_id, "month": month, "currency": currency, "minor": minor})


def _without(statement: Select[Any], case_id: UUID | None) -> Select[Any]:
    return statement if case_id is None else statement.where(col(ApprovalCase.case_id) != case_id)


async def _number(session: AsyncSession, statement: Select[Any]) -> int:
    return int((await session.execute(statement)).scalar_one_or_none() or 0)


def _spent(team_id: UUID, month: str, currency: str) -> Select[Any]:
    return select(col(BudgetSpent.spent_minor)).where(
        col(BudgetSpent.team_id) == team_id, col(BudgetSpent.month) == month, col(BudgetSpent.currency) == currency
    )
