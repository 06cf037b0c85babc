"""Ids that sort by time and tell nothing, and time that is always an instant (X5)."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kit.clock import BUSINESS_ZONE, FrozenClock, SystemClock, as_utc, business_date
from kit.ids import account_id, derived_id, new_id, people_number

KEY, OTHER_KEY = b"k" * 32, b"l" * 32


def test_ids_are_uuid7_and_later_ones_sort_after_earlier_ones() -> None:
    ids = [new_id() for _ in range(5_000)]
    assert ids == sorted(ids)
    assert [str(one) for one in ids] == sorted(str(one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert {one.version for one in ids} == {7}
    assert all(type(one) is UUID for one in ids)


@given(some.text(), some.text())
def test_an_account_is_the_same_id_whenever_and_wherever_it_is_worked_out(shop: str, buyer: str) -> None:
    try:
        found = account_id(KEY, shop, buyer)
    except UnicodeEncodeError:
        return  # half a character; no storefront's JSON decoder lets it through
    assert found == account_id(KEY, shop, buyer)
    assert found.version == 8
    assert found.variant == "specified in RFC 4122"


def test_account_ids_differ_by_shop_by_buyer_and_by_installation() -> None:
    plain = account_id(KEY, "main", "旺旺:xiaoming")
    assert plain != account_id(KEY, "outlet", "旺旺:xiaoming")
    assert plain != account_id(KEY, "main", "旺旺:xiaohong")
    assert plain != account_id(OTHER_KEY, "main", "旺旺:xiaoming")


def test_an_account_id_never_changes_between_releases() -> None:
    """Orders, tickets and tokens of years carry it."""
    assert account_id(bytes(32), "main", "旺旺:xiaoming") == UUID("e3639b69-289a-8916-a967-da24a5c871fd")


def test_a_derived_id_is_stable_and_tells_its_parts_apart() -> None:
    assert derived_id("a", "b") == derived_id("a", "b")
    assert len({derived_id("a", "b"), derived_id("ab"), derived_id("b", "a"), derived_id("a", "b", "")}) == 4


def test_people_s_numbers_carry_the_business_date() -> None:
    """X5: at 17:00 UTC the next day has begun in Shanghai."""
    late = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    assert people_number("T", late, 123) == "T20261122-000123"
    assert people_number("T", late - timedelta(hours=2), 1_234_567) == "T20261121-1234567"


def test_a_time_without_an_offset_is_no_instant() -> None:
    with pytest.raises(ValueError, match="offset"):
        as_utc(datetime(2026, 11, 21))  # noqa: DTZ001
    with pytest.raises(ValueError, match="offset"):
        FrozenClock(datetime(2026, 11, 21))  # noqa: DTZ001


@given(some.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)), some.integers(-14, 14))  # noqa: DTZ001
def test_as_utc_keeps_the_instant(naive: datetime, hours: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert as_utc(at) == at
    assert as_utc(at).utcoffset() == timedelta(0)


def test_a_business_day_begins_at_midnight_in_shanghai() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=BUSINESS_ZONE)
    assert business_date(midnight) == date(2026, 11, 22)
    assert business_date(midnight - timedelta(microseconds=1)) == date(2026, 11, 21)


def test_clocks_tell_utc_and_a_frozen_one_moves_only_when_told() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    clock = FrozenClock(datetime(2026, 11, 21, 12, tzinfo=BUSINESS_ZONE))
    assert clock.now() == clock.now() == datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert clock.now().utcoffset() == timedelta(0)
    clock.advance(timedelta(days=-1))
    assert clock.now().day == 20
