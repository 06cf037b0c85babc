"""What the storefront publishes, in the words of our own order book: the same result as by HTTP (E3)."""

from collections.abc import Sequence

from pydantic import ValidationError

from contracts.price import Price
from contracts.storefront import (
    Recipient,
    StorefrontLine,
    StorefrontOrder,
    StorefrontOrderCorrected,
    StorefrontOrderEvent,
    StorefrontOrderPaid,
    StorefrontOrderPlaced,
    StorefrontOrderShipped,
)
from kit.envelope import Delivery
from kit.http.faults import pointer_of
from kit.money import Money
from kit.reasons import RefusedEventError
from kit.work import Work
from services.ticket.intake import service
from services.ticket.order.schemas import OrderItem, OrderMilestone
from services.ticket.order.service import AmountsDoNotAddUpError

_SAME = {
    "revision", "buyer_ref", "currency", "payment_method", "payer_token", "freight_insured", "courier", "region",
    "channel", "agent", "top_up_of", "historic", "placed_at", "paid_at", "shipped_at", "received_at",
    "completed_at", "cancelled_at",
}  # fmt: skip
_LINE = {"line_no", "sku", "item_no", "product_name", "category", "quantity"}
_SAID = {"shop", "order_no", "payment_method", "payer_token", "courier", "reason"}


class UnfitOrderError(RefusedEventError):
    """An order that HTTP would refuse as well; the text names the places, never a value (X6)."""


class MisaddressedEventError(RefusedEventError):
    """An event whose `ce-subject` is not the key of the order it tells about."""


async def take_news(work: Work, deliveries: Sequence[Delivery[StorefrontOrderEvent]]) -> None:
    """Take what the storefront tells about orders: whole revisions and single milestones, in a fixed number of
    statements.

    Raises MisaddressedEventError, UnfitOrderError, AmountsDoNotAddUpError, or UnknownOrderError for a milestone of an
    order that has not been told about; none of them names what it refuses.
    """
    items: list[OrderItem] = []
    milestones: list[OrderMilestone] = []
    for delivery in deliveries:
        event = delivery.event
        if delivery.meta.aggregate_id != event.aggregate_id:
            raise MisaddressedEventError("ce-subject is not the key of the order that the event tells about")
        if isinstance(event, StorefrontOrderPlaced | StorefrontOrderCorrected):
            items.append(item_of(event.shop, event.order_no, event.order))
        else:
            milestones.append(milestone_of(event))
    await service.take_orders(work, items, milestones)


def item_of(shop: str, order_no: str, order: StorefrontOrder) -> OrderItem:
    """The order as HTTP would have brought it.

    The discount stands beside the lines, whose sum is then `goods_total`, or is in them already, and they add up to
    `goods_total` less discount; any other sum doesn't add up.
    """
    currency = order.currency
    facts = order.model_dump(include=_SAME) | {
        "shop": shop,
        "order_no": order_no,
        "lines": [_line(line, currency) for line in order.lines],
        "discount": Money(_discount(order), currency).amount,
        "freight": _amount(order.freight, currency),
        "surcharge": _amount(order.surcharge, currency) or "0",
        "paid": _amount(order.paid, currency),
        "cost": _amount(order.cost, currency),
        "tracking_number": order.tracking_no,
        "recipient": _recipient(order.recipient),
    }
    try:
        return OrderItem.model_validate(facts)
    except ValidationError as error:
        raise _unfit(error) from None


def milestone_of(event: StorefrontOrderEvent) -> OrderMilestone:
    """The one milestone that the event tells."""
    verb = event.verb()
    facts = event.model_dump(include=_SAID) | {"name": verb, "at": getattr(event, f"{verb}_at")}
    if isinstance(event, StorefrontOrderPaid):
        _minor(event.paid, event.paid.currency)
        facts |= {"paid": event.paid.amount, "currency": event.paid.currency}
    if isinstance(event, StorefrontOrderShipped):
        facts["tracking_number"] = event.tracking_no
    try:
        return OrderMilestone.model_validate(facts)
    except ValidationError as error:
        raise _unfit(error) from None


def _line(line: StorefrontLine, currency: str) -> dict[str, object]:
    options = " / ".join(part for part in (line.colour, line.size) if part)
    return {
        **line.model_dump(include=_LINE),
        "options": options or None,
        "unit_price": _amount(line.unit_price, currency),
        "paid_total": _amount(line.paid_total, currency),
        "cost": _amount(line.cost, currency),
    }


def _discount(order: StorefrontOrder) -> int:
    """What is still to be taken off the lines, in minor units."""
    goods, discount = _minor(order.goods_total, order.currency), _minor(order.discount, order.currency)
    lines = sum(_minor(line.paid_total, order.currency) for line in order.lines)
    if lines == goods:
        return discount
    if lines == goods - discount:
        return 0
    raise AmountsDoNotAddUpError


def _recipient(recipient: Recipient | None) -> dict[str, str | None] | None:
    """The contract wants all three; what the storefront doesn't know, it leaves empty."""
    return None if recipient is None else {name: value or None for name, value in recipient.model_dump().items()}


def _amount(price: Price | None, currency: str) -> str | None:
    return None if price is None else Money(_minor(price, currency), currency).amount


def _minor(price: Price | None, currency: str) -> int:
    """The price in the order's smallest unit, nothing for none."""
    if price is None:
        return 0
    if price.currency != currency:
        raise AmountsDoNotAddUpError
    try:
        return Money.parse(price.amount, currency).minor
    except ValueError:
        raise AmountsDoNotAddUpError from None


def _unfit(error: ValidationError) -> Exception:
    """A fault of the whole is one of its sums; any other has its place."""
    places = {pointer_of(("body", *one["loc"])) for one in error.errors(include_input=False, include_url=False)}
    if "" in places:
        return AmountsDoNotAddUpError()
    return UnfitOrderError(f"HTTP would refuse the order as well: {', '.join(sorted(places))}")
