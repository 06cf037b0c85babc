"""Exchanges and resends under random hands: dearer and cheaper articles, out of stock, sent, lost, received, closed; what
each of these comes to, foretold, and the rule that asks for it (T22, T25, T26, T36)."""

from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule
from refund_checks import agree
from refund_desk import AGENT, Json
from refund_model import OK, UNDRAWN, Claim, Expected, Model

from kit.money import Money

SENT: Json = {"courier": "顺丰", "tracking_number": "SF9988776655"}
WHY: Json = {"reason": "该色断货"}
TODAY = "2026-11-21T09:00:00+08:00"
SWAPS = ("dearer", "cheaper", "top-up", "run-out", "restock", "send", "lose", "receive")
REPLACED = ("exchange", "resend")
BETWEEN = {"ready", "unpaid", "out_of_stock"}
FROM = {
    "replace": BETWEEN, "top-up": {"unpaid"}, "run-out": {"ready", "unpaid"}, "restock": {"out_of_stock"},
    "send": {"ready"}, "lose": {"sent"}, "receive": {"sent", "received"},
}  # fmt: skip


def swapped(model: Model, claim: Claim, verb: str, price: int | None = None) -> Expected:
    """What a verb of its replacement comes to; `price` is what is chosen for its first line costs instead."""
    if (refusal := _refused(claim, verb)) is not None:
        return refusal
    if price is not None:
        difference = price - claim.shares[min(claim.pieces)][0]
        if claim.kind == "resend" and difference < 0:
            return Expected(422, "invalid-request")
        claim.price, claim.difference = price, difference
    if verb == "top-up":
        claim.topped_up += claim.owed
    if verb in ("replace", "lose"):
        model.settle(claim, AGENT)
    whither = {"run-out": "out_of_stock", "send": "sent", "receive": "received"}
    claim.replacement = whither.get(verb, "unpaid" if claim.owed else "ready")
    claim.go(verb)
    if verb == "receive" and claim.stage == "received" and claim.amount:
        claim.payment = "due"
        claim.go("pay")
    return OK


def _refused(claim: Claim, verb: str) -> Expected | None:
    if claim.kind not in REPLACED:
        return Expected(404, "not-found")
    if verb not in claim.allowed:
        return UNDRAWN
    if verb == "send" and claim.stage in ("waiting_for_goods", "goods_received"):
        return Expected(422, "invalid-request")  # it doesn't say that it goes ahead
    if verb == "send" and not claim.approved:
        return Expected(409, "not-approved")
    return None if claim.replacement in FROM[verb] else UNDRAWN


class Swaps:
    """The rule for replacements; the machine is the one that it is mixed into."""

    stage: Any
    model: Model
    _answer: Callable[..., None]
    verb: Callable[..., Any]

    @rule(index=st.integers(0, 9), what=st.sampled_from(SWAPS))
    def swap(self, index: int, what: str) -> None:
        """Mostly where something is replaced at all."""
        claims = [claim for claim in self.model.claims if claim.kind in REPLACED] or self.model.claims
        if claims:
            self._swap(claims[index % len(claims)], what)

    def _send_on(self, claim: Claim) -> None:
        """Whatever comes next for a replacement, so that walks lead somewhere."""
        if claim.stage == "received":
            if claim.payment in ("due", "failed"):
                self._answer(claim, "paid", retryable=True)
            answer = self.stage.do(self.stage.refunds.verb(_named(claim), "close", AGENT, match=claim.version))
            agree(answer, self.model.verb(claim, "close", claim.version))
        else:
            nearest = {"unpaid": "top-up", "out_of_stock": "restock"}.get(claim.replacement, "send")
            self._swap(claim, "receive" if claim.stage == "sent" else nearest)

    def _swap(self, claim: Claim, what: str) -> None:
        worth = claim.shares[min(claim.pieces)][0]
        price = {"dearer": worth + 10_00, "cheaper": worth // 2}.get(what)
        verb, body = ("replace", _articles(claim, price)) if price is not None else (what, _BODIES.get(what, {}))
        if what == "top-up":
            body = {"order_no": self._pay_more(claim)}
        answer = self.stage.do(self._ask(claim, verb, body))
        agree(answer, swapped(self.model, claim, verb, price))

    async def _ask(self, claim: Claim, verb: str, body: Json) -> httpx.Response:
        path = f"/v1/exchanges/{claim.refund_id}/{verb}"
        answer: httpx.Response = await self.stage.refunds.call(
            "POST", path, AGENT, json=body or None, match=claim.version
        )
        return answer

    def _pay_more(self, claim: Claim) -> str:
        """The number of an order that pays what is owed, if anything is."""
        if claim.replacement != "unpaid" or "top-up" not in claim.allowed:
            return "NOBODY-PAID"
        number, amount = f"TOP-{next(self.stage.numbers)}", Money(claim.owed).amount
        line = {"line_no": 1, "sku": "TOP-UP", "quantity": 1, "paid_total": amount}
        paid = {"top_up_of": claim.sold.number, "placed_at": TODAY, "paid_at": TODAY, "paid": amount}
        self.stage.do(self.stage.refunds.desk.put(number, lines=[line], **paid))
        return number


def _articles(claim: Claim, price: int) -> Json:
    """Another article for the first line, the same again for the others."""
    first = min(claim.pieces)
    others = [
        {"line_no": one, "sku": f"SKU-{one}", "quantity": claim.pieces[one]} for one in claim.pieces if one != first
    ]
    other = {"line_no": first, "sku": "OTHER", "quantity": 1, "unit_price": Money(price).amount}
    return {"articles": [other, *others]}


def _named(claim: Claim) -> Json:
    return {"refund_id": claim.refund_id}


_BODIES: dict[str, Json] = {"run-out": WHY, "restock": WHY, "lose": WHY, "send": SENT}
