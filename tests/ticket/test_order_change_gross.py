"""What was paid for an order whose price changed after payment, in every order of arrival (T37, T55)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.book.ledger import Movement
from services.ticket.order_change.gross import Apart, apart_of, gave_back, paid_for, unused

AT = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Change:
    """A change as far as its money goes."""

    difference_minor: int
    status: str = "agreed"
    reflected_minor: int | None = None
    payment_key: UUID | None = None
    refunded_at: datetime | None = None
    confirmed_at: datetime | None = None


@dataclass
class Shop:
    """An order, its book, its changes and its top-ups, as the service keeps them."""

    told: int
    paid: int = 0
    refunded: int = 0
    in_flight: int = 0
    top_ups: int = 0
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paid = self.told

    @property
    def kept(self) -> int:
        return self.paid - self.refunded - self.in_flight

    @property
    def apart(self) -> Apart:
        return apart_of(self.changes, self.top_ups)

    def give_back(self, change: Change) -> None:
        change.payment_key, change.status = uuid4(), "refunding"
        self.in_flight -= change.difference_minor

    def pay(self, change: Change) -> None:
        change.refunded_at = AT
        self.in_flight += change.difference_minor
        self.refunded -= change.difference_minor

    def top_up(self, change: Change) -> None:
        self.top_ups += change.difference_minor

    def tell(self, told: int, carried_out: Change | None = None) -> None:
        """A new version of the order, which carries a change out or not."""
        self.told = told
        apart = self.apart
        self.paid = paid_for(told, self.paid, apart)
        if carried_out is not None:
            carried_out.reflected_minor = self.paid - told - apart.reflected
            carried_out.status = "confirmed"
        assert self.kept >= 0


def test_the_example_of_the_rule() -> None:
    """Paid 100, 20 given back, told 80: 100 were paid, 80 are kept, and telling it again lowers nothing."""
    shop, change = Shop(100), Change(-20)
    shop.changes.append(change)
    shop.give_back(change)
    shop.pay(change)
    shop.tell(80, change)
    assert (shop.paid, shop.refunded, shop.kept) == (100, 20, 80)
    shop.tell(80)
    assert (shop.paid, shop.refunded, shop.kept) == (100, 20, 80)


def test_what_is_really_corrected_later_is_corrected() -> None:
    """After the change is confirmed the storefront's word counts to the cent, up and down."""
    for told, paid in ((75, 95), (90, 110), (80, 100), (0, 20)):
        shop, change = Shop(100), Change(-20)
        shop.changes.append(change)
        shop.give_back(change)
        shop.tell(80, change)
        shop.pay(change)
        shop.tell(told)
        assert (shop.paid, shop.kept) == (paid, paid - 20)


@pytest.mark.parametrize("steps", list(permutations(("pay", "tell", "again", "other"))))
def test_a_cheaper_order_in_every_order_of_arrival(steps: tuple[str, ...]) -> None:
    """Paid before or after the new version, told twice, with a version about something else in between."""
    shop, change = Shop(100), Change(-20)
    shop.changes.append(change)
    shop.give_back(change)
    told = 100
    for step in steps:
        if step == "pay":
            shop.pay(change)
        elif step == "tell":
            told = 80
            shop.tell(told, change)
        else:
            shop.tell(told)
        assert shop.paid == 100
    assert (shop.kept, shop.refunded, shop.in_flight) == (80, 20, 0)


@pytest.mark.parametrize("steps", list(permutations(("top_up", "tell", "again"))))
def test_a_dearer_order_in_every_order_of_arrival(steps: tuple[str, ...]) -> None:
    """The top-up has a book of its own: what it brought in is never in two books."""
    shop, change = Shop(100), Change(20)
    shop.changes.append(change)
    told = 100
    for step in steps:
        if step == "top_up":
            shop.top_up(change)
        elif step == "tell":
            if not shop.top_ups:
                continue  # the storefront is told only when the top-up is paid
            told = 120
            shop.tell(told, change)
        else:
            shop.tell(told)
    shop.tell(120, change if change.reflected_minor is None else None)
    assert (shop.paid, shop.top_ups, shop.paid + shop.top_ups) == (100, 20, 120)


def test_a_storefront_that_leaves_the_price_as_it_was() -> None:
    """The refund or the top-up apart is all of the difference: nothing is to be explained."""
    shop, change = Shop(100), Change(-20)
    shop.changes.append(change)
    shop.give_back(change)
    shop.tell(100, change)
    assert (shop.paid, change.reflected_minor) == (100, 0)
    shop.tell(80)
    assert shop.paid == 80, "from then on a lower sum is a correction"


def test_a_change_given_up_unpaid_explains_nothing() -> None:
    """Its money was kept again; what is told then is what was paid."""
    shop, change = Shop(100), Change(-20)
    shop.changes.append(change)
    shop.give_back(change)
    change.status, shop.in_flight = "refused", 0
    assert not gave_back(change)
    shop.tell(80)
    assert (shop.paid, shop.kept) == (80, 80)


def test_a_change_given_up_after_it_was_paid_still_explains_it() -> None:
    shop, change = Shop(100), Change(-20)
    shop.changes.append(change)
    shop.give_back(change)
    shop.pay(change)
    change.status = "refused"
    shop.tell(100)
    assert (shop.paid, shop.kept) == (100, 80)


