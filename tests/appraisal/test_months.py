"""Business months are Shanghai's (X5)."""

from datetime import UTC, datetime

import pytest

from services.appraisal.credit.month import span_of


@pytest.mark.parametrize(
    ("month", "first", "following"),
    [
        ("2026-11", (2026, 10, 31, 16), (2026, 11, 30, 16)),
        ("2026-12", (2026, 11, 30, 16), (2026, 12, 31, 16)),
        ("2024-02", (2024, 1, 31, 16), (2024, 2, 29, 16)),
    ],
)
def test_a_month_begins_at_midnight_in_shanghai(
    month: str, first: tuple[int, int, int, int], following: tuple[int, int, int, int]
) -> None:
    assert span_of(month) == (datetime(*first, tzinfo=UTC), datetime(*following, tzinfo=UTC))
