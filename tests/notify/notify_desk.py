"""The notify service, told of tickets, flags and staff as their owners tell of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text
from stage import NOON, Client

from contracts.appraisal.staff import (
    StaffChanged,
    StaffRole,
    StaffState,
    StaffStatus,
    UnitChanged,
    UnitKind,
    UnitState,
)
from contracts.customer.customer import Account, CustomerChanged, CustomerState
from contracts.event import Event
from contracts.price import Price
from contracts.ticket.order import FlagMeaning, OrderFlagged, OrderLine, OrderState
from contracts.ticket.ticket import (
    AssignmentCause,
    IntakeChannel,
    TicketAssigned,
    TicketClosed,
    TicketKind,
    TicketOpened,
    TicketOutcome,
    TicketState,
    TicketStatus,
)
from kit.envelope import Meta
from kit.ids import new_id
from kit.inbox import Verdict
from kit.subscriber import Arrival


def a_ticket(**facts: Any) -> TicketState:
    """An inquiry; `facts` overrides any field of its state."""
    state = {
        "ticket_id": new_id(),
        "number": "T20261121-000001",
        "kind": TicketKind.INQUIRY,
        "shop": "main",
        "status": TicketStatus.NEW,
        "opened_by": "account:0",
        "channel": IntakeChannel.CHAT,
        "opened_at": NOON,
        **facts,
    }
    return TicketState.model_validate(state)


def an_order(**facts: Any) -> OrderState:
    """An order; `facts` overrides any field of its state."""
    price, nothing = Price(amount="20.00", currency="CNY"), Price(amount="0.00", currency="CNY")
    state = {
        "order_id": new_id(),
        "shop": "main",
        "order_no": "A-1",
        "account_id": new_id(),
        "goods_total": price,
        "discount": nothing,
        "freight": nothing,
        "lines": (OrderLine(line_no=1, sku="TEA", quantity=1, paid_total=price),),
        "placed_at": NOON,
        **facts,
    }
    return OrderState.model_validate(state)


def opened(ticket: TicketState) -> TicketOpened:
    """`ticket.opened`."""
    return TicketOpened(ticket=ticket)


def assigned(ticket: TicketState) -> TicketAssigned:
    """`ticket.assigned`."""
    return TicketAssigned(ticket=ticket, cause=AssignmentCause.TRANSFERRED, assigned_by="account:0", assigned_at=NOON)


def closed(ticket: TicketState) -> TicketClosed:
    """`ticket.closed`."""
    return TicketClosed(ticket=ticket, outcome=TicketOutcome.SOLVED, closed_by="account:0")


def flagged(order: OrderState, meaning: FlagMeaning | None = FlagMeaning.PROBLEM) -> OrderFlagged:
    """`order.flagged`."""
    return OrderFlagged(
        order=order, meaning=meaning, agent="菲菲", content="缺货", flagged_at=NOON, flagged_by="account:0"
    )


def arrival(event: Event, sequence: int = 1, at: datetime = NOON) -> Arrival:
    """The event as it comes from the stream."""
    return Arrival(event.noun(), Meta(new_id(), event.SUBJECT, event.aggregate_id, sequence, at), event)


@dataclass
class Desk:
    """The service, its subscribers and its tables."""

    client: Client
    sequences: dict[UUID, Any] = field(default_factory=dict)

    async def hear(self, *told: Event | Arrival, at: datetime = NOON) -> list[Verdict]:
        """Handle one batch of tickets' events, as the subscriber does."""
        return await self._apply(
            "notify-ticket", [one if isinstance(one, Arrival) else arrival(one, at=at) for one in told]
        )

    async def know(
        self,
        role: StaffRole = StaffRole.AGENT,
        status: StaffStatus = StaffStatus.ACTIVE,
        staff_id: UUID | None = None,
    ) -> UUID:
        """Let the service know a member of staff."""
        staff_id = staff_id or new_id()
        state = StaffState(staff_id=staff_id, number="S1", role=role, status=status, hired_on=NOON.date())
        sequence = next(self.sequences.setdefault(staff_id, count(1)))
        event = StaffChanged(staff=state, changed_by="account:0", changed_at=NOON)
        await self._apply("notify-staff-copy", [arrival(event, sequence)])
        return staff_id

    async def know_customer(self, *accounts: UUID, sequence: int = 1, customer_id: UUID | None = None) -> UUID:
        """Let the service know a customer with these accounts."""
        held = tuple(Account(shop="main", account_id=one) for one in accounts)
        state = CustomerState(customer_id=customer_id or new_id(), accounts=held)
        event = CustomerChanged(customer=state, changed_at=NOON)
        await self._apply("notify-customer-copy", [arrival(event, sequence)])
        return state.customer_id

    async def know_lead(self, unit_id: UUID, lead: UUID | None, sequence: int = 1) -> None:
        """Let the service know who leads a unit."""
        state = UnitState(unit_id=unit_id, code="east", name="东仓", kind=UnitKind.WAREHOUSE, lead_staff_id=lead)
        await self._apply("notify-appraisal", [arrival(UnitChanged(unit=state, changed_at=NOON), sequence)])

    async def _apply(self, reader: str, arrivals: Sequence[Arrival]) -> list[Verdict]:
        (subscriber,) = (one for one in self.client.runtime.subscribers if one.reader.name == reader)
        return await subscriber.apply(arrivals)

    async def inbox(self, staff_id: UUID, query: str = "", language: str = "zh-CN") -> list[dict[str, Any]]:
        """Somebody's own messages."""
        answer = await self.client.call(
            "GET", f"/v1/inbox{query}", "agent", staff_id=staff_id, headers={"Accept-Language": language}
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def told(self) -> set[tuple[UUID, str]]:
        """Who was told by which rule."""
        return {
            (row.recipient_staff_id, row.rule)
            for row in await self.rows("SELECT recipient_staff_id, rule FROM notification WHERE channel = 'inbox'")
        }

    async def written(self) -> set[tuple[UUID, str]]:
        """Which customer is written to by which rule."""
        found = await self.rows("SELECT recipient_customer_id, rule FROM notification WHERE channel = 'email'")
        return {(row.recipient_customer_id, row.rule) for row in found}

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """What a query finds."""
        async with self.client.runtime.database.reading() as session:
            return (await session.execute(text(statement), values)).all()

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        ((found,),) = await self.rows(f"SELECT count(*) FROM {table}")
        return int(found)