def test_a_surcharge_that_was_topped_up_and_is_told_later() -> None:
    """T36: 112 told, 12 of it came by the top-up; without a change of its own."""
    shop = Shop(100, top_ups=12)
    shop.tell(112)
    assert shop.paid == 100
    shop.tell(112)
    assert shop.paid == 100
    shop.tell(115)
    assert shop.paid == 103


@given(
    first=st.integers(2000, 3000),
    steps=st.lists(st.tuples(st.integers(-300, 300), st.permutations(["money", "tell", "noise"])), max_size=6),
)
def test_however_often_it_changes_nothing_is_counted_twice(first: int, steps: list[tuple[int, list[str]]]) -> None:
    """One change after the other, each with its money before or after the new version: what the book kept and what
    the top-ups brought in is what the order costs, and the first payment stays what it was."""
    shop = Shop(first)
    for difference, arrival in steps:
        change = Change(difference)
        if difference < 0:
            shop.give_back(change)
        elif difference > 0:
            shop.top_up(change)  # comes before the storefront is told
        shop.changes.append(change)
        target = shop.told + difference
        for step in arrival:
            if step == "money" and difference < 0:
                shop.pay(change)
            elif step == "tell":
                shop.tell(target, change)
            elif step == "noise":
                shop.tell(shop.told)
        assert shop.paid == first
        assert shop.in_flight == 0
        assert shop.kept + shop.top_ups == target == shop.told


@given(
    told=st.integers(0, 10**6),
    known=st.integers(0, 10**6),
    reflected=st.integers(-(10**5), 10**5),
    given_back=st.integers(0, 10**5),
    topped_up=st.integers(0, 10**5),
)
def test_telling_the_same_again_changes_nothing(
    told: int, known: int, reflected: int, given_back: int, topped_up: int
) -> None:
    apart = Apart(reflected, given_back, topped_up)
    paid = paid_for(told, known, apart)
    assert paid_for(told, paid, apart) == paid >= 0
    assert Apart().anything is False
    assert paid_for(told, known, Apart()) == told


def happened(*steps: tuple[str, int]) -> tuple[list[Change], list[list[Movement]]]:
    """What changes and top-ups look like after these steps, one a minute: `("in:0", 20)` came in by the first top-up,
    `("out:0", 20)` went back of it, `("use", 20)` is a change that was carried out."""
    changes: list[Change] = []
    top_ups: dict[int, list[Movement]] = defaultdict(list)
    for minute, (step, minor) in enumerate(steps):
        at = AT + timedelta(minutes=minute)
        verb, _, place = step.partition(":")
        if verb == "use":
            changes.append(Change(minor, "confirmed", reflected_minor=-minor, confirmed_at=at))
        else:
            top_ups[int(place)].append(Movement(at, minor if verb == "in" else -minor))
    return changes, [top_ups[place] for place in sorted(top_ups)]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], 0),
        ([("use", 20)], 0),
        ([("in:0", 20)], 20),
        ([("in:0", 20), ("out:0", 20)], 0),
        ([("in:0", 20), ("out:0", 5), ("in:1", 10)], 25),
        ([("in:0", 20), ("use", 20)], 0),
        ([("use", 20), ("in:0", 30)], 10),  # carried out before its money was heard of
        ([("in:0", 20), ("use", 20), ("out:0", 20), ("in:1", 20)], 20),  # what went back was used up by then
        ([("in:0", 20), ("out:0", 20), ("in:1", 20), ("use", 20)], 0),  # it was not: the new one was used
        ([("in:0", 20), ("in:1", 20), ("out:0", 20), ("use", 20)], 0),
        ([("in:0", 20), ("in:1", 20), ("use", 20), ("out:0", 20)], 20),
        ([("in:0", 20), ("in:1", 20), ("use", 20), ("out:1", 20)], 0),
        ([("in:0", 30), ("use", 20), ("out:0", 15), ("in:1", 7)], 7),
        ([("in:0", 30), ("in:1", 10), ("use", 20), ("out:1", 10)], 10),
        ([("in:0", 20), ("in:1", 20), ("use", 30), ("out:1", 5)], 5),
        ([("in:0", 20), ("out:0", 20), ("in:0", 20)], 20),  # it could not be given back after all
        ([("in:0", 20), ("out:0", 20), ("use", 20), ("in:0", 20)], 0),
    ],
)
def test_a_top_up_that_was_given_back_pays_for_nothing(steps: list[tuple[str, int]], left: int) -> None:
    """T36, T55: the oldest are used up first; what went back before it was used is not there any more."""
    assert unused(*happened(*steps)) == left


def test_money_that_came_in_at_the_same_moment_is_there_to_be_used() -> None:
    change = Change(20, "confirmed", reflected_minor=-20, confirmed_at=AT)
    assert unused([change], [[Movement(AT, 20), Movement(AT, -20)]]) == 0
    assert unused([change], [[Movement(AT, 20), Movement(AT, -20)], [Movement(AT, 5)]]) == 5


@given(st.lists(st.tuples(st.sampled_from(["in:0", "in:1", "in:2", "use"]), st.integers(1, 50)), max_size=12))
def test_nothing_of_what_came_in_is_used_twice(steps: list[tuple[str, int]]) -> None:
    """While nothing goes back it is a sum: what came in less what was used, never less than nothing."""
    changes, top_ups = happened(*steps)
    came_in = sum(one.minor for moved in top_ups for one in moved)
    used = sum(minor for step, minor in steps if step == "use")
    assert unused(changes, top_ups) == max(came_in - used, 0)
