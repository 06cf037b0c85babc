"""Real purchases to try things with: CDNOW, 69,659 purchases of 23,570 customers in 1997 and 1998, and the sample of
them that others publish figures for, 6,919 purchases of 2,357 customers.

The files come inside the `lifetimes` wheel, which is installed for tests and the demo only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid5

from contracts.price import Price
from contracts.storefront import StorefrontLine, StorefrontOrder, StorefrontOrderPlaced
from kit.envelope import Meta
from ops.environment import StackError

SHOP = "cdnow"
CURRENCY = "USD"
_NOON = time(12, tzinfo=timezone(timedelta(hours=-5)))


@dataclass(frozen=True)
class Purchase:
    """One line of a file: who bought how many CDs on which day for how much. Lines may be equal in all of it and are
    purchases of their own nevertheless."""

    line: int
    customer: str
    day: date
    quantity: int
    amount: Decimal
    series: str = "CD"

    @property
    def order_no(self) -> str:
        """The number under which it is imported; the same at every import."""
        return f"{self.series}{self.line:06d}"

    @property
    def bought_at(self) -> datetime:
        """Noon of its day, where the shop was."""
        return datetime.combine(self.day, _NOON)

    def as_order(self) -> dict[str, object]:
        """The purchase as an item of `POST /v1/orders/batches`."""
        amount = f"{self.amount:.2f}"
        noon = self.bought_at.isoformat()
        return {
            "shop": SHOP,
            "order_no": self.order_no,
            "buyer_ref": f"cdnow-{self.customer}",
            "currency": CURRENCY,
            "lines": [{"line_no": 1, "sku": "CD", "quantity": self.quantity, "paid_total": amount}],
            "paid": amount,
            "historic": True,
            "placed_at": noon,
            "paid_at": noon,
        }

    def as_event(self) -> tuple[Meta, StorefrontOrderPlaced]:
        """The purchase as the event that the shop's own program publishes; the same, its id too, at every import."""
        amount, nothing = (Price(amount=f"{sum_:.2f}", currency=CURRENCY) for sum_ in (self.amount, Decimal(0)))
        each = Price(amount=f"{self.amount / self.quantity:.2f}", currency=CURRENCY)
        line = StorefrontLine(
            line_no=1, sku="CD", product_name="CD", quantity=self.quantity, unit_price=each, paid_total=amount
        )
        order = StorefrontOrder(
            buyer_ref=f"cdnow-{self.customer}", currency=CURRENCY, goods_total=amount, discount=nothing,
            freight=nothing, paid=amount, lines=(line,), historic=True, placed_at=self.bought_at,
            paid_at=self.bought_at,
        )  # fmt: skip
        event = StorefrontOrderPlaced(shop=SHOP, order_no=self.order_no, order=order)
        known: UUID = uuid5(event.aggregate_id, event.SUBJECT)
        return Meta(known, event.SUBJECT, event.aggregate_id, 1, self.bought_at.astimezone(UTC)), event


def sample() -> list[Purchase]:
    """All purchases of the sample. Raises `StackError` when the wheel is not installed."""
    # Its second column numbers the customers within the sample.
    return [_purchase(line, [words[0], *words[2:]], "CD") for line, words in _lines("CDNOW_sample.txt")]


def master(first: int | None = None) -> list[Purchase]:
    """All purchases, or the first so many. Raises `StackError` when the wheel is not installed."""
    _, *lines = _lines("CDNOW_master.txt")  # the first line names the columns
    return [_purchase(line, words, "CM") for line, (_, words) in enumerate(lines[:first], start=1)]


def spent(purchases: Iterable[Purchase]) -> Decimal:
    """What they come to."""
    return sum((purchase.amount for purchase in purchases), Decimal(0))


def _lines(name: str) -> Iterator[tuple[int, list[str]]]:
    spec = find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The CDNOW files are in the lifetimes wheel, which `make run` installs once.")
    path = Path(spec.submodule_search_locations[0]) / "datasets" / name
    for line, text in enumerate(path.read_text().splitlines(), start=1):
        yield line, text.split()


def _purchase(line: int, words: list[str], series: str) -> Purchase:
    customer, day, quantity, amount = words
    when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return Purchase(line, customer, when, int(quantity), Decimal(amount), series)
