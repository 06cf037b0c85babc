"""Whether anything is left of a sale (A6): the same for the same facts, in whatever order they came."""

from dataclasses import dataclass
from itertools import permutations

import pytest

from services.appraisal.refund.policy import fully_refunded


@dataclass
class Refund:
    order_refunded_minor: int
    order_fully_refunded: bool


@pytest.mark.parametrize(
    ("refunds", "wanted"),
    [
        ([], False),
        ([Refund(4000, False)], False),
        ([Refund(10_000, True)], True),
        ([Refund(4000, False), Refund(8000, False), Refund(10_000, True)], True),
        # A correction raised what was paid after the second refund; the third gave back a part of that.
        ([Refund(4000, False), Refund(10_000, True), Refund(11_000, False)], False),
        # Two that tell of the same sum, such as one of nothing: that all is gone is the later word.
        ([Refund(10_000, False), Refund(10_000, True)], True),
    ],
)
def test_the_refund_that_knows_of_the_highest_sum_speaks_last(refunds: list[Refund], wanted: bool) -> None:
    assert {fully_refunded(one) for one in permutations(refunds)} == {wanted}
