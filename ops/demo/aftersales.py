"""After-sales of the imported orders: what a hundred buyers ask for, and what the floor does about it (T20–T28).

Buyers speak through the storefront's backend, the floor through its development logins, the payment side in its own
words; all of it goes through the gateway, and nothing is decided by whom it isn't for.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.callers import Caller, Callers
from ops.demo.cdnow import CURRENCY, SHOP, Purchase
from ops.demo.paymentside import PaymentSide
from ops.demo.wishes import Wish, deal
from ops.environment import StackError
from ops.story import settled

TOLD_WITHIN = 30.0
_AT_ONCE = 6
_READINGS = 20
_AUTHORITY = {
    "currency": CURRENCY,
    "days": 90,
    "rules": [
        {
            "limits": [
                {"role": "agent", "up_to": "20.00"},
                {"role": "supervisor", "up_to": "200.00"},
                {"role": "manager"},
            ],
            "two_above": "150.00",
            "second": ["manager", "finance"],
        }
    ],
}
"""Who may approve how much in the imported shop, whose orders are in dollars (T28, X3)."""

_RANKS = ("agent", "supervisor", "manager", "finance")

Refund = dict[str, Any]


@dataclass
class Played:
    """What came of it: cases by wish and status, who approved, how many attempts were beyond somebody's authority and
    how many payments failed."""

    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    approved_by: Counter[tuple[str, ...]] = field(default_factory=Counter)
    beyond_authority: int = 0
    failed_payments: int = 0


@dataclass(frozen=True)
class Floor:
    """Everybody who has a say."""

    storefront: Caller
    staff: dict[str, Caller]
    payments: PaymentSide

    async def decide(self, role: str, path: str, body: object = None) -> tuple[int, Any]:
        """Decide on what stands there now. What changes between reading and deciding, as when the ticket is given to
        somebody, is read again (T49)."""
        status, answer = 412, None
        for _ in range(_READINGS):
            refund = await self.look(path.split("/")[3])
            headers = {"If_Match": f'"{refund["ticket"]["version"]}"', "Idempotency_Key": secrets.token_hex(8)}
            status, answer = await self.staff[role].call("POST", path, body, **headers)
            if status != 412:
                break
        return status, answer

    async def look(self, refund_id: str) -> Refund:
        """How the request stands."""
        refund: Refund = await self.staff["manager"].expect(200, "GET", f"/v1/refunds/{refund_id}")
        return refund


def floor_of(people: Callers, payments: PaymentSide) -> Floor:
    """The development logins, each signed in once."""
    return Floor(people.storefront, {role: people.staff(role) for role in _RANKS}, payments)


async def cases_of(floor: Floor, purchases: Sequence[Purchase]) -> list[tuple[Purchase, Wish]]:
    """A hundred imported orders of which nobody asked anything yet, and what their buyers want."""
    known = {refund["order_no"] async for refund in _refunds(floor)}
    return deal([one for one in purchases if one.order_no not in known])


async def play(floor: Floor, cases: Iterable[tuple[Purchase, Wish]], progress: Callable[[int], None]) -> Played:
    """Play every case to its end, some at a time. Raises `StackError` at the first that ends otherwise."""
    played, gate = Played(), asyncio.Semaphore(_AT_ONCE)
    await _let_approve(floor)

    async def one(place: int, purchase: Purchase, wish: Wish) -> None:
        async with gate:
            await Play(floor, played, purchase, wish, by_event=place % 2 == 0).tell()
            progress(1)

    await asyncio.gather(*(one(place, *case) for place, case in enumerate(cases)))
    return played


@dataclass
class Play:
    """One case."""

    floor: Floor
    played: Played
    purchase: Purchase
    wish: Wish
    by_event: bool
    refund_id: str = ""

    async def tell(self) -> None:
        """From the wish to its end. Raises `StackError` when it ends otherwise."""
        await self._ask()
        await self._decide()
        refund = await self.floor.look(self.refund_id)
        if refund["status"] != self.wish.ending:
            raise StackError(f"{refund['number']} ({self.wish.title}) came to {refund['status']}.")
        self.played.statuses[self.wish.title, refund["status"]] += 1

    async def _decide(self) -> None:
        if self.wish.ending == "withdrawn":
            await self._by_buyer("withdraw")
            return
        await self._verb("agent", "review")
        if self.wish.ending == "refused":
            await self._verb("agent", "refuse", {"grounds": "not_proven", "unfounded": True})
            return
        await self._approve()
        if self.wish.ending != "waiting_for_goods":
            await self._carry_out()

    async def _carry_out(self) -> None:
        """Goods come back before anything goes out; what gave everybody what they wanted is closed."""
        if self.wish.kind in ("return_and_money", "exchange"):
            await self._goods_come_back()
        if self.wish.kind in ("exchange", "resend"):
            await self._goods_go_out()
        else:
            await self._money_goes()
        if self.wish.ending == "closed":
            await self._verb("agent", "close")

    async def _deliver(self) -> None:
        """The storefront's newer version of the order says that it is with its buyer."""
        received = datetime.now(UTC) - timedelta(days=2)
        order = {name: value for name, value in self.purchase.as_order().items() if name not in ("shop", "order_no")}
        order |= {
            "revision": 2, "courier": "UPS", "shipped_at": (received - timedelta(days=3)).isoformat(),
            "received_at": received.isoformat(),
        }  # fmt: skip
        path = f"/v1/orders/{SHOP}/{self.purchase.order_no}"
        status, answer = await self.floor.storefront.call("PUT", path, order)
        if status not in (200, 201):
            raise StackError(f"PUT {path} answered {status}: {answer}")

    async def _ask(self) -> None:
        if self.wish.shipped:
            await self._deliver()
        asked = {
            "shop": SHOP, "order_no": self.purchase.order_no, "kind": self.wish.kind, "reason": self.wish.reason,
            "lines": [{"line_no": 1, "quantity": self.purchase.quantity}], "text": self.wish.title,
        }  # fmt: skip
        key = secrets.token_hex(8)
        made = await self.floor.storefront.expect(201, "POST", "/v1/refunds", asked, Idempotency_Key=key)
        self.refund_id = made["refund_id"]

    async def _approve(self) -> None:
        """The agent tries; whoever may is told by the answer, and whoever still has to by the request (T28, T56)."""
        role, tried, approved = "agent", list[str](), list[str]()
        while True:
            status, answer = await self.floor.decide(role, f"/v1/refunds/{self.refund_id}/approve")
            tried.append(role)
            if status == 403 and answer["type"] == "/problems/beyond-authority":
                self.played.beyond_authority += 1
                role = _first(answer["who_may"], tried)
            elif status != 200:
                raise StackError(f"The {role} could not approve {self.refund_id}: {answer}")
            else:
                approved.append(role)
                if answer["approved_at"] is not None:
                    break
                role = _first(answer["approvals"]["steps"][0], tried)
        self.played.approved_by[tuple(approved)] += 1

    async def _goods_come_back(self) -> None:
        pieces = {"line_no": 1, "quantity": self.purchase.quantity}
        parcel = {"carrier": "UPS", "tracking_number": f"1Z{secrets.token_hex(6).upper()}"}
        announced = await self._by_buyer("ship-back", parcel)
        receipt = {"parcel_id": announced["parcels"][0]["parcel_id"], "lines": [pieces], "slip_found": True}
        await self._verb("agent", "receipts", receipt, wanted=201)
        found: dict[str, object] = {"line_no": 1, "sound": self.purchase.quantity}
        if self.wish.damaged:
            found |= {"sound": self.purchase.quantity - 1, "damaged": 1, "deducted": "0.50"}
        await self._verb("supervisor", "inspect", {"lines": [found]})

    async def _goods_go_out(self) -> None:
        article = {"line_no": 1, "sku": "CD", "quantity": self.purchase.quantity}
        await self._verb("agent", "replace", {"articles": [article]}, room="exchanges")
        sent = {"courier": "UPS", "tracking_number": f"1Z{secrets.token_hex(6).upper()}"}
        await self._verb("agent", "send", sent, room="exchanges")
        await self._by_buyer("receive", room="exchanges")

    async def _money_goes(self) -> None:
        """The payment side answers. What it can't pay finance has it try again, under the same number (T22)."""
        words = [False] * self.wish.failures + [True] * (self.wish.ending == "closed")
        for tried, paid in enumerate(words):
            if tried:
                await self._verb("finance", "retry")
            await self._answered(paid=paid)

    async def _answered(self, *, paid: bool) -> None:
        wanted = "paid" if paid else "pay_failed"
        self.played.failed_payments += not paid
        refund = await self.floor.look(self.refund_id)
        await self.floor.payments.answer(refund, paid=paid, by_event=self.by_event)
        seen = await settled(
            lambda: self.floor.look(self.refund_id), lambda one: one["status"] == wanted, within=TOLD_WITHIN
        )
        if seen["status"] != wanted:
            raise StackError(f"{seen['number']} is {seen['status']} where the payment side said {wanted}.")

    async def _by_buyer(self, verb: str, body: object = None, *, room: str = "refunds") -> Any:
        path, key = f"/v1/{room}/{self.refund_id}/{verb}", secrets.token_hex(8)
        return await self.floor.storefront.expect(200, "POST", path, body, Idempotency_Key=key)

    async def _verb(
        self, role: str, verb: str, body: object = None, *, room: str = "refunds", wanted: int = 200
    ) -> Any:
        status, answer = await self.floor.decide(role, f"/v1/{room}/{self.refund_id}/{verb}", body)
        if status != wanted:
            raise StackError(f"{verb} of {self.refund_id} by the {role} answered {status}: {answer}")
        return answer


def _first(roles: Sequence[str], tried: Sequence[str]) -> str:
    """The lowest of these roles who has not tried yet. Raises `StackError` when nobody is left."""
    left = [role for role in roles if role not in tried]
    if not left:
        raise StackError(f"Nobody is left to approve: {', '.join(tried)} tried.")
    return min(left, key=_RANKS.index)


async def _refunds(floor: Floor) -> AsyncIterator[Refund]:
    """All requests of the imported shop."""
    cursor = ""
    while True:
        path = f"/v1/refunds?shop={SHOP}&limit=200{cursor}"
        page = await floor.staff["manager"].expect(200, "GET", path)
        for refund in page["items"]:
            yield refund
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


async def _let_approve(floor: Floor) -> None:
    """Put the shop's own limits in force, unless they are."""
    manager, path = floor.staff["manager"], "/v1/policies/ticket/refund-authority"
    known = await manager.expect(200, "GET", f"{path}?shop={SHOP}")
    if known["in_force"]["shop"] == SHOP:
        return
    version = {"shop": SHOP, "document": _AUTHORITY, "reason": "进口店铺以美元计价"}
    await manager.expect(201, "POST", f"{path}/versions", version, Idempotency_Key=secrets.token_hex(8))
