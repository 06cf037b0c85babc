"""The ticket service as its tests work with it: orders are sent, flagged and looked at, tickets opened and worked,
others' events arrive, and what was written down is read from the tables."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import event, text
from stage import NOON, Client

from contracts.appraisal.staff import Alias, StaffChanged, StaffRole, StaffState, StaffStatus
from contracts.customer.customer import Account, CustomerChanged, CustomerState
from contracts.event import Event
from kit.clock import FrozenClock
from kit.envelope import Meta
from kit.ids import account_id, new_id
from kit.inbox import Verdict
from kit.subscriber import Arrival, Subscriber
from services.ticket.order.sealing import Party, opened

PLACED = "2026-11-20T10:00:00+08:00"
PAID = "2026-11-20T10:01:00+08:00"
LATER = "2026-11-20T18:00:00+08:00"
# Relay, timers and sealer work at a pace of their own; what they ask is none of these.
_OURS = re.compile(
    r"\b(shop_order|order_\w+|ticket|\w+_copy|position|complaint\w*|unit_volume|penalty_\w+|emergency"
    r"|service_request\w*|ticket_procedure\w*|approval\w*|budget_spent|goodwill|case_cost|return_\w+|exchange\w*)\b"
    r"|INSERT INTO (outbox|audit)\b"
)


def an_order(buyer: str = "ming", amount: str = "20.00", **facts: Any) -> dict[str, Any]:
    """An unpaid order of one line as the storefront sends it; `facts` overrides any of its fields."""
    line = {"line_no": 1, "sku": "TEA", "quantity": 2, "paid_total": amount}
    return {"buyer_ref": buyer, "lines": [line], "placed_at": PLACED, **facts}


def an_item(number: str, shop: str = "main", **facts: Any) -> dict[str, Any]:
    """An order as a batch holds it."""
    return {"shop": shop, "order_no": number, **an_order(**facts)}


def a_file(*accounts: UUID, customer_id: UUID | None = None, shop: str = "main", **facts: Any) -> CustomerState:
    """A customer's file with these accounts."""
    held = tuple(Account(shop=shop, account_id=account) for account in accounts)
    return CustomerState(customer_id=customer_id or new_id(), accounts=held, **facts)


def a_colleague(
    *aliases: str, staff_id: UUID | None = None, shop: str = "main", status: str = "active", role: str = "agent"
) -> StaffState:
    """A member of staff with these aliases in one shop."""
    return StaffState(
        staff_id=staff_id or new_id(),
        number="S-1",
        aliases=tuple(Alias(shop=shop, alias=alias) for alias in aliases),
        role=StaffRole(role),
        status=StaffStatus(status),
        hired_on=NOON.date(),
    )


def changed(state: CustomerState | StaffState) -> Event:
    """The plainest event that tells this state."""
    if isinstance(state, CustomerState):
        return CustomerChanged(customer=state, changed_at=NOON)
    return StaffChanged(staff=state, changed_by="staff:chief", changed_at=NOON)


def under_a_key(match: int | None = None) -> dict[str, str]:
    """Headers of a request that moves money: a key of its own, and the version it was decided on."""
    return {"Idempotency-Key": str(new_id()), **({} if match is None else {"If-Match": f'"{match}"'})}


def faults(answer: httpx.Response) -> list[str]:
    """Where a refused request is wrong."""
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


