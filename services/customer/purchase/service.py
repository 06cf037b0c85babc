"""Use cases of purchases: copied from orders and refunds, listed per customer, summed up (C10, C13)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ticket.order import OrderState
from kit.envelope import Delivery
from kit.money import Money
from kit.work import Work
from services.customer.purchase import policy, store
from services.customer.purchase.models import Purchase
from services.customer.purchase.policy import MoneyBackEvent
from services.customer.purchase.schemas import Place, PurchasePublic, PurchaseSummary, PurchaseTotals
from services.customer.sight import sight_of


async def copy_orders(work: Work, orders: Sequence[OrderState], customers: Mapping[UUID, UUID]) -> None:
    """Copy the orders, each as its last state in `orders`; `customers` tells whose each account is.

    A correction, cancellation, flag or unflagging is a new state like any other (C10, T32); an equal one changes
    nothing.
    """
    newest = {order.order_id: order for order in orders}
    await store.copy(work.session, [_row(order, customers[order.account_id]) for order in newest.values()])


async def take_refunds(work: Work, deliveries: Sequence[Delivery[MoneyBackEvent]]) -> None:
    """Keep what was given back, whether its order is known yet or not; each of them counts once, however
    often and in whatever order its events come."""
    newest = {one.meta.aggregate_id: one for one in sorted(deliveries, key=lambda one: one.meta.sequence)}
    await store.keep_refunds(work.session, [_money_back(one) for one in newest.values()])


async def list_purchases(
    work: Work, customer_id: UUID, account_ids: Collection[UUID], after: Place | None, limit: int
) -> tuple[list[PurchasePublic], Place | None]:
    """A customer's purchases by these accounts, newest first, and the place of the last when more follow."""
    found = await store.page(work.session, customer_id, account_ids, after, limit + 1)
    shown = [_public(purchase, refunded) for purchase, refunded in found[:limit]]
    last = (shown[-1].placed_at, shown[-1].order_id) if len(found) > limit else None
    return shown, last


async def sum_up(
    work: Work, customer_ids: Collection[UUID], account_ids: Collection[UUID]
) -> dict[UUID, list[PurchaseSummary]]:
    """What each customer bought by these accounts, per shop and currency (C13)."""
    summaries: dict[UUID, list[PurchaseSummary]] = defaultdict(list)
    for row in await store.summaries(work.session, customer_ids, account_ids):
        summaries[row["customer_id"]].append(PurchaseSummary(**row, **_sums(row)))
    return summaries


async def report_purchases(work: Work, shop: str | None) -> list[PurchaseTotals]:
    """Totals per shop and currency over the shops that the caller serves, or the one of them asked for."""
    rows = await store.totals(work.session, sight_of(work).narrowed(shop=shop).shops)
    return [PurchaseTotals(**row, **_sums(row)) for row in rows]


def _row(order: OrderState, customer_id: UUID) -> dict[str, Any]:
    kept = order.model_dump(
        include={"order_id", "shop", "order_no", "account_id", "currency", "placed_at", "paid_at"}
    )
    return {
        **kept,
        "customer_id": customer_id,
        "paid_minor": policy.paid_minor(order),
        "counted": policy.counts(order),
    }


def _money_back(told: Delivery[MoneyBackEvent]) -> dict[str, Any]:
    cause, amount, given_at = policy.money_back(told.event)
    return {
        "cause_id": told.meta.aggregate_id,
        "sequence": told.meta.sequence,
        "cause": cause,
        "order_id": told.event.order_id,
        "currency": amount.currency,
        "amount_minor": amount.minor,
        "given_at": given_at,
    }


def _public(purchase: Purchase, refunded_minor: int) -> PurchasePublic:
    refunded = Money(refunded_minor, purchase.currency)
    paid = None if purchase.paid_minor is None else Money(purchase.paid_minor, purchase.currency)
    return PurchasePublic(
        **purchase.model_dump(exclude={"customer_id", "paid_minor"}),
        paid=paid and paid.amount,
        refunded=refunded.amount,
        net=paid and (paid - refunded).amount,
    )


def _sums(row: Mapping[Any, Any]) -> dict[str, str]:
    spend, refunded = (Money(int(row[name]), row["currency"]) for name in ("spend_minor", "refunded_minor"))
    return {"spend": spend.amount, "refunded": refunded.amount, "net": (spend - refunded).amount}
