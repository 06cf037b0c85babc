"""How much goodwill may be offered (T27): pure."""

from decimal import Decimal

import pytest

from contracts.customer.customer import Tier
from services.ticket.goodwill.policy import GOODWILL

RULE = GOODWILL.default


@pytest.mark.parametrize(("paid", "most"), [(0, 0), (4, 0), (5, 1), (99_99, 19_99), (100_00, 20_00), (1, 0)])
def test_goodwill_is_at_most_a_fifth_of_the_line_and_never_for_a_bad_customer(paid: int, most: int) -> None:
    assert RULE.share == Decimal("0.2")
    for tier in (None, *Tier):
        assert RULE.most(paid, tier) == (0 if tier is Tier.BAD else most), tier
