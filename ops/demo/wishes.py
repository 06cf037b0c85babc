"""What a hundred buyers want back, and how it ends: the cast of the demo's after-sales."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.demo.cdnow import Purchase


@dataclass(frozen=True)
class Wish:
    """What so many of the buyers want, and the status it comes to. `failures` is how often the payment side can't pay
    it first; of `damaged` goods something is deducted."""

    cases: int
    title: str
    kind: str
    reason: str
    ending: str = "closed"
    shipped: bool = True
    failures: int = 0
    damaged: bool = False


WISHES = (
    Wish(15, "out of stock: money back", "money_only", "out_of_stock", shipped=False),
    Wish(10, "ordered twice: paid at the second try", "money_only", "duplicate_order", shipped=False, failures=1),
    Wish(8, "ordered twice: withdrawn", "money_only", "duplicate_order", shipped=False, ending="withdrawn"),
    Wish(10, "lost on its way: money back", "money_only", "lost_in_transit"),
    Wish(2, "payee's account frozen", "money_only", "late", failures=1, ending="pay_failed"),
    Wish(8, "not as described: refused", "money_only", "not_as_described", ending="refused"),
    Wish(12, "return: sound", "return_and_money", "quality"),
    Wish(10, "return: damaged", "return_and_money", "no_reason", damaged=True),
    Wish(8, "return: paid at the third try", "return_and_money", "not_as_described", failures=2),
    Wish(5, "return: not sent back yet", "return_and_money", "quality", ending="waiting_for_goods"),
    Wish(7, "exchange", "exchange", "wrong_item"),
    Wish(5, "sent once more", "resend", "missing_part"),
)
_CASES = sum(wish.cases for wish in WISHES)
_LEAST = 1  # nobody asks for less than this back
_DEAREST = 10
_DEALT = 37  # has no divisor in common with the number of cases, so every wish gets dear orders and cheap ones


def deal(purchases: Sequence[Purchase]) -> list[tuple[Purchase, Wish]]:
    """As many of these orders as there are cases, the dearest among them, each with a wish; the same at every run.
    Fewer where not so many are left."""
    worth_it = sorted((one for one in purchases if one.amount >= _LEAST), key=lambda one: (-one.amount, one.order_no))
    dearest, others = worth_it[:_DEAREST], worth_it[_DEAREST:]
    chosen = [*dearest, *others[:: max(len(others) // (_CASES - _DEAREST), 1)]][:_CASES]
    wishes = [wish for wish in WISHES for _ in range(wish.cases)]
    return [(purchase, wishes[place * _DEALT % _CASES]) for place, purchase in enumerate(chosen)]


def each_once(dealt: Sequence[tuple[Purchase, Wish]]) -> list[tuple[Purchase, Wish]]:
    """A case for every wish."""
    return [(purchase, wish) for wish, purchase in {wish: purchase for purchase, wish in dealt}.items()]
