"""Cases put before those who approve, as the rooms that give money do it: with the order's row in hand."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from ticket_desk import Desk, a_colleague

from contracts.appraisal.staff import StaffChanged
from contracts.ticket.refund import RefundReason
from kit.ids import derived_id, new_id
from kit.principals import Principal
from kit.problems import Problem
from services.ticket.approval import service, store
from services.ticket.approval.service import Content, Granted

BUYER = Principal("storefront:shop", frozenset({"storefront"}))


def somebody(role: str = "agent", login: str | None = None, staff_id: UUID | None = None) -> Principal:
    """A member of staff with that role, signed in."""
    who = staff_id or new_id()
    return Principal(login or f"{role}:{who}", frozenset({role}), staff_id=who)


def order_id_of(number: str) -> UUID:
    return derived_id("order", "main", number)


@dataclass
class Approvals:
    """Cases on orders of the desk."""

    desk: Desk

    async def order(self, number: str = "A-1", buyer: str = "ming", shop: str = "main", **facts: Any) -> UUID:
        """A paid order of that buyer."""
        await self.desk.put(number, shop=shop, buyer=buyer, **facts)
        return derived_id("order", shop, number)

    def content(self, order_id: UUID, yuan: int, *, buyer: str | None = "ming", **facts: Any) -> Content:
        """Something to approve on that order."""
        account = self.desk.account(buyer) if buyer else None
        of_all = {"order_id": order_id, "yuan": yuan, **facts}
        plain: dict[str, Any] = {
            "noun": "refund", "shop": "main", "account_id": account, "reason": RefundReason.QUALITY, "tier": None,
            "currency": "CNY",
        }  # fmt: skip
        given = {name: value for name, value in facts.items() if name in plain}
        digest = service.digest_of(of_all)
        return Content(**{**plain, **given}, order_id=order_id, amount_minor=yuan * 100, digest=digest)

    async def open(self, content: Content, by: Principal = BUYER) -> UUID:
        """Open a case."""
        case_id = new_id()
        async with self.desk.client.transactions.begin(by) as work:
            await service.open_case(work, case_id, content, by)
        return case_id

    async def approve(self, case_id: UUID, content: Content, by: Principal) -> Granted:
        """Approve it, the order's row in hand as the book's would be."""
        async with self.desk.client.transactions.begin(by) as work:
            held = "SELECT 1 FROM shop_order WHERE order_id = :order_id FOR UPDATE"
            await work.session.execute(text(held), {"order_id": content.order_id})
            return await service.approve(work, case_id, content)

    async def granted(self, content: Content, by: Principal) -> UUID:
        """A case that this one person has approved completely."""
        case_id = await self.open(content)
        assert (await self.approve(case_id, content, by)).complete
        return case_id

    async def refused(self, case_id: UUID, content: Content, by: Principal) -> Problem:
        """The problem that an approval meets."""
        with pytest.raises(Problem) as met:
            await self.approve(case_id, content, by)
        return met.value

    async def revise(self, case_id: UUID, content: Content, by: Principal) -> None:
        async with self.desk.client.transactions.begin(by) as work:
            await service.revise(work, case_id, content)

    async def void(self, case_id: UUID, by: Principal = BUYER) -> None:
        async with self.desk.client.transactions.begin(by) as work:
            await service.void(work, case_id)

    async def lower(self, case_id: UUID, minor: int) -> None:
        async with self.desk.client.transactions.begin(BUYER) as work:
            await service.lower(work, case_id, minor)

    async def needed(self, content: Content, by: Principal = BUYER, case_id: UUID | None = None) -> service.Needed:
        async with self.desk.client.transactions.look(by) as work:
            return await service.needed(work, content, case_id)

    async def sum_of(self, order_id: UUID) -> int:
        async with self.desk.client.transactions.look(BUYER) as work:
            return await store.given_of_order(work.session, order_id)

    async def policy(self, name: str, document: dict[str, Any], shop: str = "main") -> None:
        """Put a document in force behind the API's back, as of long ago."""
        await self.desk.change(
            "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES (:name, :shop, 2,"
            " '2026-01-01', CAST(:document AS jsonb), 'test')",
            name=name, shop=shop, document=orjson.dumps(document).decode(),
        )  # fmt: skip

    async def hire(self, team_id: UUID | None, role: str = "agent") -> Principal:
        """A member of staff of that team, known here."""
        who = somebody(role)
        assert who.staff_id is not None
        state = a_colleague(staff_id=who.staff_id, role=role).model_copy(update={"team_id": team_id})
        await self.desk.hear(StaffChanged(staff=state, changed_by="staff:chief", changed_at=self.desk.clock.now()))
        return who

    async def spent(self, team_id: UUID) -> dict[str, int]:
        """What the team has spent in each month."""
        rows = await self.desk.rows("SELECT month, spent_minor FROM budget_spent WHERE team_id = :team", team=team_id)
        return {row.month: row.spent_minor for row in rows}

    async def past_the_api(self, statement: str, **values: Any) -> str:
        """Write rows behind the service's back; the constraint that refuses."""
        with pytest.raises(Problem) as met:
            await self.desk.change(statement, **values)
        cause = met.value.__cause__
        assert isinstance(cause, IntegrityError)
        assert cause.orig is not None
        return str(getattr(cause.orig.__cause__, "constraint_name", None))


def other(content: Content, **facts: Any) -> Content:
    """The same content but for these facts, and so another digest."""
    return replace(content, digest=service.digest_of({"of": content.digest.hex(), **facts}), **facts)
