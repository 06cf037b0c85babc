"""Phones, e-mail addresses and resident-ID numbers: one way each is written, everything else refused (C1)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.problems import InvalidValue
from services.customer.personal import particulars
from services.customer.personal.particulars import Gender, Resident

WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]


def an_id_number(born: str, sequence: str = "002") -> str:
    """A number with the right check letter, worked out from the standard's own formula."""
    body = f"110105{born}{sequence}"
    rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True)) % 11
    check = (12 - rest) % 11
    return body + ("X" if check == 10 else str(check))


def test_the_standards_own_example() -> None:
    """GB 11643: 11010519491231002X."""
    assert particulars.id_number("11010519491231002x") == "11010519491231002X"
    assert particulars.resident("11010519491231002X") == Resident(date(1949, 12, 31), Gender.FEMALE)
    assert an_id_number("19491231") == "11010519491231002X"


@given(st.dates(date(1900, 1, 1), date(2026, 11, 21)), st.integers(0, 999))
def test_birthday_and_gender_are_in_the_number(born: date, sequence: int) -> None:
    number = particulars.id_number(an_id_number(f"{born:%Y%m%d}", f"{sequence:03}"))
    assert particulars.resident(number) == Resident(born, Gender.MALE if sequence % 2 else Gender.FEMALE)


@given(st.integers(0, 17), st.integers(1, 9))
def test_any_one_wrong_digit_is_found(place: int, by: int) -> None:
    number = an_id_number("19900101", "123")
    if number[place] == "X":
        return
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    with pytest.raises(InvalidValue):
        particulars.id_number(wrong)


@pytest.mark.parametrize("born", ["19900230", "19900431", "19901301", "19900100", "20250229", "18991231", "00000101"])
def test_a_date_that_never_was_is_refused(born: str) -> None:
    with pytest.raises(InvalidValue, match="date"):
        particulars.id_number(an_id_number(born))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "X" * 18,
        "11010519491231002",
        "11010519491231002XX",
        "１１０１０５１９４９１２３１００２Ｘ",
        "1101051949123100²X",
    ],
)
def test_what_is_no_id_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        particulars.id_number(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("13812345678", "+8613812345678"),
        ("138 1234-5678", "+8613812345678"),
        ("＋86 １３８１２３４５６７８", "+8613812345678"),
        ("0086 13812345678", "+8613812345678"),
        ("010-87654321", "+861087654321"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+852 2123 4567", "+85221234567"),
    ],
)
def test_a_phone_is_written_one_way(text: str, kept: str) -> None:
    assert particulars.phone(text) == kept


@pytest.mark.parametrize(
    "text",
    ["+999 12345678", "12345", "+86 23812345678", "abc", "", "+", "010-87654321 ext. 12", "+8613812345678901234"],
)
def test_a_phone_of_no_country_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="phone"):
        particulars.phone(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Ming.Li+x@Example.COM ", "Ming.Li+x@example.com"),
        ("ming@例子.中国", "ming@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_an_address_is_written_one_way(text: str, kept: str) -> None:
    assert particulars.email(text) == kept


@pytest.mark.parametrize(
    "text",
    ["", "ming", "ming@", "@example.com", "a b@example.com", "ming@localhost", "a..b@example.com", "ming@-a.com",
     "ming@example.com\nBcc: all@example.com", "ming\r\n@example.com", '"a"@example.com', "明@example.com",
     f"{'a' * 65}@example.com", f"ming@{'a' * 64}.com", f"ming@{'a.' * 130}com"],
)  # fmt: skip
def test_what_no_mail_goes_to_is_refused(text: str) -> None:
    """A line break would be a header of its own."""
    with pytest.raises(InvalidValue, match="address"):
        particulars.email(text)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_kept_or_refused(text: str) -> None:
    for read in (particulars.phone, particulars.email, particulars.id_number, particulars.qq, particulars.wechat):
        try:
            kept = read(text)
        except InvalidValue:
            continue
        assert read(kept) == kept
