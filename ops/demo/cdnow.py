"""Real purchases to try things with: the CDNOW sample, 6,919 purchases of 2,357 customers in 1997 and 1998.

The file comes inside the `lifetimes` wheel, which is installed for tests and the demo only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

SHOP = "cdnow"
CURRENCY = "USD"


@dataclass(frozen=True)
class Purchase:
    """One line of the file: who bought how many CDs on which day for how much."""

    line: int
    customer: str
    day: date
    quantity: int
    amount: Decimal

    @property
    def order_no(self) -> str:
        """The number under which it is imported; the same at every import."""
        return f"CD{self.line:06d}"

    def as_order(self) -> dict[str, object]:
        """The purchase as an item of `POST /v1/orders/batches`."""
        amount = f"{self.amount:.2f}"
        noon = f"{self.day.isoformat()}T12:00:00-05:00"
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


def sample() -> list[Purchase]:
    """All purchases of the sample. Raises LookupError when the wheel is not installed."""
    spec = find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("the CDNOW sample is in the lifetimes wheel, which is not installed: run `make test` once")
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    return list(_read(path))


def _read(path: Path) -> Iterator[Purchase]:
    for line, text in enumerate(path.read_text().splitlines(), start=1):
        customer, _, day, quantity, amount = text.split()
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        yield Purchase(line, customer, when, int(quantity), Decimal(amount))
