"""After-sales of the imported orders: what a hundred buyers ask for, and what the floor does about it (T20–T28).

Buyers speak through the storefront's backend, the floor through its development logins, the payment side in its own
words; all of it goes through the gateway, and nothing is decided by whom it isn't for.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.callers import Caller, Callers, settled
from ops.demo.asking import every, put_in_force
from ops.demo.cdnow import CURRENCY, SHOP, Purchase
from ops.demo.paymentside import PaymentSide
from ops.demo.wishes import Wish
from ops.environment import StackError

TOLD_WITHIN = 30.0
_AT_ONCE = 6
_READINGS = 20
_MOST_STEPS = 20
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
Case = tuple[Purchase, Wish]


@dataclass(frozen=True)
class Floor:
    """Everybody who has a say."""

    storefront: Caller
    staff: dict[str, Caller]
    payments: PaymentSide

    async def look(self, refund_id: str) -> Refund:
        """The request as it stands now."""
        refund: Refund = await self.staff["manager"].expect(200, "GET", f"/v1/refunds/{refund_id}")
        return refund

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


def floor_of(people: Callers, payments: PaymentSide) -> Floor:
    """The development logins, each signed in once."""
    return Floor(people.storefront, {role: people.staff(role) for role in _RANKS}, payments)


async def play(floor: Floor, cases: Iterable[Case], progress: Callable[[int], None]) -> None:
    """Bring every case to its end, some at a time; what has been begun goes on where it stands, so that playing the
    same cases again changes nothing. Raises `StackError` at the first that ends otherwise."""
    gate = asyncio.Semaphore(_AT_ONCE)
    await _let_approve(floor)
    asked = await _asked(floor)

    async def one(place: int, purchase: Purchase, wish: Wish) -> None:
        async with gate:
            refund_id = asked.get(purchase.order_no)
            await Play(floor, purchase, wish, by_event=place % 2 == 0).tell(refund_id)
            progress(1)

    await asyncio.gather(*(one(place, *case) for place, case in enumerate(cases)))


@dataclass
class Play:
    """One case. What comes next follows from where it stands, and from nothing that was remembered."""

    floor: Floor
    purchase: Purchase
    wish: Wish
    by_event: bool
    refund_id: str = ""

    async def tell(self, refund_id: str | None) -> None:
        """To its end, from the wish or from where it stands. Raises `StackError` when it ends otherwise."""
        self.refund_id = refund_id or await self._ask()
        steps = self._steps()
        refund = await self.floor.look(self.refund_id)
        for _ in range(_MOST_STEPS):
            if refund["status"] == self.wish.ending:
                return
            step = steps.get(refund["status"])
            if step is None:
                break
            await step(refund)
            refund = await self.floor.look(self.refund_id)
        raise StackError(f"{refund['number']} ({self.wish.title}) came to {refund['status']}.")

    def _steps(self) -> Mapping[str, Callable[[Refund], Awaitable[object]]]:
        """What is done at each stage (T22)."""
        begins = self._withdraw if self.wish.ending == "withdrawn" else self._review
        return {
            "requested": begins,
            "under_review": self._refuse if self.wish.ending == "refused" else self._approve,
            "waiting_for_goods": self._goods_come_back,
            "goods_received": self._inspect,
            "approved": self._goods_go_out,
            "inspected": self._goods_go_out,
            "sent": self._goods_arrive,
            "paying": self._money_goes,
            "pay_failed": self._try_again,
            "received": self._close,
            "paid": self._close,
        }

    async def _ask(self) -> str:
        if self.wish.shipped:
            await self._deliver()
        asked = {
            "shop": SHOP, "order_no": self.purchase.order_no, "kind": self.wish.kind, "reason": self.wish.reason,
            "lines": [{"line_no": 1, "quantity": self.purchase.quantity}], "text": self.wish.title,
        }  # fmt: skip
        key = f"demo-{self.purchase.order_no}"
        made = await self.floor.storefront.expect(201, "POST", "/v1/refunds", asked, Idempotency_Key=key)
        return str(made["refund_id"])

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

    async def _withdraw(self, _: Refund) -> None:
        await self._by_buyer("withdraw")

    async def _review(self, refund: Refund) -> None:
        """The agent answers the buyer, which stops the clock of the first reply (T48), and looks into it."""
        path, said = f"/v1/tickets/{self.refund_id}/messages", {"text": "您好，您的申请已收到，我们正在核实。"}
        if any(one["kind"] == "first_reply" and one["status"] == "running" for one in refund["ticket"]["clocks"]):
            key = f"demo-{self.refund_id}-received"
            await self.floor.staff["agent"].expect(201, "POST", path, said, Idempotency_Key=key)
        await self._verb("agent", "review")

    async def _refuse(self, _: Refund) -> None:
        await self._verb("agent", "refuse", {"grounds": "not_proven", "unfounded": True})

    async def _approve(self, _: Refund) -> None:
        """The agent tries; whoever may is told by the answer, and whoever still has to by the request (T28, T56)."""
        role, tried = "agent", list[str]()
        while True:
            status, answer = await self.floor.decide(role, f"/v1/refunds/{self.refund_id}/approve")
            tried.append(role)
            if status == 200 and answer["approved_at"] is not None:
                return
            if status == 200:
                role = _first(answer["approvals"]["steps"][0], tried)
            elif status in (403, 409):  # beyond this role's authority, or this role has approved before
                refund = await self.floor.look(self.refund_id)
                role = _first(answer.get("who_may") or refund["approvals"]["steps"][0], tried)
            else:
                raise StackError(f"The {role} could not approve {self.refund_id}: {answer}")

    async def _goods_come_back(self, _: Refund) -> None:
        pieces = {"line_no": 1, "quantity": self.purchase.quantity}
        parcel = {"carrier": "UPS", "tracking_number": self._tracking("1ZB")}
        announced = await self._by_buyer("ship-back", parcel)
        receipt = {"parcel_id": announced["parcels"][0]["parcel_id"], "lines": [pieces], "slip_found": True}
        await self._verb("agent", "receipts", receipt, wanted=201)

    async def _inspect(self, _: Refund) -> None:
        found: dict[str, object] = {"line_no": 1, "sound": self.purchase.quantity}
        if self.wish.damaged:
            found |= {"sound": self.purchase.quantity - 1, "damaged": 1, "deducted": "0.50"}
        await self._verb("supervisor", "inspect", {"lines": [found]})

    async def _goods_go_out(self, _: Refund) -> None:
        article = {"line_no": 1, "sku": "CD", "quantity": self.purchase.quantity}
        await self._verb("agent", "replace", {"articles": [article]}, room="exchanges")
        sent = {"courier": "UPS", "tracking_number": self._tracking("1ZA")}
        await self._verb("agent", "send", sent, room="exchanges")

    async def _goods_arrive(self, _: Refund) -> None:
        await self._by_buyer("receive", room="exchanges")

    async def _close(self, _: Refund) -> None:
        await self._verb("agent", "close")

    async def _try_again(self, _: Refund) -> None:
        """Finance has it paid again, under the same number (T22)."""
        await self._verb("finance", "retry")

    async def _money_goes(self, refund: Refund) -> None:
        """The payment side answers; as often as the wish says it can't pay."""
        paid = refund["attempt"] > self.wish.failures
        wanted = "paid" if paid else "pay_failed"
        await self.floor.payments.answer(refund, paid=paid, by_event=self.by_event)
        seen = await settled(
            lambda: self.floor.look(self.refund_id), lambda one: one["status"] == wanted, within=TOLD_WITHIN
        )
        if seen["status"] != wanted:
            raise StackError(f"{seen['number']} is {seen['status']} where the payment side said {wanted}.")

    def _tracking(self, carrier: str) -> str:
        return f"{carrier}{self.refund_id.replace('-', '')[-12:].upper()}"

    async def _by_buyer(self, verb: str, body: object = None, *, room: str = "refunds") -> Any:
        path, key = f"/v1/{room}/{self.refund_id}/{verb}", f"demo-{self.refund_id}-{verb}"
        return await self.floor.storefront.expect(200, "POST", path, body, Idempotency_Key=key)

    async def _verb(
        self, role: str, verb: str, body: object = None, *, room: str = "refunds", wanted: int = 200
    ) -> None:
        status, answer = await self.floor.decide(role, f"/v1/{room}/{self.refund_id}/{verb}", body)
        if status != wanted:
            raise StackError(f"{verb} of {self.refund_id} by the {role} answered {status}: {answer}")


def _first(roles: Sequence[str], tried: Sequence[str]) -> str:
    """The lowest of these roles who has not tried yet. Raises `StackError` when nobody is left."""
    left = [role for role in roles if role not in tried]
    if not left:
        raise StackError(f"Nobody is left to approve: {', '.join(tried)} tried.")
    return min(left, key=_RANKS.index)


async def _asked(floor: Floor) -> dict[str, str]:
    """The requests of the imported shop that are there already, by order."""
    found = await every(floor.staff["manager"], f"/v1/refunds?shop={SHOP}")
    return {refund["order_no"]: refund["refund_id"] for refund in found}


async def _let_approve(floor: Floor) -> None:
    """Put the shop's own limits in force, unless they are."""
    await put_in_force(floor.staff["manager"], SHOP, "refund-authority", _AUTHORITY, "进口店铺以美元计价")
