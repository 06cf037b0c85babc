"""The books after the demo's after-sales: what every order's counters come to, and who agrees (T55)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from ops.callers import Callers
from ops.demo.aftersales import Played
from ops.demo.cdnow import CURRENCY, SHOP

_SIDES = {"paid": "paid", "kept": "= kept", "refunded": "+ refunded", "in_flight": "+ in flight"}


@dataclass(frozen=True)
class Books:
    """All books and payments, as the ticket service has them; and what the customer service knows to be refunded of
    the imported shop, the only one with its currency."""

    books: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    refunded: str

    @property
    def balance(self) -> bool:
        """Whether every currency adds up, and the customer service deducts what the books say was refunded."""
        by_book = [one["refunded"]["amount"] for one in self.books if one["currency"] == CURRENCY]
        return all(map(adds_up, self.books)) and by_book == [self.refunded]


def adds_up(book: dict[str, Any]) -> bool:
    """Whether paid is kept, refunded and in flight (T55), and the service finds the same in the entries."""
    paid, *others = (Decimal(book[side]["amount"]) for side in _SIDES)
    return bool(book["balanced"]) and paid == sum(others)


async def ask(people: Callers) -> Books:
    """The books as they are now."""
    balance = await people.staff("finance").expect(200, "GET", "/v1/payments/balance")
    report = await people.staff("manager").expect(200, "GET", f"/v1/customer-reports/purchases?shop={SHOP}")
    (refunded,) = (one["refunded"] for one in report["totals"] if one["currency"] == CURRENCY)
    return Books(balance["books"], balance["payments"], refunded)


def show(console: Console, played: Played, seen: Books) -> None:
    """Print what was played, and the books after it."""
    cases = Table("what the buyers wanted", "cases", "came to", title="After-sales of the imported orders")
    for (wish, status), count in sorted(played.statuses.items()):
        cases.add_row(wish, f"{count:,}", status)
    console.print(cases)
    hands = ", ".join(f"{' and '.join(roles)} {count}" for roles, count in played.approved_by.most_common())
    console.print(f"approved by: {hands}; refused as beyond somebody's authority: {played.beyond_authority}")
    console.print(f"payments that failed: {played.failed_payments}\n")
    books = Table("", *(Column(one["currency"], justify="right") for one in seen.books), title="The books")
    books.add_row("orders", *(f"{one['orders']:,}" for one in seen.books))
    for side, words in _SIDES.items():
        books.add_row(words, *(f"{Decimal(one[side]['amount']):,}" for one in seen.books))
    books.add_row("adds up", *("yes" if adds_up(one) else "NO" for one in seen.books))
    console.print(books)
    payments = Table("payments", "count", "amount", title="Payments")
    for one in seen.payments:
        amount, currency = Decimal(one["amount"]["amount"]), one["amount"]["currency"]
        payments.add_row(one["status"], f"{one['count']:,}", f"{amount:,} {currency}")
    console.print(payments)
    console.print(f"the customer service deducts {Decimal(seen.refunded):,} {CURRENCY} from what was spent")