@dataclass
class Desk:
    """The service through its door, its subscribers and its tables."""

    client: Client
    clock: FrozenClock
    heard: int = 0

    def account(self, buyer: str, shop: str = "main") -> UUID:
        """The account of a buyer, as every service works it out."""
        return account_id(self.client.runtime.settings.key, shop, buyer)

    async def call(self, method: str, path: str, role: str = "agent", **options: Any) -> httpx.Response:
        """One request as a caller of that role."""
        return await self.client.call(method, path, role, **options)

    async def put(self, number: str = "A-1", shop: str = "main", **facts: Any) -> dict[str, Any]:
        """Send an order and return the answer; it must be taken."""
        answer = await self.call("PUT", f"/v1/orders/{shop}/{number}", "storefront", json=an_order(**facts))
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def send(self, *items: object, role: str = "storefront", **options: Any) -> dict[str, Any]:
        """Send a batch and return the results."""
        answer = await self.call("POST", "/v1/orders/batches", role, json={"orders": items}, **options)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def without_checklist(self) -> None:
        """From now on orders are cleared as they are, in every shop (T34)."""
        await self.change(
            "INSERT INTO policy (name, shop, version, effective_from, document, saved_by) VALUES "
            """('order-confirmation', 'main', 2, '1970-01-02T00:00:00Z', '{"steps": []}', 'test')"""
        )

    async def flag(
        self, colour: str | None, remark: str | None = None, *, order: str = "main/A-1", **options: Any
    ) -> dict[str, Any]:
        """Put a flag on an order; it must be taken."""
        body = {"colour": colour, **({"remark": remark} if remark else {})}
        answer = await self.call("POST", f"/v1/orders/{order}/flags", json=body, **options)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def open(self, role: str = "agent", *, by: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
        """Open a ticket as `role` with the claims of `by`; it must be taken."""
        body = {"subject": "催发货", **facts}
        answer = await self.call("POST", "/v1/tickets", role, json=body, **(by or {}))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def verb(
        self, ticket: dict[str, Any], verb: str, role: str = "agent", *, headers: dict[str, str] | None = None,
        by: dict[str, Any] | None = None, **body: Any,
    ) -> httpx.Response:  # fmt: skip
        """Ask for a change of state."""
        path = f"/v1/tickets/{ticket['ticket_id']}/{verb}"
        return await self.call("POST", path, role, json=body or None, headers=headers or {}, **(by or {}))

    async def hear(self, *told: Event | CustomerState | StaffState) -> list[Verdict]:
        """Others' events arrive in one batch, in this order; of a bare state, the event that tells it."""
        events = [one if isinstance(one, Event) else changed(one) for one in told]
        arrivals = []
        for one in events:
            self.heard += 1
            meta = Meta(new_id(), one.SUBJECT, one.aggregate_id, self.heard, NOON)
            arrivals.append(Arrival(one.noun(), meta, one))
        return await self.subscriber(events[0].OWNER, events[0].noun()).apply(arrivals)

    def subscriber(self, owner: str, noun: str | None = None) -> Subscriber:
        """The subscriber of that owner's stream, or to that noun of it."""
        every = [one for one in self.client.runtime.subscribers if one.reader.stream == owner.upper()]
        (found,) = [one for one in every if noun is None or noun in one.reader.nouns]
        return found

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """What a query finds."""
        async with self.client.runtime.database.reading() as session:
            return (await session.execute(text(statement), values)).all()

    async def parties(self) -> dict[UUID, Party]:
        """What is kept of the people of each order, opened."""
        vault = self.client.transactions.vault
        assert vault is not None
        rows = await self.rows("SELECT * FROM order_delivery ORDER BY order_id")
        return {row.order_id: opened(vault, row) for row in rows}

    async def change(self, statement: str, **values: Any) -> None:
        """Change the tables behind the service's back."""
        async with self.client.runtime.database.transaction() as session:
            await session.execute(text(statement), values)

    @contextmanager
    def statements(self) -> Iterator[list[tuple[str, Any]]]:
        """The statements about this service's things that it sends while the block lasts, with their parameters; not
        those of its loops, which go at a pace of their own."""
        seen: list[tuple[str, Any]] = []
        loops = asyncio.all_tasks() - {asyncio.current_task()}

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if asyncio.current_task() not in loops and _OURS.search(statement):
                seen.append((statement, parameters))

        def hear(statement: str, values: Any, _: float) -> None:
            note(None, None, statement, values)

        database = self.client.runtime.database
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        database.home.listeners.append(hear)
        try:
            yield seen
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
            database.home.listeners.remove(hear)

    async def subjects(self, aggregate_id: str | UUID) -> list[str]:
        """The subjects of a thing's events; their sequence has no gap (E4)."""
        found = await self.rows(
            "SELECT subject, sequence FROM outbox WHERE aggregate_id = :one ORDER BY id", one=str(aggregate_id)
        )
        assert [row.sequence for row in found] == list(range(1, len(found) + 1))
        return [row.subject for row in found]

    async def audits(self, aggregate_id: str | UUID) -> list[str]:
        """What the trail says was done to a thing."""
        found = await self.rows(
            "SELECT action FROM audit WHERE aggregate_id = :one ORDER BY id", one=str(aggregate_id)
        )
        return [row.action for row in found]
