"""What the demo's buyers want: a hundred cases, dealt the same at every run."""

from collections import Counter
from datetime import date
from decimal import Decimal

from ops.demo.cdnow import Purchase
from ops.demo.wishes import WISHES, deal

PURCHASES = [
    Purchase(line, f"{line:05}", date(1997, 1, 1), 1 + line % 3, Decimal(line % 97) + Decimal("0.99"))
    for line in range(1, 2000)
]


def test_a_hundred_buyers_want_every_wish_as_often_as_it_says() -> None:
    cases = deal(PURCHASES)
    assert len(cases) == 100
    assert Counter(wish for _, wish in cases) == {wish: wish.cases for wish in WISHES}
    assert len({purchase.order_no for purchase, _ in cases}) == 100


def test_the_dearest_orders_are_among_them_with_different_wishes() -> None:
    dealt = {purchase.order_no: wish for purchase, wish in deal(PURCHASES)}
    dearest = sorted(PURCHASES, key=lambda one: (-one.amount, one.order_no))[:10]
    assert len({dealt[purchase.order_no].title for purchase in dearest}) > 4


def test_they_are_the_same_whatever_the_order_of_the_file_and_nobody_asks_for_less_than_one() -> None:
    assert deal(PURCHASES[::-1]) == deal(PURCHASES)
    assert min(purchase.amount for purchase, _ in deal(PURCHASES)) >= 1


def test_where_fewer_orders_are_left_fewer_ask() -> None:
    assert len(deal(PURCHASES[:40])) == 40
    assert deal([]) == []
